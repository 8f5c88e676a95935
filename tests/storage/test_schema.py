"""The database's version: made, checked, upgraded, copied."""

import sqlite3
import stat
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text

from hub_core import Hub
from hub_core.channels.registry import ChannelRegistry
from hub_core.domain.errors import SchemaError, StorageError
from hub_core.domain.events import NewEvent
from hub_core.storage import carrier, schema
from hub_core.storage.database import Database
from hub_core.storage.events import EventRepository
from hub_core.storage.tables import metadata
from hub_core.testing.clock import VirtualClock
from tests.hubs import NOW, settings


@pytest.fixture
def empty(database_url: str) -> Iterator[Database]:
    """A database without tables."""
    database = Database(database_url, VirtualClock(NOW))
    yield database
    database.engine.dispose()


@pytest.fixture
def ready(hub_url: str) -> Iterator[Database]:
    """A database with tables."""
    database = Database(hub_url, VirtualClock(NOW))
    yield database
    database.engine.dispose()


def execute(database: Database, statement: str) -> None:
    database.write_now(lambda connection: connection.execute(text(statement)))


def record(database: Database, count: int = 1) -> None:
    new = [NewEvent(type="something")] * count
    database.write_now(lambda connection: EventRepository(connection).record(new, NOW))


def test_an_empty_database_gets_its_tables(empty: Database) -> None:
    assert empty.read_now(schema.version_of) is None
    schema.prepare(empty)
    assert empty.read_now(schema.version_of) == schema.HEAD
    schema.prepare(empty)
    tables = empty.read_now(lambda connection: set(inspect(connection).get_table_names()))
    assert {table for table in tables if not table.startswith(carrier.PREFIX)} == {*metadata.tables, "alembic_version"}


def test_the_migrations_make_what_the_tables_say(ready: Database) -> None:
    def differences(connection: Connection) -> list[object]:
        options = {
            "compare_type": True,
            "compare_server_default": not ready.is_sqlite,  # it knows no IDENTITY
            "include_name": lambda name, *_: not str(name).startswith(carrier.PREFIX),
        }
        context = MigrationContext.configure(connection, opts=options)
        return list(compare_metadata(context, metadata))

    assert ready.read_now(differences) == []


def test_the_versions_are_those_of_the_migrations() -> None:
    scripts = ScriptDirectory(str(schema.MIGRATIONS))
    chain = [script.revision for script in scripts.walk_revisions()]
    assert schema.known_versions() == chain[::-1]
    assert scripts.get_current_head() == schema.HEAD == chain[0]


async def test_a_database_of_a_newer_version_is_refused_and_left_as_it_is(empty: Database) -> None:
    schema.prepare(empty)
    execute(empty, "UPDATE alembic_version SET version_num = '9999'")
    for use in (schema.prepare, schema.upgrade):
        with pytest.raises(SchemaError, match="is of a newer version of the hub"):
            use(empty)
    with pytest.raises(SchemaError, match="newer"):
        async with Hub.open(empty.url.render_as_string(False), settings=settings(), registry=ChannelRegistry.load([])):
            pass
    assert empty.read_now(schema.version_of) == "9999"


