"""Running a flow for somebody who waits for it, beside other processes."""

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from hub_core import Hub
from hub_core.channels.registry import ChannelRegistry
from hub_core.domain.integrations import Flow
from hub_core.domain.runs import Run
from hub_core.engine.foreground import LOOK_SECONDS, Foreground
from hub_core.engine.pulse import READ_SECONDS, Pulse
from hub_core.engine.runner import Runner
from hub_core.services.slices import Slice
from hub_core.storage.flows import LEASE_TIME
from hub_core.storage.tables import flow_state
from hub_core.testing.clock import VirtualClock
from tests.hubs import connected, filled, found, rows, settings, told
from tests.toyshop.shop import Shop, open_shop


@pytest.fixture
async def other(hub: Hub, hub_url: str, clock: VirtualClock, registry: ChannelRegistry) -> AsyncIterator[Hub]:
    """Another process on the same database."""
    async with Hub.open(hub_url, settings=settings(), clock=clock, registry=registry) as opened:
        yield opened


async def test_who_comes_second_follows_the_process_that_is_at_it(hub: Hub, other: Hub, clock: VirtualClock) -> None:
    shop = filled(open_shop("north", page_size=1), 3)
    integration = await connected(hub, shop)
    claimed = await Runner(other.parts, "the other process").claim(integration.id, Flow.ORDERS)
    assert claimed is not None
    seen: list[Run] = []
    following = asyncio.create_task(hub.sync(integration.id, progress=seen.append))
    await clock.asleep(2)  # its pulse, and its look at the run
    assert seen[-1].id == claimed.run.id
    await Runner(other.parts, "the other process").work(claimed, Slice(clock))
    clock.advance(LOOK_SECONDS)
    run = await following
    assert (run.id, run.state, run.counts.created) == (claimed.run.id, "succeeded", 3)
    assert len(await told(hub, "order.created")) == 3


async def test_where_the_other_process_dies_the_follower_takes_over(hub: Hub, other: Hub, clock: VirtualClock) -> None:
    integration = await connected(hub, filled(open_shop("north"), 3))
    claimed = await Runner(other.parts, "the other process").claim(integration.id, Flow.ORDERS)
    assert claimed is not None
    following = asyncio.create_task(hub.sync(integration.id))
    await clock.asleep(2)
    clock.advance(9)
    run = await following
    assert (run.state, run.counts.created) == ("succeeded", 3)
    assert run.id != claimed.run.id
    died = await hub.runs.get(claimed.run.id)
    assert died.error is not None
    assert (died.state, died.error.code) == ("failed", "interrupted")


async def test_two_who_sync_at_the_same_time_get_the_same_run(hub: Hub, other: Hub, clock: VirtualClock) -> None:
    shop = filled(open_shop("north", page_size=1), 3)
    integration = await connected(hub, shop)
    asked = [(each, (await each.request_sync(integration.id, ["orders"]))[0]) for each in (hub, other)]
    both = [asyncio.create_task(Foreground(each.parts).run(run)) for each, run in asked]
    await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
    while not all(each.done() for each in both):
        clock.advance(LOOK_SECONDS)
        await asyncio.sleep(0)
    first, second = await asyncio.gather(*both)
    assert first.id == second.id
    assert first.state == second.state == "succeeded"
    assert len(await found(hub)) == len(await told(hub, "order.created")) == 3


async def test_a_sync_that_is_cancelled_leaves_the_flow_free(hub: Hub, clock: VirtualClock) -> None:
    shop = filled(open_shop("north", page_size=1), 3)
    integration = await connected(hub, shop)
    tasks: list[asyncio.Task[Run]] = []

    def cancel(shop: Shop, start: int) -> None:
        if start == 1:
            tasks[0].cancel()

    shop.before_page = cancel
    tasks.append(asyncio.create_task(hub.sync(integration.id)))
    with pytest.raises(asyncio.CancelledError):
        await tasks[0]
    shop.before_page = None
    (paused,) = await hub.runs.page()
    assert paused.state == "running"
    run = await hub.sync(integration.id)
    assert (run.id, run.state, run.counts.created) == (paused.id, "succeeded", 3)


