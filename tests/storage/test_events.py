"""Event numbers: without gaps, in the order of the commits, whoever writes at the same time."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest
from sqlalchemy import Connection

from hub_core import Hub
from hub_core.domain.events import Event, NewEvent
from hub_core.storage.database import Database
from hub_core.storage.events import EventRepository
from hub_core.testing.clock import VirtualClock
from tests.hubs import NOW, connected, filled
from tests.toyshop.shop import open_shop

WRITERS = 4
ROUNDS = 8


def record(database: Database, *types: str) -> range:
    new = [NewEvent(type=each) for each in types]
    return database.write_now(lambda connection: EventRepository(connection).record(new, NOW))


def all_events(database: Database) -> list[Event]:
    return database.read_now(lambda connection: EventRepository(connection).after(0, 10_000))


def test_events_are_numbered_from_1(hub_url: str) -> None:
    with ExitStack() as stack:
        database = opened(stack, hub_url)
        assert list(record(database, "a", "b")) == [1, 2]
        assert list(record(database)) == []
        assert list(record(database, "c")) == [3]
        assert [(each.id, each.type, each.at) for each in all_events(database)] == [
            (1, "a", NOW),
            (2, "b", NOW),
            (3, "c", NOW),
        ]


def opened(stack: ExitStack, url: str) -> Database:
    database = Database(url, VirtualClock(NOW))
    stack.callback(database.engine.dispose)
    return database


def test_a_transaction_that_fails_leaves_no_gap(hub_url: str) -> None:
    with ExitStack() as stack:
        database = opened(stack, hub_url)

        def fail(connection: Connection) -> None:
            EventRepository(connection).record([NewEvent(type="lost")], NOW)
            raise ZeroDivisionError

        record(database, "a")
        with pytest.raises(ZeroDivisionError):
            database.write_now(fail)
        record(database, "b")
        assert [(each.id, each.type) for each in all_events(database)] == [(1, "a"), (2, "b")]


def test_who_writes_at_the_same_time_leaves_no_gap_and_mixes_no_blocks(hub_url: str) -> None:
    with ExitStack() as stack:
        databases = [opened(stack, hub_url) for _ in range(WRITERS)]  # as many processes would have
        start = threading.Barrier(WRITERS)

        def work(writer: int) -> list[range]:
            start.wait()
            return [record(databases[writer], *[f"{writer}.{turn}"] * 3) for turn in range(ROUNDS)]

        with ThreadPoolExecutor(WRITERS) as threads:
            blocks = [block for written in threads.map(work, range(WRITERS)) for block in written]
        events = all_events(databases[0])
    assert [each.id for each in events] == list(range(1, 3 * WRITERS * ROUNDS + 1))
    assert all(len({events[number - 1].type for number in block}) == 1 for block in blocks)


def test_whoever_reads_meanwhile_never_sees_a_number_before_an_earlier_one(hub_url: str) -> None:
    with ExitStack() as stack:
        databases = [opened(stack, hub_url) for _ in range(WRITERS)]
        reader = opened(stack, hub_url)
        done = threading.Event()
        seen: list[list[int]] = []

        def read() -> None:
            while not done.is_set():
                seen.append([each.id for each in all_events(reader)])

        def work(writer: int) -> None:
            for turn in range(ROUNDS):
                record(databases[writer], f"{writer}.{turn}")

        with ThreadPoolExecutor(WRITERS + 1) as threads:
            reading = threads.submit(read)
            for written in [threads.submit(work, writer) for writer in range(WRITERS)]:
                written.result()
            done.set()
            reading.result()
        seen.append([each.id for each in all_events(reader)])
    assert all(numbers == list(range(1, len(numbers) + 1)) for numbers in seen)
    assert len(seen[-1]) == WRITERS * ROUNDS


async def test_stores_that_are_read_at_the_same_time_share_the_numbers(hub: Hub) -> None:
    integrations = [await connected(hub, filled(open_shop(f"shop-{n}", page_size=2), 6)) for n in range(3)]
    await asyncio.gather(*(hub.sync(each.id) for each in integrations))
    events = await hub.events.after(limit=1000)
    assert [each.id for each in events] == list(range(1, len(events) + 1))
    assert sum(each.type == "order.created" for each in events) == 18


async def test_events_are_listed_by_what_they_concern(hub: Hub) -> None:
    north, south = [await connected(hub, filled(open_shop(name), 1)) for name in ("north", "south")]
    await hub.sync(north.id)
    created = await hub.events.after(type="order.created")
    assert [each.integration_id for each in created] == [north.id]
    about_south = await hub.events.after(integration=south.id)
    assert [each.type for each in about_south] == ["integration.added", "integration.connected"]
    assert "order.created" not in {each.type for each in await hub.events.after(history=False)}
    assert await hub.events.after(await hub.events.newest()) == []
    assert [each.id for each in await hub.events.after(1, limit=2)] == [2, 3]


async def test_events_can_be_followed_as_they_come(hub: Hub, clock: VirtualClock) -> None:
    await hub.integrations.add("toyshop", name="One", settings={"shop": "one"})
    following = hub.events.follow(0)
    assert (await anext(following)).data == {"name": "One"}
    later = asyncio.ensure_future(anext(following))
    await clock.asleep()
    await hub.integrations.add("toyshop", name="Two", settings={"shop": "two"})
    clock.advance(0.5)
    assert (await later).data == {"name": "Two"}
    await following.aclose()  # type: ignore[attr-defined] # it is an async generator


async def test_the_newest_event_of_an_empty_hub_is_number_0(hub: Hub) -> None:
    assert await hub.events.newest() == 0
