"""The way to the database, and what it says where there is none."""

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError

from hub_core import Hub
from hub_core.channels.registry import ChannelRegistry
from hub_core.domain.errors import HubError, SettingsError, StorageError
from hub_core.storage import database as module
from hub_core.storage.database import Database, parse_url, wal_is_safe
from hub_core.testing.clock import VirtualClock
from tests.hubs import NOW, settings, sqlite_file
from tests.postgres import PostgresServer


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[Database]:
    database = Database(url, VirtualClock(NOW))
    yield database
    await database.close()


def count(connection: Connection) -> int:
    return int(connection.execute(text("SELECT count(*) FROM counters")).scalar_one())


def add(connection: Connection) -> None:
    connection.execute(text("INSERT INTO counters (name, value) VALUES ('one', 1)"))


async def test_a_transaction_is_all_or_nothing(hub_url: str) -> None:
    def fail(connection: Connection) -> None:
        add(connection)
        raise ZeroDivisionError

    async with opened(hub_url) as database:
        with pytest.raises(ZeroDivisionError):
            await database.write(fail)
        assert await database.read(count) == 0
        await database.write(add)
        assert await database.read(count) == 1


async def test_a_transaction_whose_caller_is_cancelled_comes_to_its_end(hub_url: str) -> None:
    begun, go_on = asyncio.Event(), threading.Event()
    loop = asyncio.get_running_loop()

    def slow(connection: Connection) -> None:
        add(connection)
        loop.call_soon_threadsafe(begun.set)
        go_on.wait()

    async with opened(hub_url) as database:
        writing = asyncio.create_task(database.write(slow))
        await begun.wait()
        writing.cancel()
        done, _ = await asyncio.wait({writing}, timeout=0)
        assert not done
        go_on.set()
        with pytest.raises(asyncio.CancelledError):
            await writing
        assert await database.read(count) == 1


async def test_what_breaks_a_rule_of_the_tables_is_left_to_the_caller(hub_url: str) -> None:
    async with opened(hub_url) as database:
        await database.write(add)
        with pytest.raises(IntegrityError):
            await database.write(add)


async def test_readers_do_not_wait_for_one_who_writes(hub_url: str) -> None:
    begun, go_on = asyncio.Event(), threading.Event()
    loop = asyncio.get_running_loop()

    def slow(connection: Connection) -> None:
        add(connection)
        loop.call_soon_threadsafe(begun.set)
        go_on.wait()

    async with opened(hub_url) as database:
        writing = asyncio.create_task(database.write(slow))
        await begun.wait()
        assert await database.read(count) == 0
        go_on.set()
        await writing
        assert await database.read(count) == 1


@pytest.mark.parametrize(
    "url", ["", "hub.db", "mysql://localhost/hub", "postgresql+psycopg2://x/y", "sqlite+aiosqlite:///x", "sqlite:/x"]
)
def test_an_address_of_another_kind_is_refused_and_the_right_ones_are_named(url: str) -> None:
    with pytest.raises(SettingsError, match="write sqlite:///FILE or postgresql"):
        parse_url(url)


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///", "sqlite:///:memory:"])
def test_a_database_that_forgets_everything_is_refused(url: str) -> None:
    with pytest.raises(SettingsError, match="names no file"):
        parse_url(url)


async def refusal(url: str) -> str:
    with pytest.raises(HubError) as caught:
        async with Hub.open(url, settings=settings(), registry=ChannelRegistry.load([])):
            pass
    return str(caught.value)


async def test_a_file_that_is_no_database_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "letter.txt"
    file.write_text("Dear reader, " * 100)
    assert "is damaged or no database at all" in await refusal(f"sqlite:///{file}")
    assert file.read_text() == "Dear reader, " * 100


async def test_a_folder_in_place_of_the_file_is_told(tmp_path: Path) -> None:
    assert "cannot be opened; check that its folder exists" in await refusal(f"sqlite:///{tmp_path}")


async def test_a_file_in_place_of_the_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    told = await refusal(f"sqlite:///{tmp_path / 'file' / 'hub.db'}")
    assert "cannot be made" in told or "cannot be opened" in told


