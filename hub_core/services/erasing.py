"""Erasing orders of their personal data: when somebody asks for it, and when the time that a rule gives has passed."""

from __future__ import annotations

import json
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Final

from hub_core.domain.audit import NewAudit, Subject
from hub_core.domain.events import NewEvent
from hub_core.storage.audit import AuditRepository
from hub_core.storage.chores import ChoreRepository
from hub_core.storage.erasure import ErasureRepository
from hub_core.storage.events import EventRepository

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

    from hub_core.services.parts import Parts

CHORE: Final = "erasure"
EVERY: Final = timedelta(days=1)
LONGEST: Final = timedelta(hours=1)
"""After which a process that has begun is taken for dead, and another one begins."""
BATCH: Final = 100


class Erasing:
    """Erases orders of what tells of the people who placed them; figures, SKUs, totals and identities stay."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def erase(self, order_id: int) -> None:
        """Erase an order, with all that other identities of its store hold of it."""
        await self._parts.database.write(lambda connection: self._erase(connection, [order_id]))
        await self._parts.database.forget()

    async def erase_due(self) -> int:
        """Erase what the rules of integrations say, unless that was done today; tell how many orders that were."""
        database, now = self._parts.database, self._parts.clock.now()
        if not await database.read(lambda connection: ChoreRepository(connection).is_due(CHORE, now)):
            return 0
        if not await database.write(lambda connection: ChoreRepository(connection).claim(CHORE, now, now + LONGEST)):
            return 0
        count = 0
        for integration_id, name, rules in await database.read(
            lambda connection: ErasureRepository(connection).ruled()
        ):
            days = json.loads(rules).get("personal_data_days")
            if days is not None:
                count += await self._erase_old(Subject("integration", integration_id, name), now - timedelta(days=days))
        if count:
            await database.forget()
        await database.write(lambda connection: ChoreRepository(connection).put_off(CHORE, now + EVERY))
        return count

    async def _erase_old(self, integration: Subject, before: datetime) -> int:
        count = 0
        ids = await self._done(integration, before, 0)
        while ids:
            count += await self._parts.database.write(partial(self._erase, ids=ids, by_rule_of=integration))
            ids = await self._done(integration, before, ids[-1])
        return count

    async def _done(self, integration: Subject, before: datetime, after: int) -> list[int]:
        return await self._parts.database.read(
            lambda connection: ErasureRepository(connection).done(int(integration.id or 0), before, after, BATCH)
        )

    def _erase(self, connection: Connection, ids: list[int], by_rule_of: Subject | None = None) -> int:
        """Erase orders and their twins; tell how many that were. What was erased before makes no event."""
        repository, now = ErasureRepository(connection), self._parts.clock.now()
        fresh = repository.erase(repository.with_twins(ids), now)
        told = [
            NewEvent(
                "order.erased", row.integration_id, row.id, None, {"external_id": row.external_id, "number": row.number}
            )
            for row in fresh
        ]
        EventRepository(connection).record(told, now)
        if fresh:
            first = Subject("order", ids[0], next((row.number for row in fresh if row.id == ids[0]), ""))
            after = {"orders": [row.id for row in fresh]}
            AuditRepository(connection).record(NewAudit("order.erased", by_rule_of or first, after=after), now)
        return len(fresh)
