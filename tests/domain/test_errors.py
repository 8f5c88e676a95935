"""The tree of errors."""

import re

import pytest

from hub_core.domain import errors
from hub_core.domain.errors import HubError, NotReadyError, PermissionMissingError, PluginError
from tests.imports import sources

HERE = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, HubError)]
PLAIN = [kind for kind in HERE if kind not in (PermissionMissingError, NotReadyError, PluginError)]


def drawn() -> dict[str, str]:
    """Read off the module's docstring which error stands below which."""
    parents = {}
    above: list[tuple[int, str]] = []
    for line in (errors.__doc__ or "").splitlines():
        found = re.match(r"^([ │├└─]*)(\w+Error)\b", line)
        if found:
            depth = len(found[1])
            above = [(column, name) for column, name in above if column < depth]
            parents[found[2]] = above[-1][1] if above else ""
            above.append((depth, found[2]))
    return parents


def test_the_drawn_tree_is_the_real_one() -> None:
    real = {kind.__name__: kind.__base__.__name__ if kind.__base__ else "" for kind in HERE}
    assert drawn() == real | {"HubError": ""}


def test_no_error_of_the_hub_is_kept_elsewhere() -> None:
    names = {kind.__name__ for kind in HERE}
    elsewhere = [source for source in sources("hub_core") if source.path != "hub_core/domain/errors.py"]
    assert [f"{source.path}: {name}" for source in elsewhere for name in source.classes_below(names)] == []


def test_every_name_ends_in_error_and_every_code_is_its_own() -> None:
    assert all(kind.__name__.endswith("Error") for kind in HERE)
    assert len({kind.code for kind in HERE}) == len(HERE)


@pytest.mark.parametrize("kind", PLAIN, ids=lambda kind: kind.__name__)
def test_an_error_without_words_says_what_its_docstring_says(kind: type[HubError]) -> None:
    said = str(kind())
    assert said == (kind.__doc__ or "").splitlines()[0]
    assert said.endswith(".")


def test_a_missing_permission_names_the_right() -> None:
    error = PermissionMissingError("Orders (write)")
    assert error.right == "Orders (write)"
    assert "'Orders (write)'" in str(error)


def test_a_fault_of_a_plugin_names_plugin_and_hook() -> None:
    assert str(PluginError("shop", "fetch_orders", "KeyError: 'id'")) == (
        "The plugin 'shop' failed in fetch_orders: KeyError: 'id'. Report it to the plugin's author."
    )
