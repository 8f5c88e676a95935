"""Starting flows on PostgreSQL: procrastinate carries what is due to processes."""

import asyncio
import logging
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from procrastinate.exceptions import ConnectorException
from procrastinate.testing import InMemoryConnector
from procrastinate.types import JobToDefer

from hub_core import Hub
from hub_core.channels.registry import ChannelRegistry
from hub_core.domain.clock import SystemClock
from hub_core.domain.errors import SettingsError, StalledError, StorageError
from hub_core.domain.integrations import Flow
from hub_core.engine import distributed
from hub_core.engine.distributed import TASK, Distributed
from hub_core.engine.engine import Engine
from hub_core.engine.figures import Figures
from hub_core.engine.runner import Claimed
from hub_core.engine.watch import PATIENCE, Watch
from hub_core.storage.offers import OfferRepository
from hub_core.storage.tables import engine_processes, flow_state
from hub_core.testing.clock import VirtualClock
from tests.hubs import connected, filled, found, rows, settings
from tests.toyshop.shop import open_shop

QUEUE = "routine/toyshop"


def job(queue: str = QUEUE, task: str = TASK, priority: int = 5, **arguments: Any) -> JobToDefer:
    return JobToDefer(
        queue_name=queue,
        task_name=task,
        priority=priority,
        lock=None,
        queueing_lock=None,
        args=arguments,
        scheduled_at=None,
    )


class Memory(InMemoryConnector):
    """Carries what a test puts in, and says when all of it has ended."""

    def __init__(self) -> None:
        super().__init__()
        self.ended = asyncio.Event()

    async def finish_job_run(self, job_id: int, status: str, delete_job: bool) -> None:
        await super().finish_job_run(job_id, status, delete_job)
        if not self.jobs:
            self.ended.set()

    async def put(self, *jobs: JobToDefer) -> None:
        self.ended.clear()
        await self.defer_jobs_all(list(jobs))


@pytest.fixture
async def live(postgresql_hub_url: str, registry: ChannelRegistry) -> AsyncIterator[Hub]:
    """A hub by the machine's own clock."""
    async with Hub.open(postgresql_hub_url, settings=settings(), clock=SystemClock(), registry=registry) as opened:
        yield opened


@pytest.fixture
def memory(monkeypatch: pytest.MonkeyPatch) -> Memory:
    monkeypatch.setattr(distributed, "_POLL_SECONDS", 0.05)  # it tells only one of two workers what was put in
    return Memory()


@pytest.fixture
def nobody_offers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing comes in but what the test puts in."""
    monkeypatch.setattr(OfferRepository, "offer", lambda *_: [])


@asynccontextmanager
async def running(engine: Engine, memory: Memory) -> AsyncIterator[Distributed]:
    """Let an engine's starter run on what is in memory."""
    starter = Distributed(engine.runner.parts, engine.slots, lambda: memory)
    work = asyncio.create_task(starter.run())
    try:
        async with asyncio.timeout(60):
            yield starter
            engine.slots.close()
            await work
    finally:
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)


async def test_a_running_engine_syncs_what_is_due_and_leaves_nothing_behind(live: Hub) -> None:
    engine = live.engine("worker")
    assert isinstance(engine.starter, Distributed)
    await engine.start()
    await connected(live, filled(open_shop("north"), 1))
    async with asyncio.timeout(60):
        async for event in live.events.follow(0):
            if event.type == "order.created":
                break
        await engine.stop()
    (row,) = rows(live, flow_state)
    assert (row["lease_owner"], row["offered_until"]) == (None, None)
    assert rows(live, engine_processes) == []
    count = "SELECT (SELECT count(*) FROM procrastinate_jobs) + (SELECT count(*) FROM procrastinate_workers)"
    assert live.parts.database.read_now(lambda c: c.exec_driver_sql(count).scalar_one()) == 0


