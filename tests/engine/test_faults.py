"""The machine fails under the engine: the log says why, nothing is lost, and the next look goes on once it can."""

import logging
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import closing

import pytest
from sqlalchemy import Connection, event

from hub_core import Hub
from hub_core.channels.registry import ChannelRegistry
from hub_core.domain.errors import StorageError
from hub_core.testing.clock import VirtualClock
from tests.engine.desk import look, quiet
from tests.hubs import connected, filled, found, settings, sqlite_file
from tests.toyshop.shop import Shop, open_shop

LONG = 20
"""Seconds after which a lease has run out, and the first back-off is over."""


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    with caplog.at_level(logging.WARNING, "hub_core.engine"):
        yield caplog


@pytest.fixture
async def sqlite_hub(sqlite_hub_url: str, clock: VirtualClock, registry: ChannelRegistry) -> AsyncIterator[Hub]:
    async with Hub.open(sqlite_hub_url, settings=settings(), clock=clock, registry=registry) as opened:
        yield opened


def at_each_begin(hub: Hub, pragma: Callable[[Connection], str], *, first: bool = False) -> None:
    """Let a pragma be executed at each begin, or just before it."""

    def act(connection: Connection) -> None:
        connection.connection.cursor().execute(pragma(connection))

    event.listen(hub.parts.database.engine, "begin", act, insert=first)


def once(act: Callable[[], object]) -> Callable[[Shop, int], None]:
    """Do it when a shop is asked for its first page."""
    left = [act]

    def before_page(shop: Shop, start: int) -> None:
        del shop, start
        if left:
            left.pop()()

    return before_page


async def test_a_database_that_another_program_holds_is_waited_for(
    sqlite_hub: Hub, sqlite_hub_url: str, clock: VirtualClock, log: pytest.LogCaptureFixture
) -> None:
    held = [False]
    at_each_begin(sqlite_hub, lambda _: f"PRAGMA busy_timeout={1 if held[0] else 15_000}", first=True)
    with closing(sqlite3.connect(sqlite_file(sqlite_hub_url), isolation_level=None, timeout=30)) as other:

        def hold() -> None:
            other.execute("BEGIN IMMEDIATE")
            held[0] = True

        await connected(sqlite_hub, filled(open_shop("north", before_page=once(hold)), 3))
        engine = sqlite_hub.engine()
        await quiet(engine)
        assert "is held by another program; close that one and try again." in log.text
        clock.advance(LONG)
        with pytest.raises(StorageError, match="is held by another program"):
            await look(engine)
        held[0] = False
        other.execute("ROLLBACK")
    await quiet(engine)
    assert len(await found(sqlite_hub)) == 3


async def test_a_disk_without_room_is_waited_for(
    sqlite_hub: Hub, clock: VirtualClock, log: pytest.LogCaptureFixture
) -> None:
    room = [True]

    def limit(connection: Connection) -> str:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        return f"PRAGMA max_page_count={2**30 if room[0] else pages}"

    at_each_begin(sqlite_hub, limit)
    shop = open_shop("north", page_size=100, before_page=once(lambda: room.__setitem__(0, False)))
    await connected(sqlite_hub, filled(shop, 300))
    engine = sqlite_hub.engine()
    await quiet(engine)
    assert "has no room left on its disk; make room and try again." in log.text
    assert len(await found(sqlite_hub)) < 300
    room[0] = True
    clock.advance(LONG)
    await quiet(engine)
    assert len(await found(sqlite_hub)) == 300
    assert len(await sqlite_hub.events.after(type="order.created", limit=1000)) == 300
