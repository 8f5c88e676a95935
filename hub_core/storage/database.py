"""The way to the database: a transaction is a function, run from its begin to its commit in one thread.

So it can neither be cancelled half way nor hold a lock while something else is awaited.
"""

from __future__ import annotations

import asyncio
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from contextvars import copy_context
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final, TypeVar
from typing import cast as taken_as

from sqlalchemy import (
    ColumnElement,
    Connection,
    Double,
    Interval,
    bindparam,
    cast,
    create_engine,
    event,
    func,
    literal,
    type_coerce,
)
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError

from hub_core.domain.errors import NotFoundError, SettingsError, StorageError
from hub_core.storage.types import DecimalSum, UtcDateTime
from hub_core.storage.writer import Writer

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from hub_core.domain.clock import Clock

Result = TypeVar("Result")

NO_TIME = timedelta(0)
BUSY_TIMEOUT_MS = 15_000
_NOT_UNDERSTOOD = "HUB_DATABASE_URL is not understood; write sqlite:///FILE or postgresql+psycopg://USER@HOST/NAME."
_TOO_LARGE = "There is nothing with so large a number; look the right one up in its list."
CACHE_KB = 8 * 1024
"""Room for the largest page of orders, so that it is written once, at its commit."""
_READERS = 4
_POSTGRES_THREADS = 12
_CONNECTING: Final = {
    "connect_timeout": 10,
    "keepalives_idle": 5,
    "keepalives_interval": 5,
    "keepalives_count": 2,
    "tcp_user_timeout": 15_000,
    "options": "-c statement_timeout=30000 -c timezone=UTC",
}
"""A server that vanished without a word is noticed after 15 s, also where nothing is sent to it."""
POSTGRES_MISSING: Final = (
    "A hub on PostgreSQL needs packages that are not installed here; install them: pip install 'hub-core[postgres]'"
)
_WAL_SAFE = ((3, 51, 3), (3, 50, 7), (3, 44, 6))
"""The SQLite releases in which WAL no longer loses commits of two connections, one per line."""


def wal_is_safe(version: tuple[int, ...]) -> bool:
    """Tell whether this SQLite may write ahead without losing commits."""
    newest, *lines = _WAL_SAFE
    return version >= newest or any(version[:2] == line[:2] and version >= line for line in lines)


def parse_url(url: str) -> URL:
    """Read a database URL. Raises SettingsError with what is supported."""
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        raise SettingsError(_NOT_UNDERSTOOD) from None  # what was wrong with it may be its password
    if parsed.drivername not in ("sqlite", "postgresql+psycopg"):
        raise SettingsError(_NOT_UNDERSTOOD)
    if parsed.drivername == "sqlite" and parsed.database in (None, "", ":memory:"):
        message = "HUB_DATABASE_URL names no file; write sqlite:///FILE, since a database in memory forgets everything."
        raise SettingsError(message)
    return parsed