async def test_jobs_of_another_version_are_passed_over_and_keep_no_other_from_being_done(
    live: Hub, nobody_offers: None, memory: Memory
) -> None:
    """The rows say what is due: whatever a job lacks or says besides, its flow is offered again."""
    north = await connected(live, filled(open_shop("north"), 1))
    await memory.put(
        job(task="hub:no_such_task", integration=north.id, flow="orders"),
        job(integration=north.id, flow="fulfilments"),
        job(integration=north.id),
        job(flow="orders"),
        job(integration="north", flow="orders"),
        job(integration=10**6, flow="orders"),
        job(queue="urgent/toyshop", priority=9, integration=north.id, flow=["orders"]),
    )
    async with running(live.engine(), memory):
        await memory.ended.wait()
        assert await found(live) == []
        await memory.put(job(integration=north.id, flow="orders", since="2030-01-01", weight=3))
        await memory.ended.wait()
    assert len(await found(live)) == 1


async def test_a_second_job_for_a_flow_does_nothing(live: Hub, nobody_offers: None, memory: Memory) -> None:
    north = await connected(live, filled(open_shop("north"), 1))
    await memory.put(*[job(integration=north.id, flow="orders")] * 3)
    async with running(live.engine(), memory):
        await memory.ended.wait()
    assert len(await live.runs.page()) == 1


