"""The loop that syncs what is due."""

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import pytest

from hub_core import Cursor, Hub, OrderPage, Poll, Store, Window
from hub_core.channels.registry import ChannelRegistry
from hub_core.domain.clock import SystemClock
from hub_core.domain.errors import HubError
from hub_core.domain.integrations import Flow
from hub_core.engine.engine import Engine
from hub_core.engine.figures import Figures
from hub_core.engine.presence import process_name
from hub_core.engine.pulse import Pulse
from hub_core.engine.runner import Claimed
from hub_core.services.slices import Slice
from hub_core.storage.flows import FlowRepository
from hub_core.storage.tables import flow_state, integrations, runs
from hub_core.testing.clock import VirtualClock
from tests.engine.desk import look, quiet
from tests.hubs import connected, filled, found, rows, settings
from tests.toyshop.channel import ToySettings, fetch_orders
from tests.toyshop.shop import open_shop


async def test_what_is_due_is_read_and_nothing_else(hub: Hub, clock: VirtualClock) -> None:
    north, south = filled(open_shop("north"), 2), filled(open_shop("south"), 3)
    await connected(hub, north)
    resting = await connected(hub, south)
    await hub.integrations.disable(resting.id)
    engine = hub.engine()
    await quiet(engine)
    assert len(await found(hub)) == 2
    assert south.diary == []
    north.diary.clear()
    await quiet(engine)
    assert north.diary == []
    clock.advance(61)
    await quiet(engine)
    assert {poll.value for poll, _, _ in north.diary} == {"new", "changed"}


