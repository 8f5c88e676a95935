"""The moments at which a process can be killed: before each statement, before each commit, and just after it."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from typing import Any, Final, NoReturn

from sqlalchemy import Engine, event
from sqlalchemy.exc import OperationalError

FAULTS: Final = {
    "full": "database or disk is full",
    "io": "disk I/O error",
    "busy": "database is locked",
    "memory": "out of memory",
    "reset": "server closed the connection unexpectedly",
}
"""What a database may answer instead of doing what it was asked for."""


class Points:
    """Counts the moments in this process, and lets something happen at one of them."""

    def __init__(self, at: int | None, act: Callable[[str], None]) -> None:
        self.count = 0
        self.fired = 0
        self._at = at
        self._act = act
        event.listen(Engine, "before_cursor_execute", self._before_statement)
        event.listen(Engine, "commit", self._before_commit)

    def end(self) -> None:
        """Let nothing happen any more."""
        event.remove(Engine, "before_cursor_execute", self._before_statement)
        event.remove(Engine, "commit", self._before_commit)

    def _before_statement(self, connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        del connection, cursor, rest
        self._pass(statement)

    def _before_commit(self, connection: Any) -> None:
        del connection
        self._pass("COMMIT")

    def _pass(self, statement: str) -> None:
        self.count += 1
        if self._at is not None and self.count >= self._at:
            self.fired += 1
            self._act(statement)


def kill(statement: str) -> NoReturn:
    """End this process as nothing in it can hear."""
    del statement
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("unreachable")


def fails(kind: str, *, for_ever: bool) -> Callable[[str], None]:
    """Let the database refuse one statement, or all from that one on."""
    left = [1]

    def fail(statement: str) -> None:
        if for_ever or left:
            left.clear()
            raise OperationalError(statement, {}, Exception(FAULTS[kind]), connection_invalidated=kind == "reset")

    return fail
