"""Sales figures, summed by the database and exact to the last digit."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sqlalchemy import Select, String, and_, case, cast, exists, func, literal, not_, select

from hub_core.domain.money import Money, exact
from hub_core.domain.orders import OrderStatus
from hub_core.domain.reports import ReportBy, SalesRow
from hub_core.storage.tables import integrations, order_lines, orders
from hub_core.storage.types import ExactDecimal, exact_sum

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import ColumnElement, Connection, Row


_UNITS = case((order_lines.c.bundle, literal(Decimal(0), ExactDecimal)), else_=order_lines.c.quantity)
"""A bundle bears the price; what leaves the shelf are its parts, which are lines of their own."""

_AGAIN = orders.alias()
_IS_HELD_ANEW = exists().where(_AGAIN.c.same_as == orders.c.id)


class ReportRepository:
    """Sums over orders and their lines."""

    def __init__(self, connection: Connection) -> None:
        """Read through *connection*."""
        self._connection = connection

    def sales(self, by: ReportBy, since: datetime | None, until: datetime | None) -> list[SalesRow]:
        """Sum up what was ordered from *since* on and before *until*; days are days in UTC.

        By SKU, sales are the totals of its lines; otherwise the totals of the orders. An order that several identities
        of one store hold is counted by integration for each of them, otherwise once, as the latest of them tells it.
        """
        counted = and_(
            orders.c.status != OrderStatus.CANCELLED.value,
            *([] if by is ReportBy.INTEGRATION else [not_(_IS_HELD_ANEW)]),
            *([] if since is None else [orders.c.placed_at >= since]),
            *([] if until is None else [orders.c.placed_at < until]),
        )
        statement = self._by_sku(counted) if by is ReportBy.SKU else self._by_order(by, counted)
        return [_sales_row(row) for row in self._connection.execute(statement)]

    def _by_sku(self, counted: ColumnElement[bool]) -> Select[Any]:
        keys = (order_lines.c.sku, orders.c.currency)
        return (
            select(
                *keys,
                func.count(orders.c.id.distinct()).label("orders"),
                exact_sum(_UNITS).label("units"),
                exact_sum(order_lines.c.total).label("sales"),
            )
            .join_from(order_lines, orders)
            .where(counted, order_lines.c.gone.is_(False), order_lines.c.sku.is_not(None))
            .group_by(*keys)
            .order_by(*keys)
        )

    def _by_order(self, by: ReportBy, counted: ColumnElement[bool]) -> Select[Any]:
        units = (
            select(order_lines.c.order_id, exact_sum(_UNITS).label("units"))
            .where(order_lines.c.gone.is_(False))
            .group_by(order_lines.c.order_id)
            .subquery()
        )
        keys: list[ColumnElement[Any]] = [orders.c.currency]
        if by is ReportBy.DAY:
            keys.insert(0, self._day().label("day"))
        else:
            keys[:0] = [
                orders.c.integration_id,
                integrations.c.name.label("integration"),
                integrations.c.removed_at,
            ]
        statement = (
            select(
                *keys,
                func.count(orders.c.id).label("orders"),
                exact_sum(units.c.units).label("units"),
                exact_sum(orders.c.total).label("sales"),
            )
            .join_from(orders, integrations)
            .outerjoin(units, units.c.order_id == orders.c.id)
        )
        return statement.where(counted).group_by(*keys).order_by(*keys)

    def _day(self) -> ColumnElement[str]:
        if self._connection.dialect.name == "sqlite":
            return func.substr(cast(orders.c.placed_at, String), 1, 10)
        return func.to_char(func.timezone("UTC", orders.c.placed_at), "YYYY-MM-DD")


def _sales_row(row: Row[Any]) -> SalesRow:
    values = row._mapping  # noqa: SLF001 - the documented way to a mapping
    return SalesRow(
        integration_id=values.get("integration_id"),
        integration=values.get("integration"),
        removed=(values["removed_at"] is not None) if "integration" in values else None,
        day=values.get("day"),
        sku=values.get("sku"),
        orders=row.orders,
        units=row.units if row.units is not None else Decimal(0),
        sales=Money(amount=exact(Decimal(row.sales), row.currency), currency=row.currency),
    )
