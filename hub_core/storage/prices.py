"""Prices as rows: one for each SKU and currency."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import select, tuple_

from hub_core.domain.money import money
from hub_core.domain.prices import Price
from hub_core.storage.among import among
from hub_core.storage.bulk import BulkWrite
from hub_core.storage.tables import prices

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from sqlalchemy import Connection, Row

_PRICES = BulkWrite(
    prices,
    columns=("sku", "currency", "amount", "event_id", "changed_at"),
    key=("sku", "currency"),
    change=("amount", "event_id", "changed_at"),
)


class NewPrice(NamedTuple):
    """A price as it is written."""

    sku: str
    currency: str
    amount: Decimal
    event_id: int
    changed_at: datetime


class PriceRepository:
    """Prices."""

    def __init__(self, connection: Connection) -> None:
        """Work within the transaction of *connection*."""
        self._connection = connection

    def held(self, skus: Collection[str], *, lock: bool = True) -> dict[tuple[str, str], Decimal]:
        """Lock, and give, the prices of *skus* by SKU and currency; without *lock* as they were a moment ago."""
        columns = prices.c
        statement = (
            select(columns.sku, columns.currency, columns.amount)
            .where(among(self._connection, columns.sku, skus))
            .order_by(columns.sku, columns.currency)
        )
        if lock:
            statement = statement.with_for_update()
        return {(sku, currency): amount for sku, currency, amount in self._connection.execute(statement)}

    def write(self, new: Sequence[NewPrice]) -> None:
        """Write prices."""
        _PRICES.write(self._connection, new)

    def find(self, *, after: tuple[str, str] = ("", ""), sku: str | None = None, limit: int) -> list[Price]:
        """List prices by SKU and currency, from the one after *after* on, those whose SKU holds the text *sku*."""
        columns = prices.c
        statement = (
            select(prices)
            .where(tuple_(columns.sku, columns.currency) > after)
            .order_by(columns.sku, columns.currency)
            .limit(limit)
        )
        if sku is not None:
            statement = statement.where(columns.sku.contains(sku, autoescape=True))
        return [_price(row) for row in self._connection.execute(statement)]


def _price(row: Row[Any]) -> Price:
    return Price(sku=row.sku, price=money(row.amount, row.currency), changed_at=row.changed_at)
