"""Where the read of a store's listings stands; it lies among the searches, but is none for orders."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import and_, select, update

from hub_core.domain.integrations import Flow
from hub_core.storage.tables import searches
from hub_core.storage.upserts import upsert

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Connection

_NAME: Final = Flow.LISTINGS.value


@dataclass(slots=True)
class ListingRead:
    """A read of all listings that began at *began_at* and has come to *cursor*.

    *changed*: it met something by which other targets may follow, though no link has changed. *blind*: it met a
    record that could neither be read nor named, so nobody can tell what is gone.
    """

    began_at: datetime
    cursor: Any = None
    changed: bool = False
    blind: bool = False


class ListingReadRepository:
    """Reads of listings as rows, one for each integration."""

    def __init__(self, connection: Connection, integration_id: int) -> None:
        """Work within the transaction of *connection*."""
        self._connection = connection
        self._integration_id = integration_id

    def under_way(self) -> ListingRead | None:
        """Give the read that has begun and not ended."""
        statement = select(searches.c.began_at, searches.c.cursor).where(self._key(), searches.c.began_at.is_not(None))
        row = self._connection.execute(statement).first()
        if row is None:
            return None
        return ListingRead(row.began_at, **({} if row.cursor is None else json.loads(row.cursor)))

    def begin(self, at: datetime) -> None:
        """Note that a read begins, also in place of one that cannot go on."""
        values = {"began_at": at, "cursor": None}
        statement = upsert(self._connection, searches, ("integration_id", "search"), tuple(values))
        key = {"integration_id": self._integration_id, "search": _NAME}
        self._connection.execute(statement, {**key, "due_at": at, **values})

    def advance(self, read: ListingRead) -> None:
        """Note how far a read has come."""
        place = {"cursor": read.cursor, "changed": read.changed, "blind": read.blind}
        self._connection.execute(update(searches).where(self._key()).values(cursor=json.dumps(place)))

    def complete(self, read: ListingRead, at: datetime) -> None:
        """Note that a read has come to the end."""
        self._connection.execute(
            update(searches)
            .where(self._key())
            .values(watermark=read.began_at, completed_at=at, began_at=None, cursor=None)
        )

    def _key(self) -> ColumnElement[bool]:
        return and_(searches.c.integration_id == self._integration_id, searches.c.search == _NAME)