class Database:
    """Runs reads and writes of one database, each in a thread of its own."""

    def __init__(self, url: str, clock: Clock) -> None:
        """Take the SQLAlchemy *url*; nothing is connected yet."""
        self.url = parse_url(url)
        self.clock = clock
        self.is_sqlite = self.url.drivername == "sqlite"
        try:
            self.engine = create_engine(self.url, hide_parameters=True, **_options(self.url))
        except ModuleNotFoundError as error:
            raise SettingsError(POSTGRES_MISSING) from error
        if self.is_sqlite:
            event.listen(self.engine, "connect", _prepare_sqlite)
            event.listen(self.engine, "begin", _begin_sqlite)
        self._reading = self._viewing = self.engine  # a transaction of SQLite sees one state in any case
        if not self.is_sqlite:
            self._reading = self.engine.execution_options(isolation_level="AUTOCOMMIT")
            self._viewing = self.engine.execution_options(isolation_level="REPEATABLE READ")
        self._writing = self.engine.execution_options(hub_writes=True)
        self._readers = ThreadPoolExecutor(_READERS if self.is_sqlite else _POSTGRES_THREADS, "hub-read")
        self._writers = ThreadPoolExecutor(1 if self.is_sqlite else _POSTGRES_THREADS, "hub-write")
        self._writer = Writer(self._writing, self._writers) if self.is_sqlite else None

    def connect_arguments(self) -> dict[str, Any]:
        """Give what psycopg connects with, as the hub's own connections to PostgreSQL do."""
        _, of_url = self.engine.dialect.create_connect_args(self.url)
        return {**of_url, **_CONNECTING}

    async def read(self, work: Callable[[Connection], Result]) -> Result:
        """Run *work*, which only reads."""
        return await _whole(_in(self._readers, lambda: self.read_now(work)))

    async def snapshot(self, work: Callable[[Connection], Result]) -> Result:
        """Run *work*, whose several reads must see the database as it was at one moment."""
        return await _whole(_in(self._readers, lambda: self.read_now(work, together=True)))

    async def read_to_write(self, work: Callable[[Connection], Result]) -> Result:
        """Run *work*, which only reads, and takes long, for something that is written right after it.

        On SQLite it runs in the thread that writes: what it makes is still at hand there, and two threads at work would
        only take turns.
        """
        return await _whole(_in(self._writers if self.is_sqlite else self._readers, lambda: self.read_now(work)))

    async def write(self, work: Callable[[Connection], Result]) -> Result:
        """Run *work* as one transaction: all of it or nothing, to its end even if the caller is cancelled."""
        if self._writer is None:
            return await _whole(_in(self._writers, lambda: self.write_now(work)))
        here = copy_context()
        written = self._writer.write(lambda connection: here.run(work, connection))
        try:
            return await _whole(asyncio.wrap_future(written))
        except IntegrityError:
            raise
        except (DBAPIError, sqlite3.Error) as error:
            raise _told(error, self.url) from error

    def read_now(self, work: Callable[[Connection], Result], *, together: bool = False) -> Result:
        """Run a read in this thread; *together*, all that it reads is of one moment."""
        try:
            with (self._viewing if together else self._reading).connect() as connection:
                return work(connection)
        except OverflowError as error:  # SQLite's; PostgreSQL's is a DataError
            raise NotFoundError(_TOO_LARGE) from error
        except DBAPIError as error:
            if getattr(error.orig, "sqlstate", None) == "22003":
                raise NotFoundError(_TOO_LARGE) from error
            raise _told(error, self.url) from error
        except sqlite3.Error as error:
            raise _told(error, self.url) from error

    def write_now(self, work: Callable[[Connection], Result]) -> Result:
        """Run a transaction in this thread."""
        try:
            with self._writing.begin() as connection:
                return work(connection)
        except IntegrityError:
            raise
        except (DBAPIError, sqlite3.Error) as error:  # the second at the begin, which is our own
            raise _told(error, self.url) from error

    def now_sql(self, plus: timedelta = NO_TIME) -> ColumnElement[datetime]:
        """Give the present moment as SQL: the database's clock on PostgreSQL, since its clients' clocks may differ."""
        if self.is_sqlite or getattr(self.clock, "virtual", False):
            return literal(self.clock.now() + plus, UtcDateTime)
        return type_coerce(func.clock_timestamp() + literal(plus, Interval), UtcDateTime)

    def clock_parameters(self, **after: timedelta) -> dict[str, datetime]:
        """Give moments so long *after* the present one, for a statement made with `moment`; none by its own clock."""
        is_bound = self.is_sqlite or getattr(self.clock, "virtual", False)
        return {name: self.clock.now() + plus for name, plus in after.items()} if is_bound else {}

    def epoch_sql(self) -> ColumnElement[float]:
        """Give the present moment as seconds since 1970, by the same clock."""
        if self.is_sqlite or getattr(self.clock, "virtual", False):
            return literal(self.clock.now().timestamp(), Double)
        return cast(func.extract("epoch", func.clock_timestamp()), Double)

    async def forget(self) -> None:
        """Let what was erased vanish from the files of SQLite as well: a journal holds what pages were before."""
        if self.is_sqlite:
            await _whole(_in(self._writers, self._truncate_journal))

    def _truncate_journal(self) -> None:
        with closing(self.engine.raw_connection()) as connection:
            connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")

    async def close(self) -> None:
        """Wait for what runs, then drop all connections."""
        await asyncio.to_thread(self._shut_down)

    def _shut_down(self) -> None:
        self._readers.shutdown()
        self._writers.shutdown()
        self.engine.dispose()