async def test_a_database_that_may_only_be_read_is_told(sqlite_hub_url: str) -> None:
    async with opened(f"sqlite:///file:{sqlite_file(sqlite_hub_url)}?mode=ro&uri=true") as database:
        assert await database.read(count) == 0
        with pytest.raises(StorageError, match="cannot be written; give the hub write access"):
            await database.write(add)


async def test_a_database_that_another_program_holds_is_told(
    sqlite_hub_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BUSY_TIMEOUT_MS", 1)
    with closing(sqlite3.connect(sqlite_file(sqlite_hub_url), isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        async with opened(sqlite_hub_url) as database:
            for use in (database.read(count), database.write(add)):
                with pytest.raises(StorageError, match="is held by another program; close that one and try again"):
                    await use


async def test_a_full_disk_is_told_and_nothing_is_half_written(sqlite_hub_url: str) -> None:
    def fill(connection: Connection) -> None:
        add(connection)
        connection.execute(text("PRAGMA max_page_count=1"))
        connection.execute(text("CREATE TABLE big AS SELECT zeroblob(10000000) AS content"))

    async with opened(sqlite_hub_url) as database:
        with pytest.raises(StorageError, match="has no room left on its disk"):
            await database.write(fill)
        assert await database.read(count) == 0


async def test_a_server_that_does_not_answer_is_told(postgres_server: PostgresServer) -> None:
    told = await refusal("postgresql+psycopg://nobody@127.0.0.1:1/hub")
    assert told == "The database server 127.0.0.1:1 does not answer; start it or check HUB_DATABASE_URL."
    assert "lacks what the hub expects there" in await refusal(postgres_server.url("never_made"))


async def test_a_server_behind_a_socket_is_named_by_the_folder_of_it() -> None:
    told = await refusal("postgresql+psycopg://nobody@/hub?host=/nowhere")
    assert told == "The database server /nowhere does not answer; start it or check HUB_DATABASE_URL."


async def test_a_server_that_has_no_connection_left_is_told(postgresql_hub_url: str) -> None:
    async with opened(postgresql_hub_url) as database:
        await database.write(lambda connection: connection.execute(text("CREATE ROLE guest LOGIN CONNECTION LIMIT 1")))
        guest = database.url.set(username="guest").render_as_string(hide_password=False)
        try:
            async with opened(guest) as held:
                with held.engine.connect():
                    assert "has no connection left for the hub; let it have more" in await refusal(guest)
        finally:
            await database.write(lambda connection: connection.execute(text("DROP ROLE guest")))


async def test_the_password_of_a_server_is_told_to_nobody() -> None:
    assert "hush" not in await refusal("postgresql+psycopg://nobody:hush@127.0.0.1:1/hub")


async def test_a_lost_connection_is_told_and_the_next_one_is_good(postgresql_hub_url: str) -> None:
    def end(connection: Connection) -> None:
        connection.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))

    async with opened(postgresql_hub_url) as database:
        with pytest.raises(StorageError, match="does not answer"):
            await database.write(end)
        assert await database.read(count) == 0


async def test_sqlite_keeps_what_it_promised_when_the_power_fails(sqlite_url: str) -> None:
    async with opened(sqlite_url) as database:
        pragmas = await database.read(
            lambda connection: [
                connection.execute(text(f"PRAGMA {name}")).scalar_one()
                for name in ("synchronous", "foreign_keys", "busy_timeout", "journal_mode")
            ]
        )
    journal = "wal" if wal_is_safe(sqlite3.sqlite_version_info) else "truncate"
    assert pragmas == [2, 1, 15_000, journal]


@pytest.mark.parametrize(
    ("version", "safe"),
    [
        ((3, 40, 1), False),
        ((3, 44, 5), False),
        ((3, 44, 6), True),
        ((3, 46, 1), False),
        ((3, 50, 6), False),
        ((3, 50, 7), True),
        ((3, 51, 2), False),
        ((3, 51, 3), True),
        ((3, 60, 0), True),
    ],
)
def test_writing_ahead_is_for_the_releases_that_lose_no_commit(version: tuple[int, ...], safe: bool) -> None:
    assert wal_is_safe(version) is safe
