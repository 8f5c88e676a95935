"""Stock levels and movements as rows. Whoever changes the stock of a SKU holds its row of `stock_levels`."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import select

from hub_core.domain.stock import NOTHING, Cause, StockLevel
from hub_core.storage.among import among
from hub_core.storage.bulk import BulkWrite
from hub_core.storage.tables import stock_levels, stock_movements
from hub_core.storage.types import exact_sum
from hub_core.storage.upserts import insert_new

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from sqlalchemy import Connection, Row

_LEVELS = BulkWrite(
    stock_levels,
    columns=("sku", "level", "after_event", "moved", "event_id", "changed_at"),
    key=("sku",),
    change=("level", "after_event", "moved", "event_id", "changed_at"),
)
_MOVED = BulkWrite(stock_levels, columns=("sku", "moved"), key=("sku",), change=("moved",))
_MOVEMENTS = BulkWrite(
    stock_movements,
    columns=("sku", "event_id", "units", "cause", "integration_id", "order_id", "line"),
    key=(),
    change=(),
)


class HeldLevel(NamedTuple):
    """The stock of a SKU, as it is while this transaction holds its row."""

    sku: str
    level: Decimal | None = None
    after_event: int | None = None
    moved: Decimal = NOTHING
    event_id: int | None = None

    @property
    def available(self) -> Decimal | None:
        """The level and all that moved since; None where no level was ever set."""
        return self.level + self.moved if self.level is not None and self.moved else self.level


class Movement(NamedTuple):
    """A signed change of stock: positive gives back, negative takes."""

    sku: str
    event_id: int
    units: Decimal
    cause: Cause
    integration_id: int | None = None
    order_id: int | None = None
    line: str | None = None


class NewLevel(NamedTuple):
    """A level that somebody set. *moved* is the sum of the movements later than *after_event*."""

    sku: str
    level: Decimal
    after_event: int
    moved: Decimal
    event_id: int
    changed_at: datetime


class StockRepository:
    """Levels and movements."""

    def __init__(self, connection: Connection) -> None:
        """Work within the transaction of *connection*."""
        self._connection = connection

    def hold(self, skus: Collection[str]) -> dict[str, HeldLevel]:
        """Lock the rows of *skus*, made where there are none yet, and give them.

        On SQLite this transaction is the only one that writes, so rows need not be there to be held.
        """
        if self._connection.dialect.name == "sqlite":
            return {sku: HeldLevel(sku) for sku in skus} | self.held(skus)
        there = self.held(skus, lock=False)
        missing = [{"sku": sku} for sku in sorted(skus) if sku not in there]
        if missing:  # before any lock, so that two who make the same rows wait for each other in one order only
            self._connection.execute(insert_new(self._connection, stock_levels), missing)
        return self.held(skus)

    def held(self, skus: Collection[str], *, lock: bool = True) -> dict[str, HeldLevel]:
        """Lock, and give, those rows that there are of *skus*; without *lock* they are as they were a moment ago."""
        columns = stock_levels.c
        statement = (
            select(columns.sku, columns.level, columns.after_event, columns.moved, columns.event_id)
            .where(among(self._connection, columns.sku, skus))
            .order_by(columns.sku)
        )
        if lock:
            statement = statement.with_for_update()
        return {row[0]: HeldLevel._make(row) for row in self._connection.execute(statement)}

    def moved_since(self, skus: Collection[str], event: int) -> dict[str, Decimal]:
        """Sum up what moved later than *event*, of each SKU that did."""
        columns = stock_movements.c
        statement = (
            select(columns.sku, exact_sum(columns.units).label("units"))
            .where(among(self._connection, columns.sku, skus), columns.event_id > event)
            .group_by(columns.sku)
        )
        return {row.sku: row.units for row in self._connection.execute(statement)}

    def set_levels(self, levels: Sequence[NewLevel]) -> None:
        """Write levels whose rows are held."""
        _LEVELS.write(self._connection, levels)

    def set_moved(self, moved: Sequence[tuple[str, Decimal]]) -> None:
        """Write what moved since their levels were set, of SKUs whose rows are held."""
        _MOVED.write(self._connection, moved)

    def add_movements(self, movements: Sequence[Movement]) -> None:
        """Write movements; their events have their numbers already."""
        _MOVEMENTS.write(self._connection, movements)

    def find(self, *, after: str = "", sku: str | None = None, limit: int) -> list[StockLevel]:
        """List levels that were set, by SKU from the one after *after* on, those whose SKU holds the text *sku*."""
        columns = stock_levels.c
        is_set = columns.level.is_not(None)
        statement = select(stock_levels).where(columns.sku > after, is_set).order_by(columns.sku).limit(limit)
        if sku is not None:
            statement = statement.where(columns.sku.contains(sku, autoescape=True))
        return [_level(row) for row in self._connection.execute(statement)]

    def get(self, sku: str) -> StockLevel | None:
        """Give the level of one SKU."""
        row = self._connection.execute(select(stock_levels).where(stock_levels.c.sku == sku)).first()
        return None if row is None else _level(row)


def _level(row: Row[Any]) -> StockLevel:
    return StockLevel(
        sku=row.sku,
        level=row.level,
        after_event=row.after_event,
        available=None if row.level is None else row.level + row.moved,
        changed_at=row.changed_at,
    )
