"""How an integration is doing, in one code and one sentence that says what to do."""

from dataclasses import replace
from types import MappingProxyType

import pytest

from hub_core import Hub
from hub_core.channels.registry import ChannelRegistry
from hub_core.domain.channels import ChannelFault
from hub_core.domain.errors import BudgetError
from hub_core.domain.integrations import Flow, Health
from hub_core.engine.noticing import Noticing
from hub_core.testing.clock import VirtualClock
from tests.engine.desk import Desk
from tests.hubs import MINUTE, connected, filled, settings, statements, worker
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


@pytest.mark.parametrize(("interval", "minutes"), [(60, 5), (600, 20)])
async def test_a_store_that_was_not_read_for_long_is_late(
    hub: Hub, clock: VirtualClock, interval: int, minutes: int
) -> None:
    await connected(hub, order_interval=interval)
    await hub.sync("north")
    read_at = clock.now()
    clock.advance(minutes * 60)
    worker(hub)
    assert (await health(hub)).code == "ok"
    clock.advance(1)
    told = await health(hub)
    assert (told.state, told.code, told.since) == ("late", "late", read_at)
    assert told.sentence.startswith("The orders were last read at 2026-03-10 12:00 UTC;")
    await hub.sync("north")
    assert (await health(hub)).code == "ok"


async def test_where_nobody_works_it_says_so(hub: Hub, clock: VirtualClock) -> None:
    await connected(hub)
    await hub.sync("north")
    clock.advance(180)
    told = await health(hub)
    assert (told.state, told.code) == ("failing", "no_worker")
    worker(hub)
    assert (await health(hub)).code == "ok"


async def test_a_flow_that_waits_for_the_rate_limit_says_so_until_it_has_got_on(desk: Desk) -> None:
    await desk.work()
    desk.clock.advance(60)
    desk.fails(lambda: BudgetError("No room.", retry_after=30))
    await desk.work()
    flow = (await desk.hub.integrations.get("north")).flows[Flow.ORDERS]
    assert (flow.state, flow.code, flow.since) == ("ok", "rate_budget", desk.clock.now())
    desk.clock.advance(60)
    desk.fails(None)
    await desk.work()
    flow = (await desk.hub.integrations.get("north")).flows[Flow.ORDERS]
    assert (flow.code, flow.late, flow.freshness_seconds, flow.target_seconds) == ("ok", False, 0, 300)


async def test_one_wait_for_the_rate_limit_after_the_other_goes_on_since_the_first(desk: Desk) -> None:
    desk.fails(lambda: BudgetError("No room.", retry_after=30))
    since = desk.clock.now()
    await desk.work()
    desk.clock.advance(60)
    await desk.work()
    assert (await desk.hub.integrations.get("north")).flows[Flow.ORDERS].since == since


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


@pytest.fixture
async def desk(hub: Hub, clock: VirtualClock) -> Desk:
    shop = filled(open_shop("north"), 5)
    return Desk(hub, clock, shop, await connected(hub, shop))


async def test_the_hub_as_a_whole_is_as_well_as_its_worst_integration(hub: Hub, clock: VirtualClock) -> None:
    await connected(hub, filled(open_shop("north"), 1))
    await hub.sync("north")
    well = {
        "status": "ok",
        "database": "ok",
        "integrations": 1,
        "late": 0,
        "failing": 0,
        "faulty_plugins": 0,
        "processes": 0,
        "unattended": False,
    }
    assert await hub.health() == well
    clock.advance(3600)
    assert await hub.health() == {**well, "status": "degraded", "unattended": True}
    worker(hub)
    noticing = Noticing(hub.parts)
    await noticing.look()
    await noticing.look()
    assert await hub.health() == {**well, "status": "degraded", "late": 1, "processes": 1}
    open_shop("north", password="changed")
    await hub.sync("north")
    assert await hub.health() == {**well, "status": "degraded", "failing": 1, "processes": 1}


async def test_health_takes_as_many_statements_however_many_integrations_there_are(hub: Hub) -> None:
    counts = []
    for name in ("north", "south", "east"):
        await connected(hub, name)
        with statements(hub) as seen:
            await hub.health()
        counts.append(len(seen))
    assert counts[0] == counts[1] == counts[2]


async def test_a_plugin_that_cannot_be_used_degrades_the_hub(
    hub_url: str, clock: VirtualClock, registry: ChannelRegistry
) -> None:
    fault = ChannelFault(key="x", distribution="y", reason="z")
    faulty = replace(registry, channels=MappingProxyType({}), faults=(fault,))
    async with Hub.open(hub_url, settings=settings(), clock=clock, registry=faulty) as hub:
        told = await hub.health()
    assert (told["status"], told["faulty_plugins"]) == ("degraded", 1)
