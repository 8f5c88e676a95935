"""The lines of orders as narrow rows: for search, for reports, and for the stock that each has taken."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import select

from hub_core.domain.stock import NOTHING
from hub_core.storage.among import among
from hub_core.storage.bulk import BulkWrite, Row
from hub_core.storage.tables import order_lines, orders
from hub_core.storage.upserts import insert_new

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from sqlalchemy import Connection

    from hub_core.domain.orders import Order

_TOLD = ("sku", "listing", "quantity", "total", "bundle")
_TOOK = ("stock_sku", "taken")
_KEY = ("order_id", "external_id")
_LINES = BulkWrite(order_lines, columns=("external_id", *_TOLD, "order_id", "gone"), key=_KEY, change=(*_TOLD, "gone"))
_TAKING = BulkWrite(
    order_lines,
    columns=("external_id", *_TOLD, "order_id", "gone", *_TOOK),
    key=_KEY,
    change=(*_TOLD, "gone", *_TOOK),
)


class HeldLine(NamedTuple):
    """What a line named when it was seen last, the SKU whose stock that settled, and the units it has taken of it."""

    sku: str | None
    listing: str | None
    stock_sku: str | None
    taken: Decimal


class OrderLineRepository:
    """Lines, each known by its order and external id."""

    def __init__(self, connection: Connection) -> None:
        """Work within the transaction of *connection*."""
        self._connection = connection

    def held(self, order_ids: Collection[int]) -> dict[int, dict[str, HeldLine]]:
        """Give the lines of some orders, by order and external id."""
        columns = order_lines.c
        statement = select(
            columns.order_id, columns.external_id, columns.sku, columns.listing, columns.stock_sku, columns.taken
        ).where(among(self._connection, columns.order_id, order_ids))
        found: dict[int, dict[str, HeldLine]] = {order_id: {} for order_id in order_ids}
        for order_id, external_id, *rest in self._connection.execute(statement):
            found[order_id][external_id] = HeldLine(*rest)
        return found

    def write(self, history: Sequence[Row], taking: Sequence[Row] = ()) -> None:
        """Write lines, with one statement; those that left their order are marked, never dropped.

        A row is what `line_values` gives, then the order's id and whether the line is gone. Lines of *history* take no
        stock; those *taking* go on with the SKU whose stock they take, and how many units they have taken.
        """
        if taking:
            _TAKING.write(self._connection, [*taking, *((*row, None, NOTHING) for row in history)])
        else:
            _LINES.write(self._connection, history)

    def carry_gone(self, order_ids: Collection[int]) -> None:
        """Give orders the lines that had left the ones they are the same as, unless they have come back since."""
        names = ("external_id", *_TOLD, "gone", *_TOOK)
        gone = (
            select(orders.c.id, *(order_lines.c[name] for name in names))
            .join(order_lines, order_lines.c.order_id == orders.c.same_as)
            .where(among(self._connection, orders.c.id, order_ids), order_lines.c.gone)
        )
        self._connection.execute(insert_new(self._connection, order_lines).from_select(["order_id", *names], gone))


def line_values(order: Order) -> list[Row]:
    """Give what the columns say of each line of *order*."""
    bundles = {line.bundle_parent for line in order.lines}
    return [
        (line.external_id, line.sku, line.listing, line.quantity, line.total.amount, line.external_id in bundles)
        for line in order.lines
    ]
