"""The processes that run flows, as rows that they write of themselves."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from sqlalchemy import delete, select

from hub_core.storage.tables import engine_processes
from hub_core.storage.upserts import upsert

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

    from hub_core.storage.database import Database

SILENCE: Final = timedelta(seconds=15)
"""After which a process that said nothing is taken to be gone: it says something every five seconds."""
_FORGOTTEN: Final = timedelta(days=1)
_SAYS: Final = ("kind", "host", "pid", "version", "seen_at", "slots", "busy", "channels")


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineProcess:
    """A process that runs flows: *slots* is how many at once, *channels* are those whose plugins it has loaded."""

    name: str
    kind: str
    host: str
    pid: int
    version: str
    slots: int
    busy: int
    channels: Sequence[str]


class ProcessRepository:
    """Engine processes, those of the last day."""

    def __init__(self, connection: Connection, database: Database) -> None:
        """Work within the transaction of *connection*, by the clock of *database*."""
        self._connection = connection
        self._database = database

    def tell(self, process: EngineProcess) -> None:
        """Write that a process is there, and forget those that have long been silent."""
        now = self._database.now_sql()
        row = {**asdict(process), "channels": json.dumps(process.channels)}
        written = upsert(self._connection, engine_processes, ["name"], _SAYS)
        self._connection.execute(written.values(**row, started_at=now, seen_at=now))
        long_silent = engine_processes.c.seen_at < self._database.now_sql(-_FORGOTTEN)
        self._connection.execute(delete(engine_processes).where(long_silent))

    def remove(self, name: str) -> None:
        """Write that a process has ended."""
        self._connection.execute(delete(engine_processes).where(engine_processes.c.name == name))

    def there(self) -> list[tuple[EngineProcess, datetime]]:
        """List the processes that are there, oldest first, each with when it last said so."""
        columns = engine_processes.c
        found = select(engine_processes).where(columns.seen_at >= self._database.now_sql(-SILENCE))
        return [
            (
                EngineProcess(
                    name=row.name,
                    kind=row.kind,
                    host=row.host,
                    pid=row.pid,
                    version=row.version,
                    slots=row.slots,
                    busy=row.busy,
                    channels=tuple(json.loads(row.channels)),
                ),
                row.seen_at,
            )
            for row in self._connection.execute(found.order_by(columns.started_at, columns.name))
        ]
