"""The one thread that writes a SQLite file: what waits for its turn there is committed together.

A commit that survives a power cut takes the disk some milliseconds, and many times that when it is busy, however little
was written. With many flows at work it is what they would all wait for. Each transaction still is all or nothing, and
its caller goes on only when it is safe.
"""

from __future__ import annotations

import sqlite3
import time
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, cast

from sqlalchemy.exc import DBAPIError, IntegrityError

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from sqlalchemy import Connection, Engine

TOGETHER_SECONDS: Final = 0.05
"""How long transactions are taken into one commit: no caller waits long for others, nor does another process."""


@dataclass(slots=True)
class _Piece:
    """One transaction, and who waits for it."""

    work: Callable[[Connection], Any]
    waits: Future[Any] = field(default_factory=Future)
    result: Any = None
    error: BaseException | None = None

    def settle(self) -> None:
        """Tell how it ended."""
        if self.error is None:
            self.waits.set_result(self.result)
        else:
            self.waits.set_exception(self.error)


class Writer:
    """Writes by *engine* in the thread of *threads*."""

    def __init__(self, engine: Engine, threads: ThreadPoolExecutor) -> None:
        self._engine = engine
        self._threads = threads
        self._pieces: deque[_Piece] = deque()

    def write(self, work: Callable[[Connection], Any]) -> Future[Any]:
        """Have *work* done as one transaction. Its own errors are those of the future, and so are the database's."""
        piece = _Piece(work)
        self._pieces.append(piece)
        self._threads.submit(self._some)
        return piece.waits

    def _some(self) -> None:
        """Do the first piece that waits, and those that wait behind it; nothing where an earlier call has done that."""
        pieces: list[_Piece] = []
        try:
            if self._pieces:
                with self._engine.begin() as connection:
                    self._together(connection, pieces)
        except (DBAPIError, sqlite3.Error) as error:  # the file's, not that of a piece: nothing of them was kept
            pieces = pieces or [self._pieces.popleft()]
            for piece in pieces:
                piece.error = error
        for piece in pieces:
            piece.settle()

    def _together(self, connection: Connection, pieces: list[_Piece]) -> None:
        until = time.monotonic() + TOGETHER_SECONDS
        while self._pieces and (not pieces or time.monotonic() < until):
            piece = self._pieces.popleft()
            pieces.append(piece)
            with _Savepoint(connection, piece):
                piece.result = piece.work(connection)


class _Savepoint(AbstractContextManager[None]):
    """Undoes a piece that fails, and notes why, but for faults of the file, which end the whole transaction."""

    def __init__(self, connection: Connection, piece: _Piece) -> None:
        self._file = cast("sqlite3.Connection", connection.connection.dbapi_connection)
        self._piece = piece

    def __enter__(self) -> None:
        # Not by SQLAlchemy: the hub's own statements are told there, and this is none.
        self._file.execute("SAVEPOINT piece")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        if isinstance(error, (DBAPIError, sqlite3.Error)) and not isinstance(error, IntegrityError):
            return False
        if error is not None:
            self._file.execute("ROLLBACK TO piece")
        self._file.execute("RELEASE piece")
        self._piece.error = error
        return True
