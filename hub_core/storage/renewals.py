"""Whose turn it is to renew the credentials of an integration."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import or_, select, update

from hub_core.storage.tables import integrations, renewals
from hub_core.storage.upserts import insert_new

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

    from hub_core.storage.database import Database

LEASE: Final = timedelta(seconds=90)
"""Longer than a renewal may take, so that no two overlap."""


class RenewalRepository:
    """One process at a time renews the credentials of an integration."""

    def __init__(self, connection: Connection, database: Database) -> None:
        """Work within the transaction of *connection*."""
        self._connection = connection
        self._database = database

    def claim(self, integration_id: int, owner: str) -> bool:
        """Take the turn; False where another one has it."""
        self._connection.execute(insert_new(self._connection, renewals), {"integration_id": integration_id})
        now = self._database.now_sql()
        free = or_(renewals.c.until.is_(None), renewals.c.until < now)
        mine = {"owner": owner, "until": self._database.now_sql(LEASE)}
        return self._change(integration_id, free, mine) > 0

    def release(self, integration_id: int, owner: str) -> None:
        """Give the turn back, where it is still that of *owner*."""
        self._change(integration_id, renewals.c.owner == owner, {"owner": None, "until": None})

    def refused_at(self, integration_id: int) -> datetime | None:
        """Tell when credentials were last renewed since the store had refused them."""
        found = select(renewals.c.refused_at).where(renewals.c.integration_id == integration_id)
        return self._connection.execute(found).scalar_one_or_none()

    def note_refusal(self, integration_id: int, at: datetime) -> None:
        """Note that they are renewed since the store refuses them."""
        self._connection.execute(insert_new(self._connection, renewals), {"integration_id": integration_id})
        self._connection.execute(
            update(renewals).where(renewals.c.integration_id == integration_id).values(refused_at=at)
        )

    def store(self, integration_id: int, before: str, sealed: str) -> bool:
        """Put renewed credentials in the place of those *before*; False where others were stored meanwhile."""
        unchanged = integrations.c.credentials == before
        change = update(integrations).where(integrations.c.id == integration_id, unchanged).values(credentials=sealed)
        return self._connection.execute(change).rowcount > 0

    def _change(self, integration_id: int, condition: Any, values: dict[str, Any]) -> int:
        change = update(renewals).where(renewals.c.integration_id == integration_id, condition).values(**values)
        return self._connection.execute(change).rowcount
