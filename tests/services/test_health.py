"""How an integration is doing, in one code and one sentence that says what to do."""

from dataclasses import replace
from types import MappingProxyType

import pytest

from hub_core import Hub
from hub_core.channels.registry import ChannelRegistry
from hub_core.domain.channels import ChannelFault
from hub_core.domain.integrations import Health
from hub_core.testing.clock import VirtualClock
from tests.hubs import MINUTE, connected, filled, settings
from tests.toyshop.shop import open_shop


async def health(hub: Hub) -> Health:
    (integration,) = await hub.integrations.list()
    return integration.health


async def test_until_the_first_read_is_complete_it_says_so(hub: Hub) -> None:
    await connected(hub)
    assert (await health(hub)).code == "first_read"
    await hub.sync("north")
    told = await health(hub)
    assert (told.state, told.code, told.sentence) == ("ok", "ok", "All is well.")


@pytest.mark.parametrize(("interval", "minutes"), [(60, 15), (600, 30)])
async def test_a_store_that_was_not_read_for_long_is_late(
    hub: Hub, clock: VirtualClock, interval: int, minutes: int
) -> None:
    await connected(hub, order_interval=interval)
    await hub.sync("north")
    read_at = clock.now()
    clock.advance(minutes * 60)
    assert (await health(hub)).code == "ok"
    clock.advance(1)
    told = await health(hub)
    assert (told.state, told.code, told.since) == ("late", "late", read_at)
    assert told.sentence == "The orders were last read at 2026-03-10 12:00 UTC; see that 'hub serve' is running."
    await hub.sync("north")
    assert (await health(hub)).code == "ok"


async def test_freshness_is_the_age_of_the_last_good_read(hub: Hub, clock: VirtualClock) -> None:
    await connected(hub)
    run = await hub.sync("north")
    clock.advance(90)
    flow = (await hub.integrations.get("north")).flows["orders"]  # type: ignore[index]
    assert (flow.freshness_seconds, flow.last_run, flow.last_success_at) == (90, run.id, clock.now() - 1.5 * MINUTE)


async def test_a_read_with_rejects_is_good_enough(hub: Hub, clock: VirtualClock) -> None:
    shop = open_shop("north")
    shop.put_raw("bad", clock.now() - MINUTE, b"[")
    await connected(hub, shop)
    assert (await hub.sync("north")).state == "partial"
    assert (await health(hub)).code == "ok"


async def test_a_channel_whose_plugin_is_gone_is_told(hub: Hub, hub_url: str, clock: VirtualClock) -> None:
    await connected(hub)
    bare = ChannelRegistry.load([])
    async with Hub.open(hub_url, settings=settings(), clock=clock, registry=bare) as other:
        (integration,) = await other.integrations.list()
        assert (integration.company, integration.health.code) == ("toyshop", "channel_missing")
        assert integration.health.state == "failing"


async def test_the_hub_as_a_whole_is_as_well_as_its_worst_integration(hub: Hub, clock: VirtualClock) -> None:
    await connected(hub, filled(open_shop("north"), 1))
    await hub.sync("north")
    well = {"status": "ok", "database": "ok", "integrations": 1, "late": 0, "failing": 0, "faulty_plugins": 0}
    assert await hub.health() == well
    clock.advance(3600)
    assert await hub.health() == {**well, "status": "degraded", "late": 1}
    open_shop("north", password="changed")
    await hub.sync("north")
    assert await hub.health() == {**well, "status": "degraded", "failing": 1}


async def test_a_plugin_that_cannot_be_used_degrades_the_hub(
    hub_url: str, clock: VirtualClock, registry: ChannelRegistry
) -> None:
    fault = ChannelFault(key="x", distribution="y", reason="z")
    faulty = replace(registry, channels=MappingProxyType({}), faults=(fault,))
    async with Hub.open(hub_url, settings=settings(), clock=clock, registry=faulty) as hub:
        told = await hub.health()
    assert (told["status"], told["faulty_plugins"]) == ("degraded", 1)
