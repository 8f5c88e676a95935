"""Finding and loading channel plugins, as they are installed: distributions with entry points."""

import logging
import sys
from collections.abc import Collection, Iterator
from importlib import metadata
from pathlib import Path
from textwrap import dedent
from uuid import uuid4

import pytest

from hub_core.channels.registry import ChannelRegistry
from hub_core.domain.errors import NotFoundError

IMPORTS = """
from pydantic import BaseModel
from hub_core import ChannelInfo, OrderPage, StoreIdentity, hookimpl

class Model(BaseModel):
    pass

def info(**changes):
    given = dict(key="shop", company="Shop", description="A shop", contract_version=1)
    return ChannelInfo(**(given | dict(settings=Model, credentials=Model) | changes))
"""
DESCRIBE = """
@hookimpl
def describe_channel():
    return info()
"""
CHECK = """
@hookimpl
async def check_store(store):
    return StoreIdentity(key="1")
"""
FETCH = """
@hookimpl
async def fetch_orders(store, window):
    yield OrderPage([], None, None)
"""
GOOD = DESCRIBE + CHECK + FETCH


class Plugins:
    """A folder in which distributions with plugins are installed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def install(self, source: str, *, key: str = "shop", distribution: str = "hub-channel-shop") -> None:
        module = f"plugin_{len(list(self.folder.iterdir()))}_{uuid4().hex}"
        (self.folder / f"{module}.py").write_text(IMPORTS + dedent(source))
        described = self.folder / f"{distribution}-1.2.dist-info"
        described.mkdir()
        (described / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.2\n")
        (described / "entry_points.txt").write_text(f"[hub.channels]\n{key} = {module}\n")

    def load(self, allowed: Collection[str] | None = None) -> ChannelRegistry:
        found = sorted(metadata.distributions(path=[str(self.folder)]), key=lambda each: each.name, reverse=True)
        return ChannelRegistry.load([entry for installed in found for entry in installed.entry_points], allowed)

    def reason(self, source: str, *, key: str = "shop") -> str:
        """Install a plugin that cannot be used beside a good one, and give the reason."""
        self.install(source, key=key)
        self.install(GOOD.replace("info()", "info(key='other')"), key="other", distribution="hub-channel-other")
        registry = self.load()
        assert list(registry.channels) == ["other"]
        (fault,) = registry.faults
        assert (fault.key, fault.distribution) == (key, "hub-channel-shop")
        return fault.reason


@pytest.fixture
def plugins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Plugins]:
    monkeypatch.syspath_prepend(str(tmp_path))
    before = set(sys.modules)
    yield Plugins(tmp_path)
    for module in set(sys.modules) - before:
        if module.startswith("plugin_"):
            del sys.modules[module]


def test_a_plugin_that_keeps_the_contract_becomes_a_channel(plugins: Plugins) -> None:
    plugins.install(GOOD)
    channel = plugins.load().channel("shop")
    assert (channel.key, channel.info.company) == ("shop", "Shop")
    assert (channel.distribution, channel.version) == ("hub-channel-shop", "1.2")


def test_a_channel_can_do_what_it_implements(plugins: Plugins) -> None:
    plugins.install(GOOD)
    plugins.install(
        DESCRIBE.replace("info()", "info(key='silent')") + CHECK, key="silent", distribution="hub-channel-silent"
    )
    registry = plugins.load()
    assert registry.channel("shop").capabilities == ("orders",)
    assert registry.channel("silent").capabilities == ()
    assert registry.channel("shop").implements("fetch_orders")
    assert not registry.channel("shop").implements("fetch_order")


def test_channels_are_sorted_by_key(plugins: Plugins) -> None:
    for key in ("shop", "auction", "market"):
        plugins.install(GOOD.replace("info()", f"info(key='{key}')"), key=key, distribution=f"hub-channel-{key}")
    assert list(plugins.load().channels) == ["auction", "market", "shop"]


def test_an_object_with_methods_can_be_a_plugin(plugins: Plugins) -> None:
    plugins.install("""
    class Shop:
        @hookimpl
        def describe_channel(self):
            return info()

        @hookimpl
        async def check_store(self, store):
            return StoreIdentity(key="1")
    """)
    (entry,) = next(iter(metadata.distributions(path=[str(plugins.folder)]))).entry_points
    path = plugins.folder / f"{entry.value}.py"
    path.write_text(path.read_text() + "\nshop = Shop()\n")
    (plugins.folder / "hub-channel-shop-1.2.dist-info" / "entry_points.txt").write_text(
        f"[hub.channels]\nshop = {entry.value}:shop\n"
    )
    assert plugins.load().channel("shop").implements("check_store")


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("import no_such_package", "It cannot be imported: ModuleNotFoundError: No module named 'no_such_package'"),
        ("raise SystemExit(3)", "It cannot be imported: SystemExit: 3"),
        ("import asyncio\nraise asyncio.CancelledError", "It cannot be imported: CancelledError"),
        ("raise GeneratorExit", "It cannot be imported: GeneratorExit"),
        ("def again():\n    again()\nagain()", "It cannot be imported: RecursionError: maximum recursion depth"),
        ("this is no Python", "It cannot be imported: SyntaxError"),
        ("", "It brings no describe_channel, which every channel needs (is it marked with @hookimpl?)."),
        (DESCRIBE, "It brings no check_store, which every channel needs."),
        (GOOD.replace("info()", "1 / 0"), "Its describe_channel failed: ZeroDivisionError: division by zero"),
        (GOOD.replace("return info()", "raise SystemExit"), "Its describe_channel failed: SystemExit"),
        (GOOD.replace("info()", "info(logo='x')"), "Its describe_channel failed: ValidationError: 1 validation error"),
        (GOOD.replace("info()", "None"), "gave a value of type NoneType instead of a ChannelInfo"),
        (GOOD.replace("info()", "info(key='b')"), "calls itself 'b', but its entry point is named 'shop'"),
        (GOOD.replace("info()", "ChannelInfo.model_construct()"), "Its hooks cannot be read: AttributeError"),
        (GOOD.replace("info()", "info(polls=['open'])"), "does not list the poll 'new'"),
        (GOOD.replace("fetch_orders", "fetch_ordres"), "There is no hook 'fetch_ordres'; is 'fetch_orders' meant?"),
        (GOOD.replace("fetch_orders", "bake"), "There is no hook 'bake'."),
        (GOOD.replace("(store, window)", "(shop)"), "takes an argument 'shop' that the contract does not have"),
        (GOOD.replace("(store, window)", "(store, *rest)"), "takes '*rest', but arguments are passed by name"),
        (GOOD.replace("(store, window)", "(store, window=1)"), "gives 'window' a default, but it is always passed"),
        (
            GOOD.replace("def describe", "async def describe"),
            "Its describe_channel is a coroutine function (async def), but must be a plain function.",
        ),
        (
            GOOD.replace("yield", "return"),
            "Its fetch_orders is a coroutine function (async def), but must be an async generator",
        ),
        (
            GOOD.replace("async def fetch", "def fetch"),
            "Its fetch_orders is a generator, but must be an async generator",
        ),
        (
            GOOD.replace("async def check", "def check"),
            "Its check_store is a plain function, but must be a coroutine function (async def).",
        ),
        (
            GOOD + '\n@hookimpl(specname="check_store")\nasync def check_again(store):\n    return None\n',
            "It brings check_store more than once.",
        ),
        (
            GOOD + "\n@hookimpl(wrapper=True)\nasync def fetch_order(store):\n    return None\n",
            "Its fetch_order wraps other implementations, but a channel has only its own.",
        ),
        (
            GOOD + "\n@hookimpl\nasync def push_fulfilments(store, fulfilments):\n    yield []\n",
            "It brings push_fulfilments without fetch_order, by which the hub looks what became of a parcel.",
        ),
    ],
)
def test_a_plugin_that_cannot_be_used_is_remembered_with_the_reason_and_harms_no_other(
    plugins: Plugins, source: str, reason: str
) -> None:
    assert reason in plugins.reason(source)


@pytest.mark.parametrize(("version", "older"), [(2, "hub"), (0, "plugin")])
def test_another_version_of_the_contract_is_refused_and_it_is_said_what_to_upgrade(
    plugins: Plugins, version: int, older: str
) -> None:
    source = GOOD.replace("info()", f"info(contract_version={version})")
    reason = plugins.reason(source + "\n@hookimpl\nasync def some_hook_of_that_version(store):\n    return None\n")
    assert f"version {version} of the contract" in reason
    assert reason.endswith(f"upgrade the {older}.")


def test_a_hook_marked_as_optional_may_be_unknown(plugins: Plugins) -> None:
    plugins.install(GOOD + "\n@hookimpl(optionalhook=True)\nasync def fetch_wishes(store):\n    return None\n")
    assert not plugins.load().channel("shop").implements("fetch_wishes")


def test_a_class_in_place_of_an_object_is_refused(plugins: Plugins) -> None:
    plugins.install("class Shop:\n    @hookimpl\n    def describe_channel(self):\n        return info()\n")
    entries = plugins.folder / "hub-channel-shop-1.2.dist-info" / "entry_points.txt"
    entries.write_text(entries.read_text().strip() + ":Shop\n")
    (fault,) = plugins.load().faults
    assert "Its describe_channel takes an argument 'self'" in fault.reason


def test_a_key_that_two_distributions_claim_stays_with_the_first_and_both_are_named(plugins: Plugins) -> None:
    plugins.install(GOOD, distribution="shop-b")
    plugins.install(GOOD, distribution="shop-a")
    registry = plugins.load()
    assert registry.channel("shop").distribution == "shop-a"
    (fault,) = registry.faults
    assert fault.distribution == "shop-b"
    assert "Both shop-a and shop-b bring a channel 'shop'" in fault.reason


def test_a_plugin_that_cannot_be_used_does_not_keep_its_key(plugins: Plugins) -> None:
    plugins.install("raise SystemExit", distribution="shop-a")
    plugins.install(GOOD, distribution="shop-b")
    registry = plugins.load()
    assert registry.channel("shop").distribution == "shop-b"
    assert [fault.distribution for fault in registry.faults] == ["shop-a"]


def test_a_channel_that_is_not_allowed_is_not_even_imported(plugins: Plugins) -> None:
    plugins.install("import sys\nsys.modules['plugin_was_imported'] = sys")
    registry = plugins.load(allowed=[])
    assert not registry.channels
    assert not registry.faults
    assert "plugin_was_imported" not in sys.modules
    with pytest.raises(NotFoundError, match="'shop' is installed, but HUB_CHANNELS does not list it"):
        registry.channel("shop")


def test_an_allowed_channel_that_nobody_brings_is_a_fault(plugins: Plugins) -> None:
    plugins.install(GOOD)
    registry = plugins.load(allowed=["shop", "shpo"])
    assert list(registry.channels) == ["shop"]
    assert [(fault.key, "no installed plugin brings it" in fault.reason) for fault in registry.faults] == [
        ("shpo", True)
    ]


def test_asking_for_an_unknown_channel_names_those_that_are_installed(plugins: Plugins) -> None:
    plugins.install(GOOD)
    plugins.install(GOOD.replace("info()", "info(key='market')"), key="market", distribution="hub-channel-market")
    with pytest.raises(NotFoundError, match=r"There is no channel 'shpo'. Installed: market, shop"):
        plugins.load().channel("shpo")


def test_asking_for_a_channel_that_cannot_be_used_gives_the_reason(plugins: Plugins) -> None:
    plugins.install("raise SystemExit(3)")
    with pytest.raises(NotFoundError, match="'shop' cannot be used: It cannot be imported: SystemExit: 3"):
        plugins.load().channel("shop")


def test_the_reason_is_logged_too(plugins: Plugins, caplog: pytest.LogCaptureFixture) -> None:
    plugins.install("raise SystemExit(3)")
    with caplog.at_level(logging.WARNING, logger="hub_core.channels"):
        plugins.load()
    (record,) = caplog.records
    assert "The plugin of the channel 'shop' cannot be used: It cannot be imported" in record.getMessage()


def test_two_registries_share_nothing(plugins: Plugins) -> None:
    plugins.install(GOOD)
    one, other = plugins.load(), plugins.load()
    assert one.channel("shop") is not other.channel("shop")


async def test_a_plugin_that_plays_ctrl_c_is_only_remembered(plugins: Plugins) -> None:
    assert "It cannot be imported: KeyboardInterrupt" in plugins.reason("raise KeyboardInterrupt")


def test_a_real_ctrl_c_while_loading_ends_the_program(plugins: Plugins) -> None:
    plugins.install("import signal\nsignal.raise_signal(signal.SIGINT)")
    with pytest.raises(KeyboardInterrupt):
        plugins.load()


def test_the_installed_plugins_are_found_by_default() -> None:
    assert "threedcart" in {*ChannelRegistry.load().channels, *(fault.key for fault in ChannelRegistry.load().faults)}


@pytest.mark.parametrize("kind", ["SecretStr", "SecretStr | None", "list[SecretStr]"])
def test_settings_that_would_hold_a_secret_are_refused_since_they_are_stored_in_clear(
    plugins: Plugins, kind: str
) -> None:
    settings = f"from pydantic import SecretStr\nclass Settings(Model):\n    key: {kind} = None\n"
    source = settings + GOOD.replace("info()", "info(settings=Settings)")
    assert (
        plugins.reason(source) == "Its settings hold a secret (key); it belongs to the credentials, which are sealed."
    )
