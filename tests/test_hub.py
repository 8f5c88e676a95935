"""The hub as one object."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import SecretStr

from hub_core import Hub
from hub_core.channels.registry import ChannelRegistry
from hub_core.domain.errors import SettingsError
from hub_core.settings import HubSettings
from hub_core.testing.clock import VirtualClock
from tests.hubs import connected, filled, found, settings
from tests.toyshop.shop import open_shop


async def test_a_hub_makes_its_folder_its_database_and_its_key(tmp_path: Path, registry: ChannelRegistry) -> None:
    home = tmp_path / "new" / "home"
    async with Hub.open(settings=HubSettings(home=home), registry=registry) as hub:
        assert await hub.integrations.list() == []
    assert {"hub.db", "secret.key"} <= {file.name for file in home.iterdir()}
    assert home.stat().st_mode & 0o077 == 0


async def test_what_a_hub_holds_is_there_when_it_is_opened_again(
    hub_url: str, clock: VirtualClock, registry: ChannelRegistry
) -> None:
    async with Hub.open(hub_url, settings=settings(), clock=clock, registry=registry) as hub:
        await hub.sync((await connected(hub, filled(open_shop("north"), 3))).id)
        before = await found(hub)
    async with Hub.open(hub_url, settings=settings(), clock=clock, registry=registry) as hub:
        assert await found(hub) == before
        assert (await hub.sync("north")).state == "succeeded"


async def test_without_its_key_a_hub_says_what_to_do_and_harms_nothing(
    hub_url: str, clock: VirtualClock, registry: ChannelRegistry
) -> None:
    async with Hub.open(hub_url, settings=settings(), clock=clock, registry=registry) as hub:
        await connected(hub, filled(open_shop("north"), 3))
    other = HubSettings(secret_keys=SecretStr("another-key-of-more-than-32-characters"))
    async with Hub.open(hub_url, settings=other, clock=clock, registry=registry) as hub:
        run = await hub.sync("north")
        assert run.error is not None
        assert (run.state, run.error.code) == ("failed", "vault")
        assert "Put that key" in run.error.sentence
    clock.advance(20)
    async with Hub.open(hub_url, settings=settings(), clock=clock, registry=registry) as hub:
        assert (await hub.sync("north")).state == "succeeded"


@pytest.fixture
async def shop_hub(hub: Hub) -> Hub:
    await connected(hub, filled(open_shop("north"), 2))
    await hub.sync("north")
    return hub


async def test_everything_can_be_written_as_json_with_times_in_utc(shop_hub: Hub) -> None:
    things = [
        *await shop_hub.integrations.list(),
        *await shop_hub.runs.page(),
        *await found(shop_hub),
        *await shop_hub.events.after(),
        *await shop_hub.reports.sales(),
    ]
    text = json.dumps([thing.model_dump(mode="json") for thing in things])
    assert "2026-03-10T12:00:00Z" in text
    assert "+00:00" not in text
    assert '"sesame"' not in text


async def test_an_order_has_the_members_that_programs_rely_on(shop_hub: Hub) -> None:
    (order, *_) = await found(shop_hub)
    told = order.model_dump(mode="json")
    assert told["lines"][0]["quantity"] == "1"
    assert told["total"] == {"amount": "10.00", "currency": "USD"}
    assert {"id", "integration_id", "revision", "history", "same_as", "channel_status", "extra"} <= told.keys()


async def test_a_hub_that_cannot_open_leaves_no_connection_behind(sqlite_hub_url: str) -> None:
    wrong = HubSettings(secret_keys=SecretStr("short"))
    with pytest.raises(SettingsError, match="must have at least 32"):
        async with Hub.open(sqlite_hub_url, settings=wrong, registry=ChannelRegistry.load([])):
            pass  # a connection left open would be reported as a warning, and so as an error


async def test_the_installed_channels_are_loaded_where_no_others_are_given(
    sqlite_hub_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HUB_CHANNELS", "threedcart")
    async with Hub.open(sqlite_hub_url) as hub:
        assert list(hub.channels.channels) == ["threedcart"]
        assert hub.settings.channels == ("threedcart",)


SCRIPT = """
import asyncio, sys
from hub_core import Hub
async def main():
    async with Hub.open(sys.argv[1]) as hub:
        print([order.external_id async for order in hub.orders.find()])
asyncio.run(main())
"""


async def test_another_process_sees_what_this_one_holds(shop_hub: Hub) -> None:
    url = shop_hub.parts.database.url.render_as_string(hide_password=False)
    seen = subprocess.run([sys.executable, "-c", SCRIPT, url], capture_output=True, text=True, check=True)
    assert seen.stdout.strip() == "['A2', 'A1']"
    assert seen.stderr == ""
