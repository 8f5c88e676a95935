"""Transactions on SQLite that wait for their turn together."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from sqlalchemy import Connection, event, text
from sqlalchemy.exc import IntegrityError, OperationalError

from hub_core.domain.clock import SystemClock
from hub_core.domain.errors import StorageError
from hub_core.storage.database import Database


class Crowd:
    """Lets transactions wait behind one that takes its time, and counts the commits."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.commits = 0
        self._go_on = threading.Event()
        event.listen(database.engine, "commit", self._count)

    def _count(self, connection: Connection) -> None:
        del connection
        self.commits += 1

    def _wait(self, connection: Connection) -> None:
        del connection
        self._go_on.wait()

    async def write(self, *works: Callable[[Connection], Any]) -> list[Any]:
        """Have *works* wait together, and give what became of each."""
        first = asyncio.create_task(self.database.write(self._wait))
        waiting = [asyncio.create_task(self.database.write(work)) for work in works]
        await asyncio.sleep(0)
        self._go_on.set()
        _, *told = await asyncio.gather(first, *waiting, return_exceptions=True)
        self._go_on.clear()
        return told

    async def names(self) -> list[str]:
        return await self.database.read(
            lambda connection: list(connection.execute(text("SELECT name FROM seen ORDER BY name")).scalars())
        )


@pytest.fixture
async def crowd(sqlite_url: str) -> AsyncIterator[Crowd]:
    database = Database(sqlite_url, SystemClock())
    try:
        await database.write(lambda connection: connection.execute(text("CREATE TABLE seen (name TEXT PRIMARY KEY)")))
        yield Crowd(database)
    finally:
        await database.close()


def note(name: str) -> Callable[[Connection], str]:
    def work(connection: Connection) -> str:
        connection.execute(text("INSERT INTO seen (name) VALUES (:name)"), {"name": name})
        return name

    return work


def stumble(error: BaseException) -> Callable[[Connection], None]:
    def work(connection: Connection) -> None:
        note("half done")(connection)
        raise error

    return work


async def test_what_waits_together_is_committed_together(crowd: Crowd) -> None:
    assert await crowd.write(note("a"), note("b"), note("c")) == ["a", "b", "c"]
    assert await crowd.names() == ["a", "b", "c"]
    assert crowd.commits <= 2  # the one that all waited for may have been quick enough to take them along


async def test_one_that_fails_is_undone_and_keeps_no_other_from_being_written(crowd: Crowd) -> None:
    written, failed, twice, last = await crowd.write(note("a"), stumble(ZeroDivisionError("oh")), note("a"), note("b"))
    assert (written, last) == ("a", "b")
    assert isinstance(failed, ZeroDivisionError)
    assert isinstance(twice, IntegrityError)
    assert await crowd.names() == ["a", "b"]
    assert crowd.commits <= 2


async def test_a_fault_of_the_file_is_told_to_all_and_nothing_is_kept(crowd: Crowd) -> None:
    fault = OperationalError("INSERT", None, Exception("database or disk is full"))
    told = await crowd.write(note("a"), stumble(fault), note("b"))
    assert [isinstance(one, StorageError) for one in told] == [True, True, False]
    assert await crowd.names() == ["b"]
    assert await crowd.database.write(note("c")) == "c"


async def test_one_whose_caller_went_away_is_written_all_the_same(crowd: Crowd) -> None:
    going = asyncio.create_task(crowd.database.write(note("a")))
    await asyncio.sleep(0)
    going.cancel()
    with pytest.raises(asyncio.CancelledError):
        await going
    assert await crowd.names() == ["a"]
