"""What the health of a flow depends on beside its own rows: who works, and which stores let nothing through."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Self

from hub_core.storage.processes import EngineProcess, ProcessRepository
from hub_core.storage.standings import StandingRepository

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from hub_core.storage.database import Database


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The engine's *processes*, each with when it was seen, and until when budgets are *closed*; all of that *now*."""

    now: datetime
    processes: Sequence[tuple[EngineProcess, datetime]] = ()
    closed: Mapping[str, datetime] = field(default_factory=dict)

    @classmethod
    def read(cls, connection: Connection, database: Database) -> Self:
        """Look around, in two statements."""
        processes = ProcessRepository(connection, database).there()
        closed = StandingRepository(connection, database).closed_budgets()
        return cls(database.clock.now(), processes, closed)

    def workers(self, channel: str) -> list[EngineProcess]:
        """List the processes that work on a channel."""
        return [process for process, _ in self.processes if channel in process.channels]

    def closed_until(self, channel: str, store: str) -> datetime | None:
        """Tell until when a store, or all of a channel, lets nothing through; None where it does."""
        found = (self.closed.get(scope) for scope in (channel, f"{channel}/{store}"))
        return max(filter(None, found), default=None)
