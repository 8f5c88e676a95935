"""The rules of the layers, held against every import of the project."""

import sys
from pathlib import PurePath

import pytest

import hub_core
from tests.imports import Import, Source, sources

DOMAIN = {"domain"}
SERVICES = {"services", "channels", "storage"} | DOMAIN
HUB = {"hub", "settings", "logs", "process", "engine"} | SERVICES
ALLOWED = {
    "domain": set[str](),
    "settings": DOMAIN,
    "logs": DOMAIN | {"settings"},
    "channels": DOMAIN,
    "storage": DOMAIN,
    "testing": DOMAIN | {"channels"},
    "services": SERVICES,
    "engine": SERVICES,
    "hub": HUB,
    "process": set[str](),
    "worker": HUB,
    "__init__": HUB,
    "web": HUB,
    "cli": HUB | {"web", "worker"},
}
"""What each folder or module of `hub_core` may import of it, besides itself."""

BROAD_EXCEPTS = {"hub_core/channels/blame.py", "hub_core/channels/loading.py", "hub_core/web/boundary.py"}
"""Where anything may be caught: dispatch, plugin loading, the web boundary."""

SHAPELESS = {"utils", "util", "helpers", "helper", "manager", "managers", "base", "common", "misc", "core"}

CORE = sources("hub_core")
PLUGINS = sources("plugins/*")


def layer(module: str) -> str:
    """Tell the folder or module right below `hub_core`."""
    parts = module.removeprefix("hub_core").strip(".").split(".")
    return parts[0] or "__init__"


def wrong_in_core(source: Source) -> list[str]:
    """Give the imports by which a file of `hub_core` breaks a rule."""
    own = layer(source.path.removesuffix(".py").removesuffix("/__init__").replace("/", "."))
    return [str(each) for each in source.imports() if not _fits(own, each)]


def _fits(own: str, imported: Import) -> bool:
    top = imported.home.split(".")[0]
    if top == "hub_core":
        return layer(imported.home) in ALLOWED[own] | {own}
    if top.startswith("hub_"):
        return False
    return own != "domain" or top in sys.stdlib_module_names | {"pydantic"}


def wrong_in_plugin(source: Source) -> list[str]:
    """Give the imports by which a file of a plugin reaches behind the public names."""
    may_test = {"tests", "sandbox"} & set(PurePath(source.path).parts)
    wrong = []
    for each in source.imports():
        public = each.module == "hub_core" and each.name in hub_core.__all__
        tool = may_test and layer(each.module) == "testing"
        if each.module.split(".")[0] == "hub_core" and not public and not tool:
            wrong.append(str(each))
    return wrong


def wrong(found: dict[str, list[str]]) -> dict[str, list[str]]:
    return {path: imports for path, imports in found.items() if imports}


def test_the_core_imports_downwards_only_and_never_a_plugin() -> None:
    assert wrong({source.path: wrong_in_core(source) for source in CORE}) == {}


def test_plugins_import_only_what_the_core_exports() -> None:
    assert wrong({source.path: wrong_in_plugin(source) for source in PLUGINS}) == {}


def test_whatever_comes_is_caught_in_three_places_only() -> None:
    caught = {source.path: source.broad_excepts() for source in CORE + PLUGINS}
    assert {path: count for path, count in caught.items() if count} == dict.fromkeys(BROAD_EXCEPTS, 1)


def test_no_module_has_a_name_that_says_nothing() -> None:
    names = {source.path: PurePath(source.path).with_suffix("").parts for source in CORE + PLUGINS}
    assert [path for path, parts in names.items() if SHAPELESS & set(parts)] == []