async def test_no_more_run_at_once_than_there_are_slots_and_some_are_kept_for_what_is_urgent(
    live: Hub, nobody_offers: None, memory: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    stores = [(await connected(live, filled(open_shop(f"shop-{number}"), 1))).id for number in range(4)]
    engine = Engine(live.parts, figures=Figures(slots=3, reserved=1))
    work, begun, go_on = engine.runner.work, asyncio.Semaphore(0), asyncio.Event()

    async def wait(claimed: Claimed, piece: Any) -> object:
        begun.release()
        await go_on.wait()
        return await work(claimed, piece)

    monkeypatch.setattr(engine.runner, "work", wait)
    await memory.put(*(job(integration=one, flow="orders") for one in stores[:3]))
    async with running(engine, memory):
        for _ in range(2):
            await begun.acquire()
        await memory.put(job("urgent/toyshop", priority=9, integration=stores[3], flow="orders"))
        await begun.acquire()
        assert engine.slots.busy == 3
        assert [each["status"] for each in memory.jobs.values()] == ["doing", "doing", "todo", "doing"]
        go_on.set()
        await memory.ended.wait()
    assert len(await found(live)) == 4


async def test_a_flow_whose_rows_have_a_fault_is_told_of_and_keeps_no_other_from_being_begun(
    live: Hub, nobody_offers: None, memory: Memory, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    bad, good = [(await connected(live, filled(open_shop(name), 1))).id for name in ("north", "south")]
    engine = live.engine()
    claim = engine.runner.claim

    async def stumble(integration_id: int, flow: Flow) -> Claimed | None:
        if integration_id == bad:
            raise ZeroDivisionError
        return await claim(integration_id, flow)

    monkeypatch.setattr(engine.runner, "claim", stumble)
    await memory.put(*(job(integration=one, flow="orders") for one in (bad, good)))
    with caplog.at_level(logging.ERROR, "hub_core.engine"):
        async with running(engine, memory):
            await memory.ended.wait()
    assert caplog.messages == [f"The orders of integration {bad} cannot be begun."]
    assert len(await found(live)) == 1


async def test_to_stop_leaves_no_claim_behind(
    live: Hub, nobody_offers: None, memory: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    north = await connected(live, filled(open_shop("north"), 1))
    engine = live.engine()
    claim, claiming, go_on = engine.runner.claim, asyncio.Event(), asyncio.Event()

    async def slow(integration_id: int, flow: Flow) -> Claimed | None:
        claimed = await claim(integration_id, flow)
        claiming.set()
        await go_on.wait()
        return claimed

    monkeypatch.setattr(engine.runner, "claim", slow)
    monkeypatch.setattr(distributed, "_LAST_JOBS", 0.0)
    await memory.put(job(integration=north.id, flow="orders"))
    async with running(engine, memory):
        await claiming.wait()
        engine.slots.close()
        await memory.ended.wait()  # the job is over, its claim is not
        go_on.set()
    await engine.slots.quiet()
    assert [row["lease_owner"] for row in rows(live, flow_state)] == [None]


async def test_what_reaches_a_process_that_stops_is_offered_to_others_at_once(live: Hub) -> None:
    north = await connected(live, filled(open_shop("north"), 1))
    engine = live.engine()
    assert isinstance(engine.starter, Distributed)
    live.parts.database.write_now(lambda c: c.execute(flow_state.update().values(offered_until=live.parts.clock.now())))
    engine.slots.close()
    await engine.starter._take(north.id, Flow.ORDERS, 5)
    assert [row["offered_until"] for row in rows(live, flow_state)] == [None]


@pytest.mark.parametrize("what", ["open_async", "fetch_job_one", "update_heartbeat_run"])
async def test_a_worker_that_lost_its_database_is_started_again(
    live: Hub, nobody_offers: None, memory: Memory, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    for name in ("FIRST_WAIT", "_LAST_JOBS", "_HEARTBEAT_SECONDS"):
        monkeypatch.setattr(distributed, name, 0.01)
    north = await connected(live, filled(open_shop("north"), 1))
    works, failed = getattr(memory, what), asyncio.Event()

    async def fail_once(*args: Any, **more: Any) -> Any:
        if not failed.is_set():
            failed.set()
            raise ConnectorException
        return await works(*args, **more)

    monkeypatch.setattr(memory, what, fail_once)
    async with running(live.engine(), memory):
        await failed.wait()
        await memory.put(job(integration=north.id, flow="orders"))
        await memory.ended.wait()
    assert len(await found(live)) == 1


async def test_while_the_database_is_away_it_is_said_once_and_the_engine_goes_on_after_it(
    live: Hub, memory: Memory, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(distributed, "LOOK_SECONDS", 0.0)
    served, failures, looked = OfferRepository.served, [True] * 3, asyncio.Event()
    loop = asyncio.get_running_loop()

    def fail(self: OfferRepository) -> set[str]:
        if failures:
            failures.pop()
            raise StorageError("The database is away.")
        loop.call_soon_threadsafe(looked.set)
        return served(self)

    monkeypatch.setattr(OfferRepository, "served", fail)
    with caplog.at_level(logging.WARNING, "hub_core.engine"):
        async with running(live.engine(), memory):
            await looked.wait()
    assert caplog.messages == ["The engine waits: The database is away."]


async def test_a_process_that_nothing_reaches_although_something_waits_ends(
    live: Hub, memory: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = live.engine()
    starter = Distributed(live.parts, engine.slots, lambda: memory)
    monkeypatch.setattr(Watch, "look", lambda _: True)
    asked: list[Any] = []

    async def has_waited(lanes: Any, for_long: Any) -> bool:
        asked.extend(lanes)
        return len(asked) > 2

    monkeypatch.setattr(starter._dispatcher, "has_waited", has_waited)
    with pytest.raises(StalledError, match="has to be started anew"):
        async with asyncio.timeout(60):
            await starter.run()
    assert set(asked) == {("toyshop", True), ("toyshop", False)}


async def test_where_procrastinate_is_missing_it_is_said_what_to_install(
    live: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "hub_core.engine.distributed", None)
    with pytest.raises(SettingsError, match=r"pip install 'hub-core\[postgres\]'"):
        live.engine()


def test_time_in_which_nothing_could_come_in_does_not_count(clock: VirtualClock) -> None:
    watch = Watch(clock)

    def passes(seconds: int) -> bool:
        told = False
        for _ in range(seconds):
            clock.advance(1)
            told = watch.look()
        return told

    assert not passes(int(PATIENCE) - 1)
    assert passes(1)
    watch.hear()
    assert not passes(int(PATIENCE) - 1)
    clock.advance(600)  # the machine slept
    assert not watch.look()
    assert not passes(int(PATIENCE) - 1)
    assert passes(1)