def test_two_who_find_a_database_empty_give_it_its_tables_once(
    empty: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    both = [empty, Database(empty.url.render_as_string(hide_password=False), VirtualClock(NOW))]
    assert [database.read_now(schema.version_of) for database in both] == [None, None]
    found_empty, configure = threading.Barrier(2, timeout=30), schema._config

    def configured() -> Config:
        found_empty.wait()
        return configure()

    monkeypatch.setattr(schema, "_config", configured)
    with ThreadPoolExecutor(2) as threads:
        assert list(threads.map(schema.upgrade, both)) == [schema.HEAD] * 2
    assert empty.read_now(schema.version_of) == schema.HEAD
    both[1].engine.dispose()


def test_a_database_that_a_newer_hub_upgrades_meanwhile_is_refused(
    empty: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    schema.prepare(empty)
    configure = schema._config

    def configured() -> Config:
        execute(empty, "UPDATE alembic_version SET version_num = '9999'")
        return configure()

    monkeypatch.setattr(schema, "_config", configured)
    with pytest.raises(SchemaError, match="is of a newer version of the hub"):
        schema.upgrade(empty)


def test_a_database_of_an_older_version_is_told_to_upgrade(ready: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    told = rf"is of an older version of the hub \({schema.HEAD}\); run: hub database upgrade"
    monkeypatch.setattr(schema, "HEAD", "9990")
    with pytest.raises(SchemaError, match=told):
        schema.prepare(ready)


def test_an_upgrade_copies_an_embedded_database_first(
    sqlite_hub_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    database = Database(sqlite_hub_url, VirtualClock(NOW))
    record(database)
    monkeypatch.setattr(schema, "HEAD", "9990")
    schema.upgrade(database)
    database.engine.dispose()
    with closing(sqlite3.connect(tmp_path / "hub.db.before-9990")) as copy:
        assert copy.execute("SELECT count(*) FROM events").fetchone() == (1,)


def test_an_upgrade_that_is_repeated_keeps_each_copy(
    sqlite_hub_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    database = Database(sqlite_hub_url, VirtualClock(NOW))
    monkeypatch.setattr(schema, "HEAD", "9990")
    for _ in range(3):
        record(database)
        schema.upgrade(database)
    database.engine.dispose()
    copies = ("hub.db.before-9990", "hub.db.before-9990.2", "hub.db.before-9990.3")
    assert [events_in(tmp_path / name) for name in copies] == [[1], [1, 2], [1, 2, 3]]


def test_upgrading_what_is_new_already_changes_nothing(ready: Database, tmp_path: Path) -> None:
    record(ready)
    before = sorted(tmp_path.iterdir())
    assert schema.upgrade(ready) == schema.HEAD
    assert sorted(tmp_path.iterdir()) == before
    assert schema.check(ready) == []


def test_a_sound_database_passes_the_check(ready: Database) -> None:
    assert schema.check(ready) == []
    record(ready, 3)
    assert schema.check(ready) == []


def test_the_check_finds_events_that_are_missing(ready: Database) -> None:
    record(ready, 5)
    execute(ready, "DELETE FROM events WHERE id IN (2, 3)")
    assert schema.check(ready) == ["events 1 to 5 have gaps: 3 are there"]


@pytest.fixture
def file(sqlite_hub_url: str) -> Iterator[Database]:
    """An embedded database with something in it."""
    database = Database(sqlite_hub_url, VirtualClock(NOW))
    record(database, 3)
    yield database
    database.engine.dispose()


def test_the_check_finds_a_table_that_is_missing(file: Database) -> None:
    execute(file, "DROP TABLE rejects")
    assert schema.check(file) == ["the table rejects is missing"]


def test_a_copy_of_what_is_no_database_says_where_to_look(file: Database, tmp_path: Path) -> None:
    Path(str(file.url.database)).write_bytes(b"no database at all" * 100)
    with pytest.raises(StorageError, match="run 'hub database check'"):
        schema.backup(file, tmp_path / "copy.db")
    assert not (tmp_path / "copy.db").exists()


def test_the_check_finds_rows_that_point_to_nothing(sqlite_hub_url: str) -> None:
    database = Database(sqlite_hub_url, VirtualClock(NOW))
    with closing(sqlite3.connect(str(database.url.database))) as connection, connection:
        connection.execute("INSERT INTO order_revisions VALUES (7, 2, 1, '2026-01-01', '[]')")
    assert schema.check(database) == ["a row of order_revisions points to nothing"]
    database.engine.dispose()


def events_in(copy: Path) -> list[int]:
    with closing(sqlite3.connect(copy)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        return [row[0] for row in connection.execute("SELECT id FROM events ORDER BY id")]


def test_a_copy_holds_everything_and_is_for_its_owner_only(file: Database, tmp_path: Path) -> None:
    schema.backup(file, tmp_path / "copy.db")
    assert events_in(tmp_path / "copy.db") == [1, 2, 3]
    assert stat.S_IMODE((tmp_path / "copy.db").stat().st_mode) == 0o600


def test_a_copy_never_overwrites_a_file(file: Database, tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("Dear reader")
    with pytest.raises(StorageError, match="is there already; name a new file"):
        schema.backup(file, tmp_path / "letter.txt")
    assert (tmp_path / "letter.txt").read_text() == "Dear reader"


def test_a_copy_into_a_folder_that_is_not_there_is_refused(file: Database, tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="name a file in a folder that may be written"):
        schema.backup(file, tmp_path / "nowhere" / "copy.db")


def test_a_copy_of_what_is_being_written_is_consistent(file: Database, tmp_path: Path) -> None:
    done = threading.Event()
    begun = threading.Event()

    def write() -> None:
        while not done.is_set():
            record(file, 2)
            begun.set()

    writer = threading.Thread(target=write)
    writer.start()
    begun.wait()
    for number in range(5):
        schema.backup(file, tmp_path / f"copy-{number}.db")
    done.set()
    writer.join()
    for number in range(5):
        ids = events_in(tmp_path / f"copy-{number}.db")
        assert ids == list(range(1, len(ids) + 1))
        assert len(ids) % 2 == 1  # three, and then two at a time


def test_a_copy_of_a_server_s_database_is_left_to_its_own_tool(postgresql_hub_url: str, tmp_path: Path) -> None:
    database = Database(postgresql_hub_url, VirtualClock(NOW))
    with pytest.raises(StorageError, match="run: pg_dump"):
        schema.backup(database, tmp_path / "copy.db")
    assert not (tmp_path / "copy.db").exists()
