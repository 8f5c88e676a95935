"""Finding orders that the hub holds."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from pydantic import AwareDatetime, BaseModel, ConfigDict
from sqlalchemy import ColumnElement, Select, exists, literal, or_, select, tuple_

from hub_core.domain.orders import OrderStatus, StoredOrder
from hub_core.storage.tables import order_lines, order_revisions, orders
from hub_core.storage.types import UtcDateTime

if TYPE_CHECKING:
    from sqlalchemy import Connection

_SHOWN = (
    orders.c.id,
    orders.c.integration_id,
    orders.c.revision,
    orders.c.history,
    orders.c.same_as,
    orders.c.erased_at,
    orders.c.placed_at,
    orders.c.document,
)


class OrderFilter(BaseModel):
    """Which orders are looked for; what is None does not matter. *q* is found in numbers, buyers and SKUs."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    integration: int | None = None
    status: OrderStatus | None = None
    placed_after: AwareDatetime | None = None
    placed_before: AwareDatetime | None = None
    updated_after: AwareDatetime | None = None
    number: str | None = None
    sku: str | None = None
    q: str | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        """Give it as SQL."""
        given = self.model_dump(exclude_none=True)
        return [_CONDITIONS[name](value) for name, value in given.items()]


def _has_line(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists().where(order_lines.c.order_id == orders.c.id, order_lines.c.gone.is_(False), condition)


def _found_anywhere(text: str) -> ColumnElement[bool]:
    return or_(
        orders.c.number == text,
        orders.c.external_id == text,
        _has_line(order_lines.c.sku == text),
        orders.c.document.icontains(json.dumps(text, ensure_ascii=False)[1:-1], autoescape=True),
    )


_CONDITIONS: dict[str, Callable[[Any], ColumnElement[bool]]] = {
    "integration": lambda value: orders.c.integration_id == value,
    "status": lambda value: orders.c.status == value,
    "placed_after": lambda value: orders.c.placed_at >= value,
    "placed_before": lambda value: orders.c.placed_at < value,
    "updated_after": lambda value: orders.c.updated_at >= value,
    "number": lambda value: orders.c.number == value,
    "sku": lambda value: _has_line(order_lines.c.sku == value),
    "q": lambda value: _found_anywhere(value.strip()),
}

Place = tuple[datetime, int]
"""Where a list of orders goes on: when the last one shown was placed, and its id."""


class OrderSearch:
    """Reads orders, newest first."""

    def __init__(self, connection: Connection) -> None:
        """Read through *connection*."""
        self._connection = connection

    def find(self, which: OrderFilter, after: Place | None, limit: int) -> list[StoredOrder]:
        """List up to *limit* orders that come *after* a place in the list."""
        statement = select(*_SHOWN).where(*which.conditions())
        if after is not None:
            statement = statement.where(_later_in_list(after))
        statement = statement.order_by(orders.c.placed_at.desc(), orders.c.id.desc()).limit(limit)
        return [_stored(row) for row in self._connection.execute(statement)]

    def get(self, order_id: int) -> StoredOrder | None:
        """Give one order."""
        row = self._connection.execute(select(*_SHOWN).where(orders.c.id == order_id)).first()
        return None if row is None else _stored(row)

    def ids_of(self, integration_id: int, external_id: str) -> list[int]:
        """Give the id of a store's order."""
        statement = select(orders.c.id).where(
            orders.c.integration_id == integration_id, orders.c.external_id == external_id
        )
        return list(self._connection.execute(statement).scalars())

    def revisions(self, order_id: int) -> list[dict[str, Any]]:
        """List what changed in an order, oldest first; its first revision is the order as it was first seen."""
        statement: Select[Any] = (
            select(order_revisions).where(order_revisions.c.order_id == order_id).order_by(order_revisions.c.revision)
        )
        return [
            {"revision": row.revision, "at": row.at, "event": row.event_id, "changes": json.loads(row.changes)}
            for row in self._connection.execute(statement)
        ]


def _later_in_list(place: Place) -> ColumnElement[bool]:
    placed_at, order_id = place
    return tuple_(orders.c.placed_at, orders.c.id) < tuple_(literal(placed_at, UtcDateTime), order_id)


def _stored(row: Any) -> StoredOrder:
    content = json.loads(row.document)
    return StoredOrder(
        id=row.id,
        integration_id=row.integration_id,
        revision=row.revision,
        history=row.history,
        same_as=row.same_as,
        erased_at=row.erased_at,
        **content,
    )
