"""Dropping, once a day, what is too old: a little at a time, so that neither anybody waits nor memory grows."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from sqlalchemy import select

from hub_core.domain.retention import EVENTS_KEPT, RUNS_KEPT, TEXTS_KEPT
from hub_core.storage.chores import ChoreRepository
from hub_core.storage.retention import RetentionRepository

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from hub_core.services.parts import Parts

CHORE: Final = "retention"
EVERY: Final = timedelta(days=1)
LONGEST: Final = timedelta(hours=1)
"""After which a process that has begun is taken for dead, and another one begins; two at once harm nothing."""
AT_ONCE: Final = 20
"""Transactions before other chores have their turn."""


class Retention:
    """Drops old events, runs and texts, in whichever process comes first."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._begun: _Round | None = None

    async def drop_some(self) -> int:
        """Drop some of what is too old, unless all of it was today, and tell how many rows that were."""
        begun, self._begun = self._begun or await self._claim(), None
        if begun is None:
            return 0
        count = 0
        for _ in range(AT_ONCE):
            dropped = await self._parts.database.write(begun.step)
            if dropped is None:
                await self._end()
                return count
            count += dropped
        self._begun = begun  # only here: what failed is begun anew
        return count

    async def _claim(self) -> _Round | None:
        """Begin, where that is due, with what is too old now by the database's clock."""
        database, now = self._parts.database, self._parts.clock.now()
        if not await database.read(lambda connection: ChoreRepository(connection).is_due(CHORE, now)):
            return None
        if not await database.write(lambda connection: ChoreRepository(connection).claim(CHORE, now, now + LONGEST)):
            return None
        return _Round(await database.read(lambda one: one.execute(select(database.now_sql())).scalar_one()))

    async def _end(self) -> None:
        later = self._parts.clock.now() + EVERY
        await self._parts.database.forget()
        await self._parts.database.write(lambda connection: ChoreRepository(connection).put_off(CHORE, later))


class _Round:
    """The work of one day, as far as it is left."""

    def __init__(self, now: datetime) -> None:
        self._texts, self._runs, self._events = now - TEXTS_KEPT, now - RUNS_KEPT, now - EVENTS_KEPT
        self._after: int | None = 0
        self._left = [self._drop_events, self._drop_runs, self._drop_texts_of_rejects, self._drop_texts_of_orders]

    def step(self, connection: Connection) -> int | None:
        """Drop a few rows and tell how many; None where nothing is left to do."""
        rows = RetentionRepository(connection)
        while self._left:
            dropped = self._left[-1](rows)
            if dropped is not None:
                return dropped
            self._left.pop()
        return None

    def _drop_texts_of_orders(self, rows: RetentionRepository) -> int | None:
        return rows.drop_texts_of_orders(self._texts) or None

    def _drop_texts_of_rejects(self, rows: RetentionRepository) -> int | None:
        return rows.drop_texts_of_rejects(self._texts) or None

    def _drop_runs(self, rows: RetentionRepository) -> int | None:
        """Look at the next few runs: some of the old ones stay."""
        if self._after is None:
            return None
        ids, self._after = rows.old_runs(self._after, self._runs)
        return rows.drop_runs(ids) if ids else 0

    def _drop_events(self, rows: RetentionRepository) -> int | None:
        return rows.drop_events(self._events) or None
