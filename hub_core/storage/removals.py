"""Integrations whose removal was begun and is not done."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, select

from hub_core.storage.integrations import IntegrationRepository, IntegrationRow
from hub_core.storage.tables import hints, integrations

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection


class RemovalRepository:
    """What is left of removed integrations."""

    def __init__(self, connection: Connection) -> None:
        """Work within the transaction of *connection*."""
        self._connection = connection

    def abandoned(self, before: datetime) -> list[IntegrationRow]:
        """List those that were removed *before* that moment and still have credentials."""
        columns = integrations.c
        statement = select(columns.id).where(columns.removed_at <= before, columns.credentials.is_not(None))
        ids = self._connection.execute(statement.order_by(columns.id)).scalars()
        found = [IntegrationRepository(self._connection).get(one) for one in ids]
        return [row for row in found if row is not None]

    def forget_hints(self, integration_id: int) -> None:
        """Forget which orders its store hinted at."""
        self._connection.execute(delete(hints).where(hints.c.integration_id == integration_id))
