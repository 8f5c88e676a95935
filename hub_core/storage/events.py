"""Events: numbered without gaps, in the order of the commits."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy import and_, bindparam, func, not_, select, update

from hub_core.domain.events import Event, NewEvent
from hub_core.storage.bulk import BulkWrite
from hub_core.storage.tables import counters, events
from hub_core.storage.upserts import insert_new

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import Connection, Row

_COUNTER = "events"
_EVENTS = BulkWrite(
    events,
    columns=("id", "type", "at", "integration_id", "order_id", "sku", "data"),
    key=("id",),
    change=(),
)
_RESERVE = (
    update(counters)
    .where(counters.c.name == _COUNTER)
    .values(value=counters.c.value + bindparam("many"))
    .returning(counters.c.value)
)
"""Made once: that takes longer than the database needs for it."""
_IS_THERE_AGAIN = and_(
    events.c.type == "order.created",
    events.c.data.like('%"same_as":%'),
    events.c.data.not_like('%"same_as":null%'),
)
"""The order of an earlier identity of the same store."""


class EventRepository:
    """What happened, as rows."""

    def __init__(self, connection: Connection) -> None:
        """Work within the transaction of *connection*."""
        self._connection = connection

    def record(self, new: Sequence[NewEvent], at: datetime) -> range:
        """Write *new* events and give their numbers.

        The counter row is the last lock that a transaction takes: after this come only rows that carry the numbers.
        """
        if not new:
            return range(0)
        numbers = self._reserve(len(new))
        rows = [
            (
                number,
                event.type,
                at,
                event.integration_id,
                event.order_id,
                event.sku,
                msgspec.json.encode(dict(event.data)).decode(),
            )
            for number, event in zip(numbers, new, strict=True)
        ]
        _EVENTS.write(self._connection, rows)
        return numbers

    def _reserve(self, count: int) -> range:
        last = self._connection.execute(_RESERVE, {"many": count}).scalar_one_or_none()
        if last is None:
            self._connection.execute(insert_new(self._connection, counters), {"name": _COUNTER, "value": 0})
            return self._reserve(count)
        return range(last - count + 1, last + 1)

    def newest(self) -> int:
        """Tell the number of the newest event, 0 where there is none."""
        return int(self._connection.execute(select(func.coalesce(func.max(events.c.id), 0))).scalar_one())

    def after(self, number: int, limit: int, *, history: bool = True, **equal: Any) -> list[Event]:
        """List the events later than *number*, oldest first; *equal* columns narrow it."""
        statement = select(events).where(events.c.id > number).order_by(events.c.id).limit(limit)
        for name, value in equal.items():
            if value is not None:
                statement = statement.where(events.c[name] == value)
        if not history:
            statement = statement.where(events.c.data.not_like('%"history":true%'), not_(_IS_THERE_AGAIN))
        return [_event(row) for row in self._connection.execute(statement)]


def _event(row: Row[Any]) -> Event:
    return Event(**{**row._mapping, "data": json.loads(row.data)})  # noqa: SLF001 - the documented way to a mapping
