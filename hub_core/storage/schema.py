"""The database's version: making it, checking it, upgrading it, copying it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from itertools import chain, count
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import inspect, text

from hub_core.domain.errors import SchemaError, StorageError
from hub_core.storage.tables import metadata

if TYPE_CHECKING:
    from alembic.config import Config
    from sqlalchemy import Connection

    from hub_core.storage.database import Database

HEAD = "0009"
"""The newest migration; a test holds it against the files."""

MIGRATIONS = Path(__file__).parent / "migrations"
_MIGRATING = 0x4875_624D_6967
"""The number of the lock under which a PostgreSQL database is migrated; no other lock has it."""


def version_of(connection: Connection) -> str | None:
    """Tell which migration a database has come to; None says that it is empty."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()


def known_versions() -> list[str]:
    """List the migrations that this hub knows, oldest first."""
    return sorted(path.name.split("_", 1)[0] for path in (MIGRATIONS / "versions").glob("[0-9]*.py"))


def prepare(database: Database) -> None:
    """Make the tables of an empty database, and refuse one of another version."""
    version = database.read_now(version_of)
    _refuse_newer(version)
    if version is None:
        upgrade(database)
    elif version != HEAD:
        message = f"The database is of an older version of the hub ({version}); run: hub database upgrade"
        raise SchemaError(message)


def _refuse_newer(version: str | None) -> None:
    if version is not None and version not in known_versions():
        message = (
            f"The database is of a newer version of the hub (migration {version}, this one knows {HEAD}); "
            "install that version or choose another database with HUB_DATABASE_URL."
        )
        raise SchemaError(message)


def upgrade(database: Database) -> str:
    """Bring the tables to the newest version, after a copy of an embedded database that holds something."""
    from alembic import command  # noqa: PLC0415 - half a second that only an upgrade needs

    version = database.read_now(version_of)
    _refuse_newer(version)
    if version is not None and version != HEAD and database.is_sqlite:
        backup(database, _free_name(f"{database.url.database}.before-{HEAD}"))
    config = _config()

    def migrate(connection: Connection) -> None:
        _wait_for_others(connection)
        version = version_of(connection)
        _refuse_newer(version)
        if version != HEAD:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")

    database.write_now(migrate)
    return HEAD


def _wait_for_others(connection: Connection) -> None:
    """Let only one process migrate at a time; on SQLite the transaction itself sees to that."""
    if connection.dialect.name == "postgresql":
        # Neither the wait for another's migration nor the migration is a statement that hangs.
        connection.execute(text("SELECT set_config('statement_timeout', '0', true)"))
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATING})


def _free_name(wanted: str) -> Path:
    """Give *wanted*, or the first numbered name after it, so that an upgrade that failed can be repeated."""
    numbered = (Path(f"{wanted}.{number}") for number in count(2))
    return next(path for path in chain([Path(wanted)], numbered) if not path.exists())


def _config() -> Config:
    from alembic.config import Config  # noqa: PLC0415 - as above

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    return config


def backup(database: Database, target: Path) -> None:
    """Copy an embedded database into *target*, consistently, while it is in use. Never overwrites a file."""
    if not database.is_sqlite:
        message = "A PostgreSQL database is copied with its own tool; run: pg_dump --format=custom --file=FILE DATABASE"
        raise StorageError(message)
    try:
        target.touch(mode=0o600, exist_ok=False)
    except FileExistsError as error:
        message = f"{target} is there already; name a new file."
        raise StorageError(message) from error
    except OSError as error:
        message = f"{target} cannot be written ({error.strerror}); name a file in a folder that may be written."
        raise StorageError(message) from error
    try:
        with closing(sqlite3.connect(str(database.url.database))) as source, closing(sqlite3.connect(target)) as copy:
            source.backup(copy)
    except sqlite3.Error as error:
        target.unlink(missing_ok=True)
        damaged = isinstance(error, sqlite3.DatabaseError) and not isinstance(error, sqlite3.OperationalError)
        advice = "run 'hub database check'" if damaged else "make room on the disk and try again"
        message = f"The copy failed ({error}); {advice}."
        raise StorageError(message) from error


def check(database: Database) -> list[str]:
    """Look for damage: list what is wrong, nothing where all is well."""

    def look(connection: Connection) -> list[str]:
        there = inspect(connection).get_table_names()
        missing = [f"the table {name} is missing" for name in metadata.tables if name not in there]
        if missing or not database.is_sqlite:
            return missing or _gaps(connection)
        damage = [row[0] for row in connection.execute(text("PRAGMA integrity_check")) if row[0] != "ok"]
        broken = [
            f"a row of {row[0]} points to nothing" for row in connection.execute(text("PRAGMA foreign_key_check"))
        ]
        return damage + broken + _gaps(connection)

    return database.read_now(look)


def _gaps(connection: Connection) -> list[str]:
    row = connection.execute(text("SELECT count(*) AS n, min(id) AS low, max(id) AS high FROM events")).one()
    if row.n and row.high - row.low + 1 != row.n:
        return [f"events {row.low} to {row.high} have gaps: {row.n} are there"]
    return []
