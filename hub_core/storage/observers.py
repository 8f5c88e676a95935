"""Up to which event each observer was told, and which process tells it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from sqlalchemy import and_, func, or_, select, update

from hub_core.storage.tables import events, observers
from hub_core.storage.upserts import insert_new

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from hub_core.storage.database import Database

LEASE: Final = timedelta(seconds=30)
_COLUMNS = observers.c


class ObserverRepository:
    """One process at a time tells an observer."""

    def __init__(self, connection: Connection, database: Database) -> None:
        """Work within the transaction of *connection*, by the clock of *database*."""
        self._connection = connection
        self._database = database

    def claim(self, name: str, owner: str) -> int | None:
        """Take the turn to tell *name*, or keep it, and give the last event it was told; None where others have it.

        One that is met for the first time is told what happens from now on.
        """
        newest = int(self._connection.execute(select(func.coalesce(func.max(events.c.id), 0))).scalar_one())
        self._connection.execute(insert_new(self._connection, observers), {"name": name, "after_event": newest})
        free = or_(_COLUMNS.owner.is_(None), _COLUMNS.owner == owner, _COLUMNS.until < self._database.now_sql())
        claimed = (
            update(observers)
            .where(_COLUMNS.name == name, free)
            .values(owner=owner, until=self._database.now_sql(LEASE))
            .returning(_COLUMNS.after_event)
        )
        row = self._connection.execute(claimed).first()
        return None if row is None else int(row.after_event)

    def told(self, name: str, owner: str, event: int) -> bool:
        """Note that *name* was told everything up to *event*; False where another process has the turn by now."""
        mine = and_(_COLUMNS.name == name, _COLUMNS.owner == owner)
        values = {"after_event": event, "until": self._database.now_sql(LEASE)}
        return self._connection.execute(update(observers).where(mine).values(**values)).rowcount > 0

    def let_go(self, owner: str) -> None:
        """Give all turns of *owner* back."""
        self._connection.execute(update(observers).where(_COLUMNS.owner == owner).values(owner=None, until=None))

    def has_news(self, name: str) -> bool:
        """Tell whether there is something that *name* was not told, or it is not known yet."""
        row = self._connection.execute(select(observers).where(_COLUMNS.name == name)).first()
        if row is None:
            return True
        newest = self._connection.execute(select(func.max(events.c.id))).scalar_one()
        return newest is not None and newest > row.after_event