async def test_no_more_flows_run_at_once_than_there_are_slots(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("one", "two", "three"):
        await connected(hub, filled(open_shop(name), 1))
    engine = Engine(hub.parts, figures=Figures(slots=2, reserved=0))
    work, go_on = engine.runner.work, asyncio.Event()

    async def wait(claimed: Claimed, piece: Slice) -> object:
        await go_on.wait()
        return await work(claimed, piece)

    monkeypatch.setattr(engine.runner, "work", wait)
    for _ in range(2):
        await look(engine)
        assert engine.slots.busy == 2
    go_on.set()
    await quiet(engine)
    await quiet(engine)
    assert len(await found(hub)) == 3


async def test_two_engines_share_the_work_without_doing_it_twice(hub: Hub) -> None:
    for number in range(6):
        await connected(hub, filled(open_shop(f"shop-{number}"), 2))
    await asyncio.gather(quiet(hub.engine()), quiet(hub.engine()))
    assert len(await hub.runs.page()) == 6
    assert len(await hub.events.after(type="order.created", limit=100)) == 12


async def test_an_integration_that_cannot_be_read_keeps_no_other_from_being_read(hub: Hub, clock: VirtualClock) -> None:
    bad = await connected(hub, filled(open_shop("north"), 2))
    await connected(hub, filled(open_shop("south"), 3))
    spoil = integrations.update().where(integrations.c.id == bad.id).values(rules='{"order_interval": "often"}')
    hub.parts.database.write_now(lambda connection: connection.execute(spoil))
    engine = hub.engine()
    await quiet(engine)
    assert len(await found(hub)) == 3
    (run,) = await hub.runs.page(integration=bad.id)
    assert (run.state, run.error and run.error.code) == ("failed", "error")
    clock.advance(1)
    await quiet(engine)
    assert len(await hub.runs.page(integration=bad.id)) == 1


async def test_a_run_that_cannot_be_read_keeps_no_other_flow_from_being_begun(
    hub: Hub, caplog: pytest.LogCaptureFixture
) -> None:
    bad = await connected(hub, filled(open_shop("north"), 2))
    await hub.request_sync(bad.id, ["orders"])
    await connected(hub, filled(open_shop("south"), 3))
    hub.parts.database.write_now(lambda connection: connection.execute(runs.update().values(counts="many")))
    with caplog.at_level(logging.ERROR, "hub_core.engine"):
        await quiet(hub.engine())
    assert len(await found(hub)) == 3
    assert f"The orders of integration {bad.id} cannot be begun." in caplog.text


async def test_a_flow_that_ends_in_an_unforeseen_way_is_logged_and_left_to_its_lease(
    hub: Hub, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    await connected(hub, filled(open_shop("north"), 2))
    engine = hub.engine()
    work = engine.runner.work

    async def blunder(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(engine.runner, "work", blunder)
    with caplog.at_level(logging.ERROR, "hub_core.engine"):
        await quiet(engine)
    assert "goes on when its lease has run out" in caplog.text
    monkeypatch.setattr(engine.runner, "work", work)
    clock.advance(9)
    await quiet(engine)
    assert len(await found(hub)) == 2


def test_no_two_processes_bear_the_same_name() -> None:
    assert len({process_name() for _ in range(10)}) == 10
    assert len(process_name()) <= 80


class Gate:
    """Lets a shop's pages through one by one."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self.opened = asyncio.Event()
        self.left = False

    async def pages(self, store: Store, poll: Poll, window: Window, cursor: Cursor) -> AsyncGenerator[OrderPage, None]:
        async for page in fetch_orders(store, poll, window, cursor):
            if store.settings_as(ToySettings).shop == "gated":
                self.asked.set()
                try:
                    await self.opened.wait()
                except asyncio.CancelledError:
                    self.left = True
                    raise
            yield page


@pytest.fixture
async def gate() -> Gate:
    return Gate()


@pytest.fixture
async def live(sqlite_hub_url: str, registry: ChannelRegistry, gate: Gate) -> AsyncIterator[Hub]:
    """A hub by the machine's own clock, whose shop `gated` waits."""

    async def gated(store: Store, poll: Poll, window: Window, cursor: Cursor) -> Any:
        async for page in gate.pages(store, poll, window, cursor):
            yield page

    channel = registry.channels["toyshop"]
    waiting = replace(channel, hooks=MappingProxyType({**channel.hooks, "fetch_orders": gated}))
    channels = ChannelRegistry(channels=MappingProxyType({"toyshop": waiting}), faults=())
    async with Hub.open(sqlite_hub_url, settings=settings(), clock=SystemClock(), registry=channels) as opened:
        yield opened


async def next_event(hub: Hub, type: str) -> None:  # noqa: A002 - the event's own word
    async for event in hub.events.follow(0):
        if event.type == type:
            return


async def test_a_running_engine_syncs_on_its_own(live: Hub) -> None:
    engine = live.engine()
    await engine.start()
    await connected(live, filled(open_shop("north"), 1))
    async with asyncio.timeout(60):
        await next_event(live, "order.created")
    await engine.stop()
    (row,) = rows(live, flow_state)
    assert row["lease_owner"] is None


async def test_a_store_that_hangs_does_not_delay_another(live: Hub, gate: Gate) -> None:
    await connected(live, filled(open_shop("gated"), 3))
    north = await connected(live, filled(open_shop("north"), 1))
    engine = live.engine()
    await engine.start()
    async with asyncio.timeout(60):
        await gate.asked.wait()
        await next_event(live, "order.created")
    assert {order.integration_id for order in await found(live)} == {north.id}
    gate.opened.set()
    await engine.stop()


async def test_to_stop_the_engine_ends_reads_between_two_pages(live: Hub, gate: Gate) -> None:
    await connected(live, filled(open_shop("gated", page_size=1), 5))
    engine = live.engine()
    await engine.start()
    async with asyncio.timeout(60):
        await gate.asked.wait()
        stopping = asyncio.create_task(engine.stop())
        await asyncio.sleep(0)
        gate.opened.set()
        await stopping
    (run,) = await live.runs.page()
    assert (run.state, run.counts.pages) == ("running", 1)
    assert [row["lease_owner"] for row in rows(live, flow_state)] == [None]
    run = await live.sync("gated")
    assert (run.state, len(await found(live))) == ("succeeded", 5)


async def test_to_stop_the_engine_leaves_no_claim_behind(live: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("north", "south"):
        await connected(live, filled(open_shop(name), 1))
    engine = live.engine()
    claim, claiming, go_on = engine.runner.claim, asyncio.Event(), asyncio.Event()

    async def slow(integration_id: int, flow: Flow) -> Claimed | None:
        claimed = await claim(integration_id, flow)
        claiming.set()
        await go_on.wait()
        return claimed

    monkeypatch.setattr(engine.runner, "claim", slow)
    await engine.start()
    async with asyncio.timeout(60):
        await claiming.wait()
        stopping = asyncio.create_task(engine.stop())
        await asyncio.sleep(0)
        go_on.set()
        await stopping
    assert [row["lease_owner"] for row in rows(live, flow_state)] == [None, None]
    assert len(await live.runs.page()) == 1


async def test_to_stop_the_engine_leaves_a_store_that_hangs(live: Hub, gate: Gate) -> None:
    await connected(live, filled(open_shop("gated"), 5))
    engine = Engine(live.parts, figures=Figures(stop=0.0))
    await engine.start()
    async with asyncio.timeout(60):
        await gate.asked.wait()
        await engine.stop()
    assert gate.left
    assert [row["lease_owner"] for row in rows(live, flow_state)] == [None]
    assert [run.state for run in await live.runs.page()] == ["running"]


@pytest.mark.parametrize("flow", [None, "orders"])
async def test_switching_off_leaves_a_store_that_hangs(live: Hub, gate: Gate, flow: str | None) -> None:
    integration = await connected(live, filled(open_shop("gated"), 5))
    engine = live.engine()
    await engine.start()
    async with asyncio.timeout(60):
        await gate.asked.wait()
        (task,) = engine.slots._flows
        await live.integrations.disable(integration.id, flow=flow)
        await asyncio.wait({task})
    assert gate.left
    assert [run.state for run in await live.runs.page()] == ["stopped"]
    await engine.stop()


async def test_the_engine_goes_on_after_the_database_failed(
    live: Hub, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    engine = Engine(live.parts, figures=Figures(tick=0.0, wait=0.0))
    await connected(live, filled(open_shop("north"), 1))
    due = FlowRepository.due
    failures = [True, True]

    def fail_twice(self: Any, limit: int, oldest: int = 1) -> Any:
        if failures:
            failures.pop()
            raise HubError("The database is away.")
        return due(self, limit, oldest)

    monkeypatch.setattr(FlowRepository, "due", fail_twice)
    with caplog.at_level(logging.WARNING, "hub_core.engine"):
        await engine.start()
        async with asyncio.timeout(60):
            await next_event(live, "order.created")
    await engine.stop()
    assert caplog.messages.count("The engine waits: The database is away.") == 1


@pytest.mark.parametrize(("part", "what"), [(FlowRepository, "due"), (Pulse, "beat")], ids=["loop", "pulse"])
async def test_who_watches_the_engine_is_told_what_broke_it(
    live: Hub, gate: Gate, monkeypatch: pytest.MonkeyPatch, part: type, what: str
) -> None:
    await connected(live, filled(open_shop("gated"), 1))
    engine = live.engine()
    await engine.start()
    async with asyncio.timeout(60):
        await gate.asked.wait()

        def blunder(*_: object) -> None:
            raise ZeroDivisionError

        monkeypatch.setattr(part, what, blunder)
        with pytest.raises(ZeroDivisionError):
            await engine.broken()
    gate.opened.set()
    await engine.stop()


async def test_an_engine_that_is_stopped_is_not_broken(live: Hub) -> None:
    engine = live.engine()
    await engine.start()
    watching = asyncio.create_task(engine.broken())
    await engine.stop()
    async with asyncio.timeout(60):
        await watching
