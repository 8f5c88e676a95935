"""Offering what is due to processes, on PostgreSQL."""

import threading
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa

from hub_core import Hub
from hub_core.channels.registry import ChannelRegistry
from hub_core.domain.errors import StorageError
from hub_core.domain.integrations import Flow
from hub_core.engine import dispatcher
from hub_core.engine.dispatcher import Dispatcher, queue_of
from hub_core.storage.flows import FlowRepository
from hub_core.storage.offers import Lane, Offer, OfferRepository
from hub_core.storage.processes import EngineProcess, ProcessRepository
from hub_core.storage.tables import flow_state
from hub_core.testing.clock import VirtualClock
from tests.hubs import connected, rows, settings

Job = tuple[str, int, dict[str, Any]]


class Office:
    """A hub with stores whose orders are due, and the process that offers them."""

    def __init__(self, hub: Hub, clock: VirtualClock) -> None:
        self.hub = hub
        self.clock = clock
        self.offered: list[Offer] = []
        self.dispatcher = Dispatcher(hub.parts, self.defer)

    def defer(self, offers: Any, connection: Any) -> None:
        del connection
        self.offered.extend(offers)

    async def look(self) -> list[tuple[int, int]]:
        """Offer what is due, and give it: which integrations, how urgently."""
        self.offered.clear()
        assert await self.dispatcher.tick() == len(self.offered)
        return [(offer.integration_id, offer.urgency) for offer in self.offered]

    async def stores(self, count: int) -> list[int]:
        return [(await connected(self.hub, f"shop-{number}")).id for number in range(count)]

    def change(self, integration: int, **values: Any) -> None:
        self.execute(flow_state.update().where(flow_state.c.integration_id == integration).values(**values))

    def execute(self, statement: Any, **values: Any) -> None:
        self.hub.parts.database.write_now(lambda connection: connection.execute(statement, values))

    def waiting(self, queue: str, count: int) -> None:
        jobs = "INSERT INTO procrastinate_jobs (queue_name, task_name) SELECT :queue, 'x' FROM generate_series(1, :n)"
        self.execute(sa.text(jobs), queue=queue, n=count)

    def jobs(self) -> list[tuple[str, str]]:
        found = sa.text("SELECT queue_name, status FROM procrastinate_jobs ORDER BY id")
        return self.hub.parts.database.read_now(lambda c: [(row[0], row[1]) for row in c.execute(found)])


@pytest.fixture
async def office(postgresql_hub_url: str, clock: VirtualClock, registry: ChannelRegistry) -> AsyncIterator[Office]:
    async with Hub.open(postgresql_hub_url, settings=settings(), clock=clock, registry=registry) as opened:
        yield Office(opened, clock)


async def test_what_is_due_is_offered_once_and_again_when_nobody_has_claimed_it_for_twenty_seconds(
    office: Office,
) -> None:
    (one, two) = await office.stores(2)
    assert await office.look() == [(one, 5), (two, 5)]
    assert {offer.lane for offer in office.offered} == {Lane("toyshop", urgent=False)}
    office.clock.advance(19)
    assert await office.look() == []
    office.clock.advance(1)
    assert await office.look() == [(one, 5), (two, 5)]


