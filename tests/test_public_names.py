"""The names that `hub_core` exports."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import hub_core
from hub_core.domain import errors


def promised() -> dict[str, str]:
    """Read the imports that type checkers see: each name with its module."""
    tree = ast.parse(Path(hub_core.__file__).read_text(encoding="utf-8"))
    (block,) = [node for node in tree.body if isinstance(node, ast.If)]
    found = {}
    for node in block.body:
        assert isinstance(node, ast.ImportFrom)
        assert node.module
        for alias in node.names:
            assert alias.name == alias.asname, "re-exported as itself, or strict type checkers do not see it"
            found[alias.name] = node.module
    return found


def test_type_checkers_and_programs_see_the_same_names() -> None:
    assert promised() == hub_core._HOME_OF
    assert sorted(promised()) == hub_core.__all__


@pytest.mark.parametrize("name", hub_core.__all__)
def test_every_name_can_be_imported(name: str) -> None:
    assert getattr(hub_core, name) is not None


def test_the_names_are_listed() -> None:
    assert dir(hub_core) == hub_core.__all__


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="module 'hub_core' has no attribute 'Shop'"):
        _ = hub_core.Shop


def test_importing_the_package_imports_nothing_else_of_it() -> None:
    program = (
        "import sys, hub_core; print([name for name in sys.modules if name.startswith(('hub_core.', 'pydantic'))])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_errors_of_a_channel_are_all_public() -> None:
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.ChannelError)]
    assert {kind.__name__ for kind in kinds} <= set(hub_core.__all__)