async def test_a_sync_that_is_switched_off_by_another_process_ends_as_stopped(hub: Hub, other: Hub) -> None:
    shop = filled(open_shop("north", page_size=1), 5)
    integration = await connected(hub, shop)

    def switch_off(shop: Shop, start: int) -> None:
        if start == 2:
            with ThreadPoolExecutor(1) as thread:
                thread.submit(asyncio.run, other.integrations.disable(integration.id)).result()

    shop.before_page = switch_off
    run = await hub.sync(integration.id)
    assert (run.state, run.error) == ("stopped", None)
    assert run.counts.pages <= 3
    assert (await hub.integrations.get(integration.id)).health.code == "disabled"


@pytest.mark.parametrize(("switched_off", "state"), [(False, "running"), (True, "stopped")])
async def test_a_read_that_is_cancelled_releases_its_flow_however_often_it_is_told_to_end(
    hub: Hub, clock: VirtualClock, switched_off: bool, state: str
) -> None:
    integration = await connected(hub)
    runner = Runner(hub.parts, "this process")
    claimed = await runner.claim(integration.id, Flow.ORDERS)
    assert claimed is not None
    working = asyncio.create_task(runner.work(claimed, Slice(clock)))
    await asyncio.sleep(0)
    if switched_off:
        await hub.integrations.disable(integration.id)
        assert (await hub.runs.get(claimed.run.id)).state == "running"
    while not working.done():
        working.cancel()
        await asyncio.sleep(0)
    assert working.cancelled()
    assert (await hub.runs.get(claimed.run.id)).state == state
    (flow,) = rows(hub, flow_state)
    assert flow["lease_owner"] is None


async def test_a_follower_does_not_wait_for_a_dead_process_whose_store_was_switched_off(
    hub: Hub, other: Hub, clock: VirtualClock
) -> None:
    integration = await connected(hub, filled(open_shop("north"), 3))
    claimed = await Runner(other.parts, "the other process").claim(integration.id, Flow.ORDERS)
    assert claimed is not None
    following = asyncio.create_task(hub.sync(integration.id))
    await clock.asleep(2)
    await hub.integrations.disable(integration.id)
    clock.advance(9)
    run = await following
    assert (run.id, run.state, run.error and run.error.code) == (claimed.run.id, "failed", "interrupted")


async def test_who_syncs_again_after_a_process_was_killed_goes_on_where_it_was_and_is_told(
    hub: Hub, other: Hub, clock: VirtualClock
) -> None:
    shop = filled(open_shop("north", page_size=1), 3)
    integration = await connected(hub, shop)
    killed = Runner(other.parts, "the other process")
    claimed = await killed.claim(integration.id, Flow.ORDERS)
    assert claimed is not None
    await killed.work(claimed, Slice(clock, pages_left=2))
    claimed = await killed.claim(integration.id, Flow.ORDERS)
    assert claimed is not None
    clock.advance(1)
    seen: list[Run] = []
    syncing = asyncio.create_task(hub.sync(integration.id, progress=seen.append))
    await clock.asleep(2)
    shop.diary.clear()
    clock.advance(LEASE_TIME.total_seconds())
    run = await syncing
    assert (run.state, shop.diary[0][2]) == ("succeeded", 2)
    assert list(dict.fromkeys(one.id for one in seen)) == [claimed.run.id, run.id]


async def test_a_sync_whose_lease_is_no_longer_kept_ends_with_what_went_wrong(
    hub: Hub, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def blunder(_: Pulse) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(Pulse, "beat", blunder)
    shop = filled(open_shop("north", page_size=1), 3)
    shop.before_page = lambda *_: clock.advance(READ_SECONDS)
    integration = await connected(hub, shop)
    with pytest.raises(ZeroDivisionError):
        await hub.sync(integration.id)
    (flow,) = rows(hub, flow_state)
    assert flow["lease_owner"] is None