async def test_what_was_offered_before_the_database_was_away_is_offered_again_at_once(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    (one,) = await office.stores(1)
    await office.look()
    with monkeypatch.context() as away:
        away.setattr(OfferRepository, "served", lambda _: office.execute(sa.text("SELECT 1/0")))
        with pytest.raises(StorageError):
            await office.look()
    assert await office.look() == [(one, 5)]
    assert await office.look() == []


async def test_what_was_claimed_is_offered_again_as_soon_as_it_is_due_again(office: Office) -> None:
    (one,) = await office.stores(1)
    await office.look()
    database = office.hub.parts.database
    lease = await database.write(lambda c: FlowRepository(c, database).claim(one, Flow.ORDERS, "somebody"))
    assert lease is not None
    assert await office.look() == []
    await database.write(lambda c: FlowRepository(c, database).release(lease, timedelta(0)))
    assert await office.look() == [(one, 5)]


async def test_what_becomes_more_urgent_is_offered_anew_at_once(office: Office) -> None:
    (one,) = await office.stores(1)
    await office.look()
    await office.hub.request_sync(one, ["orders"])
    assert await office.look() == [(one, 9)]
    assert office.offered[0].lane == Lane("toyshop", urgent=True)
    await office.hub.request_sync(one, ["orders"])
    assert await office.look() == []


async def test_no_more_is_offered_than_there_is_room_for_and_of_that_the_most_urgent(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dispatcher, "QUEUED", 2)
    one, two, three = await office.stores(3)
    office.change(three, urgency=6)
    assert await office.look() == [(three, 6), (one, 5)]
    office.waiting("routine/toyshop", 1)
    assert await office.look() == [(two, 5)]


async def test_what_waits_in_one_lane_takes_no_room_from_another(office: Office) -> None:
    one, two = await office.stores(2)
    office.waiting("routine/toyshop", dispatcher.QUEUED)
    office.waiting("routine/other", dispatcher.QUEUED)
    office.change(two, urgency=8)
    assert await office.look() == [(two, 8)]
    office.execute(sa.text("DELETE FROM procrastinate_jobs"))
    assert await office.look() == [(one, 5)]


async def test_now_and_then_the_oldest_goes_before_what_is_more_urgent(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dispatcher, "QUEUED", 1)
    old, *urgent = await office.stores(11)
    office.change(old, next_due_at=office.clock.now() - timedelta(minutes=1))
    for one in urgent:
        office.change(one, urgency=6)
    picked = [await office.look() for _ in range(10)]
    assert picked == [[(one, 6)] for one in urgent[:9]] + [[(old, 6)]]


async def test_of_many_a_tenth_goes_by_age_alone(office: Office) -> None:
    old, *urgent = await office.stores(10)
    office.change(old, next_due_at=office.clock.now() - timedelta(minutes=1), urgency=1)
    for one in urgent:
        office.change(one, urgency=6)
    assert (await office.look())[0] == (old, 6)


async def test_a_channel_that_no_process_has_is_not_offered(
    postgresql_hub_url: str, office: Office, clock: VirtualClock, registry: ChannelRegistry
) -> None:
    (one,) = await office.stores(1)
    async with Hub.open(postgresql_hub_url, settings=settings(), clock=clock, registry=registry.only(())) as bare:
        elsewhere = Office(bare, clock)
        assert await elsewhere.look() == []
        database = bare.parts.database
        process = EngineProcess(
            name="a", kind="worker", host="b", pid=1, version="1", slots=40, busy=0, channels=("toyshop",)
        )
        await database.write(lambda connection: ProcessRepository(connection, database).tell(process))
        assert await elsewhere.look() == [(one, 5)]


async def test_while_one_process_offers_another_has_nothing_to_do(office: Office) -> None:
    await office.stores(1)
    database = office.hub.parts.database
    found: list[int] = []

    def hold(connection: sa.Connection) -> None:
        assert OfferRepository(connection, database).begin()
        with ThreadPoolExecutor(1) as other:
            found.append(other.submit(database.write_now, office.dispatcher._offer).result())

    database.write_now(hold)
    assert found == [0]
    assert len(await office.look()) == 1


async def test_a_flow_that_is_being_written_is_not_waited_for(office: Office) -> None:
    one, two = await office.stores(2)
    database = office.hub.parts.database
    held, go_on = threading.Event(), threading.Event()

    def hold(connection: sa.Connection) -> None:
        FlowRepository(connection, database).lock(one, Flow.ORDERS)
        held.set()
        go_on.wait(60)

    with ThreadPoolExecutor(1) as other:
        writing = other.submit(database.write_now, hold)
        held.wait(60)
        assert await office.look() == [(two, 5)]
        go_on.set()
        writing.result()
    assert await office.look() == [(one, 5)]


async def test_where_jobs_cannot_be_put_in_nothing_counts_as_offered(office: Office) -> None:
    (one,) = await office.stores(1)

    def fail(offers: Any, connection: Any) -> None:
        raise ZeroDivisionError

    office.dispatcher = Dispatcher(office.hub.parts, fail)
    with pytest.raises(ZeroDivisionError):
        await office.look()
    office.dispatcher = Dispatcher(office.hub.parts, office.defer)
    assert await office.look() == [(one, 5)]


async def test_jobs_that_nobody_will_end_and_those_that_wait_for_nothing_are_deleted_once_a_minute(
    office: Office,
) -> None:
    for queue, status, age in (("lost", "doing", 16), ("slow", "doing", 14), ("stale", "todo", 6), ("new", "todo", 4)):
        office.waiting(queue, 1)
        office.execute(
            sa.text(
                "WITH job AS (UPDATE procrastinate_jobs SET status = CAST(:status AS procrastinate_job_status) "
                "WHERE queue_name = :queue RETURNING id) SELECT 1 FROM job"
            ),
            status=status,
            queue=queue,
        )
        office.execute(
            sa.text(
                "UPDATE procrastinate_events SET at = :at FROM procrastinate_jobs AS job "
                "WHERE job.id = job_id AND queue_name = :queue"
            ),
            at=office.clock.now() - timedelta(minutes=age),
            queue=queue,
        )
    await office.dispatcher.tidy()
    assert {queue for queue, _ in office.jobs()} == {"slow", "new"}
    office.execute(sa.text("DELETE FROM procrastinate_jobs"))
    office.waiting("stale", 1)
    office.execute(sa.text("UPDATE procrastinate_events SET at = '2020-01-01Z'"))
    await office.dispatcher.tidy()
    assert len(office.jobs()) == 1
    office.clock.advance(60)
    await office.dispatcher.tidy()
    assert office.jobs() == []


async def test_what_has_waited_for_a_lane_is_seen(office: Office) -> None:
    lane, minute = Lane("toyshop", urgent=True), timedelta(minutes=1)
    office.waiting(queue_of(lane), 1)
    office.execute(sa.text("UPDATE procrastinate_events SET at = :at"), at=office.clock.now() - minute)
    assert await office.dispatcher.has_waited([lane], minute)
    assert not await office.dispatcher.has_waited([lane], 2 * minute)
    assert not await office.dispatcher.has_waited([Lane("toyshop", urgent=False)], minute)
    assert not await office.dispatcher.has_waited([], minute)


def test_the_names_of_queues_fit_what_postgresql_tells_of(postgresql_url: str) -> None:
    names = [
        queue_of(Lane("k" * length + end, urgent)) for length in (1, 31, 39) for end in "xy" for urgent in (True, False)
    ]
    assert len(set(names)) == len(names)
    with closing(psycopg.connect(postgresql_url.replace("+psycopg", ""), autocommit=True)) as connection:
        for name in names:
            connection.execute("SELECT pg_notify(%s, '')", [f"procrastinate_queue_v1#{name}"])


def test_other_versions_of_the_hub_know_the_queues_by_these_names() -> None:
    assert queue_of(Lane("threedcart", urgent=True)) == "urgent/threedcart"
    assert queue_of(Lane("threedcart", urgent=False)) == "routine/threedcart"


async def test_a_flow_that_is_withdrawn_is_offered_again(office: Office) -> None:
    (one,) = await office.stores(1)
    await office.look()
    database = office.hub.parts.database
    await database.write(lambda connection: OfferRepository(connection, database).withdraw(one, Flow.ORDERS))
    assert [row["offered_until"] for row in rows(office.hub, flow_state)] == [None]
    assert await office.look() == [(one, 5)]
