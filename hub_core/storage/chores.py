"""When what is done once in a while is due: by one process at a time, and not more often after a restart."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select, update

from hub_core.storage.tables import counters
from hub_core.storage.upserts import insert_new, upsert

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection


class ChoreRepository:
    """The moments, as seconds since 1970."""

    def __init__(self, connection: Connection) -> None:
        """Work within the transaction of *connection*."""
        self._connection = connection

    def is_due(self, chore: str, now: datetime) -> bool:
        """Tell whether a chore is due; one that never was done is."""
        found = self._connection.execute(select(counters.c.value).where(counters.c.name == _name(chore)))
        due_at = found.scalar_one_or_none()
        return due_at is None or due_at <= now.timestamp()

    def claim(self, chore: str, now: datetime, until: datetime) -> bool:
        """Take a chore that is due, until another may take it; False where somebody else has."""
        self._connection.execute(insert_new(self._connection, counters), {"name": _name(chore), "value": 0})
        mine = update(counters).where(counters.c.name == _name(chore), counters.c.value <= int(now.timestamp()))
        return self._connection.execute(mine.values(value=int(until.timestamp()))).rowcount > 0

    def put_off(self, chore: str, until: datetime) -> None:
        """Say when a chore is due again."""
        row = {"name": _name(chore), "value": int(until.timestamp())}
        self._connection.execute(upsert(self._connection, counters, ("name",), ("value",)), row)


def _name(chore: str) -> str:
    return f"chore:{chore}"