def test_there_is_something_to_check() -> None:
    assert {layer(source.path.removesuffix(".py").replace("/", ".")) for source in CORE} >= {"domain", "channels"}
    assert any(source.path.startswith("plugins/threedcart/hub_threedcart/") for source in PLUGINS)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("domain/orders.py", "import hub_core.channels.pages"),
        ("domain/orders.py", "from hub_core.storage.tables import orders"),
        ("domain/orders.py", "from hub_core import Store"),
        ("domain/orders.py", "from ..channels import pages"),
        ("domain/orders.py", "def f():\n    from hub_core.services import health"),
        ("domain/orders.py", "if TYPE_CHECKING:\n    from hub_core.hub import Hub"),
        ("domain/orders.py", "import_module('hub_core.web')"),
        ("domain/orders.py", "importlib.import_module('hub_core.web')"),
        ("domain/orders.py", "import sqlalchemy"),
        ("channels/store.py", "from hub_core.storage import vault"),
        ("storage/vault.py", "from hub_core.channels import store"),
        ("services/sync.py", "from hub_core.engine import due"),
        ("services/sync.py", "from hub_core import Hub"),
        ("services/sync.py", "from hub_core import hub"),
        ("engine/due.py", "from hub_core.hub import Hub"),
        ("engine/due.py", "from hub_core.cli import main"),
        ("web/app.py", "from hub_core.cli import main"),
        ("hub.py", "from hub_core.web import app"),
        ("hub.py", "import hub_threedcart.client"),
        ("testing/kit.py", "from hub_core.services import health"),
        ("cli/demo.py", "from hub_threedcart.sandbox import serve"),
    ],
)
def test_a_forbidden_import_of_the_core_is_seen(path: str, text: str) -> None:
    assert len(wrong_in_core(Source(f"hub_core/{path}", text))) == 1


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("domain/orders.py", "import json, pydantic\nfrom hub_core.domain.money import Money"),
        ("domain/orders.py", "from . import money\nfrom .money import Money"),
        ("channels/http.py", "import httpx\nfrom hub_core.domain import errors"),
        ("testing/kit.py", "from hub_core import Order, Store"),
        ("cli/serve.py", "from hub_core.web.app import create_app\nfrom hub_core import Hub"),
        ("hub.py", "from hub_core.engine.engine import Engine\nfrom hub_core.storage.vault import Vault"),
    ],
)
def test_an_import_that_goes_downwards_is_right(path: str, text: str) -> None:
    assert wrong_in_core(Source(f"hub_core/{path}", text)) == []


@pytest.mark.parametrize(
    ("path", "text", "count"),
    [
        ("hub_shop/client.py", "from hub_core import Order, hookimpl\nimport httpx", 0),
        ("hub_shop/client.py", "from hub_core.domain.orders import Order", 1),
        ("hub_shop/client.py", "import hub_core.domain.orders", 1),
        ("hub_shop/client.py", "from hub_core import domain", 1),
        ("hub_shop/client.py", "from hub_core import *", 1),
        ("hub_shop/client.py", "from hub_core.testing import FakeStore", 1),
        ("hub_shop/sandbox/app.py", "from hub_core.testing.store import FakeStore", 0),
        ("tests/test_client.py", "from hub_core.testing import FakeStore\nfrom hub_core.channels import http", 1),
    ],
)
def test_an_import_of_a_plugin_that_reaches_behind_the_public_names_is_seen(path: str, text: str, count: int) -> None:
    assert len(wrong_in_plugin(Source(f"plugins/shop/{path}", text))) == count


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("try:\n    f()\nexcept:\n    pass", 1),
        ("try:\n    f()\nexcept Exception:\n    pass", 1),
        ("try:\n    f()\nexcept (ValueError, BaseException) as error:\n    raise", 1),
        ("with contextlib.suppress(Exception):\n    f()", 1),
        ("try:\n    f()\nexcept (ValueError, KeyError):\n    pass", 0),
        ("with suppress(KeyError):\n    f()", 0),
    ],
)
def test_a_broad_except_is_seen(text: str, count: int) -> None:
    assert Source("hub_core/any.py", text).broad_excepts() == count
