"""The secret part of the address at which a platform tells of grants and revocations, one for each channel."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from hub_core.storage.tables import callbacks
from hub_core.storage.upserts import insert_new, upsert

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection


class CallbackRepository:
    """The sealed secrets."""

    def __init__(self, connection: Connection) -> None:
        """Work within the transaction of *connection*."""
        self._connection = connection

    def secret(self, channel: str) -> str | None:
        """Give the sealed secret of a channel."""
        return self._connection.execute(
            select(callbacks.c.secret).where(callbacks.c.channel == channel)
        ).scalar_one_or_none()

    def keep(self, channel: str, sealed: str, at: datetime) -> str:
        """Keep a secret unless there is one already, and give the one that is there then."""
        row = {"channel": channel, "secret": sealed, "created_at": at}
        self._connection.execute(insert_new(self._connection, callbacks), row)
        return self.secret(channel) or sealed

    def replace(self, channel: str, sealed: str, at: datetime) -> None:
        """Put another secret in the place of one."""
        row = {"channel": channel, "secret": sealed, "created_at": at}
        self._connection.execute(upsert(self._connection, callbacks, ("channel",), ("secret", "created_at")), row)