def _in(executor: ThreadPoolExecutor, work: Callable[[], Result]) -> asyncio.Future[Result]:
    """Run *work* in a thread, for whoever acts here."""
    return asyncio.get_running_loop().run_in_executor(executor, copy_context().run, work)


async def _whole(future: asyncio.Future[Result]) -> Result:
    """Wait for the end of some work; a cancellation waits for that and then goes on its way."""
    cancelled: asyncio.CancelledError | None = None
    while not future.done():
        try:
            await asyncio.wait({future})
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is not None:
        future.exception()
        raise cancelled
    return future.result()


def moment(name: str, plus: timedelta, *, is_bound: bool) -> ColumnElement[datetime]:
    """Give the present moment and *plus* for a statement that is made once: bound by *name*, or PostgreSQL's own."""
    if is_bound:
        return bindparam(name, type_=UtcDateTime)
    return type_coerce(func.clock_timestamp() + literal(plus, Interval), UtcDateTime)


def _options(url: URL) -> dict[str, Any]:
    if url.drivername == "sqlite":
        return {"connect_args": {"timeout": BUSY_TIMEOUT_MS / 1000, "check_same_thread": False}}
    return {
        "pool_size": _POSTGRES_THREADS,
        "max_overflow": _POSTGRES_THREADS,
        "pool_pre_ping": True,
        "connect_args": _CONNECTING,
    }


def _prepare_sqlite(connection: sqlite3.Connection, record: object) -> None:
    """Set up a new connection: we begin transactions ourselves, and the journal is one that cannot lose a commit."""
    del record
    connection.isolation_level = None
    connection.execute("PRAGMA foreign_keys=ON")
    connection.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA secure_delete=ON")  # what was erased is overwritten, also in copies of the file
    connection.execute(f"PRAGMA cache_size=-{CACHE_KB}")
    mode = "WAL" if wal_is_safe(sqlite3.sqlite_version_info) else "TRUNCATE"
    if connection.execute("PRAGMA journal_mode").fetchone()[0].upper() != mode:
        connection.execute(f"PRAGMA journal_mode={mode}")
    connection.create_aggregate("decimal_sum", 1, DecimalSum)  # type: ignore[arg-type] # typeshed knows only numbers


def _begin_sqlite(connection: Connection) -> None:
    """Take the write lock at once where a transaction will write, so that it cannot fail half way for want of it."""
    writes = connection.get_execution_options().get("hub_writes", False)
    dbapi = taken_as("sqlite3.Connection", connection.connection.dbapi_connection)
    dbapi.execute("BEGIN IMMEDIATE" if writes else "BEGIN")


_TOLD = {
    ("locked", "busy"): "is held by another program; close that one and try again.",
    ("readonly", "read-only"): "cannot be written; give the hub write access to its file and folder.",
    ("too many c", "connection slots"): "has no connection left for the hub; let it have more or run fewer processes.",
    ("i/o error",): "cannot be read or written; look whether its disk is sound.",
    ("is full", "no space"): "has no room left on its disk; make room and try again.",
    ("unable to open",): "cannot be opened; check that its folder exists and may be written.",
    ("not a database", "malformed"): "is damaged or no database at all; restore the last backup.",
    ("does not exist",): "lacks what the hub expects there; check HUB_DATABASE_URL.",
    ("connect", "terminat", "closed"): "does not answer; start it or check HUB_DATABASE_URL.",
}
"""What the databases answer, and what that means."""


def _told(error: DBAPIError | sqlite3.Error, url: URL) -> StorageError:
    """Say in plain words what the database answered."""
    answer = error.orig if isinstance(error, DBAPIError) else error
    text = str(answer).lower()
    where = url.database if url.drivername == "sqlite" else _server(url)
    for signs, said in _TOLD.items():
        if any(sign in text for sign in signs):
            return StorageError(f"The database {where} {said}")
    return StorageError(f"The database {where} refused what the hub asked ({type(answer).__name__}: {answer}).")


def _server(url: URL) -> str:
    """Name a server: by its host, or by the folder of its socket, which stands in the query where no host does."""
    place = url.host or url.query.get("host") or "on this machine"
    told = place if isinstance(place, str) else place[0]
    return f"server {told}" if url.host is None else f"server {told}:{url.port or 5432}"
