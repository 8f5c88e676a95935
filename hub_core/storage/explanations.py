"""The rows from which a figure is explained, read as they were at one moment."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import Row, and_, func, or_, select

from hub_core.domain.explanations import ExplainedMovement
from hub_core.domain.integrations import Flow, Rules
from hub_core.domain.stock import NOTHING
from hub_core.storage.tables import (
    events,
    flow_state,
    integrations,
    listings,
    orders,
    pushes,
    stock_levels,
    stock_movements,
)
from hub_core.storage.types import exact_sum

if TYPE_CHECKING:
    from sqlalchemy import Connection

LISTED = 100
"""Movements that are told one by one; the older ones are summed up."""


class LevelRow(NamedTuple):
    """What was set, and when."""

    level: Decimal | None
    after_event: int | None
    changed_at: datetime | None


class StoreRow(NamedTuple):
    """A listing that bears a SKU, as far as what it is told depends on it; figures are None where nothing is told."""

    integration_id: int
    integration: str
    enabled: bool
    rules: Rules
    listing_id: int
    external_id: str
    linked: bool
    fractions: bool
    target: Decimal | None
    expected: Decimal | None
    acknowledged: Decimal | None
    in_flight: bool
    waiting: str | None
    reason: str
    drifted: bool
    unsure_until: datetime | None
    gone_at: datetime | None
    reads_orders: bool
    tells_stock: bool


class ExplanationRepository:
    """The reckoning of one SKU."""

    def __init__(self, connection: Connection, sku: str) -> None:
        """Work within one view of the database."""
        self._connection = connection
        self._sku = sku

    def level(self) -> LevelRow | None:
        """Give what was set; None where the SKU was never seen."""
        columns = stock_levels.c
        statement = select(columns.level, columns.after_event, columns.changed_at).where(columns.sku == self._sku)
        row = self._connection.execute(statement).first()
        return None if row is None else LevelRow._make(row)

    def moved(self, after_event: int) -> tuple[Decimal, int]:
        """Sum up, and count, all movements later than an event."""
        columns = stock_movements.c
        statement = select(exact_sum(columns.units), func.count()).where(
            columns.sku == self._sku, columns.event_id > after_event
        )
        units, count = self._connection.execute(statement).one()
        return (units or NOTHING, count)

    def movements(self, after_event: int, set_at: datetime | None) -> list[ExplainedMovement]:
        """Give the newest movements later than an event, oldest first; *set_at* is when the level was set."""
        columns = stock_movements.c
        statement = (
            select(
                columns.event_id,
                events.c.at,
                columns.units,
                columns.cause,
                integrations.c.name,
                orders.c.number,
                columns.order_id,
                orders.c.placed_at,
            )
            .join(events, events.c.id == columns.event_id, isouter=True)
            .join(orders, orders.c.id == columns.order_id, isouter=True)
            .join(integrations, integrations.c.id == columns.integration_id, isouter=True)
            .where(columns.sku == self._sku, columns.event_id > after_event)
            .order_by(columns.event_id.desc(), columns.id.desc())
            .limit(LISTED)
        )
        rows = self._connection.execute(statement).all()
        return [_movement(row, set_at) for row in reversed(rows)]

    def stores(self) -> list[StoreRow]:
        """Give the listings that are linked with the SKU, and those without a link whose own text it is."""
        state_of_orders, state_of_stock = flow_state.alias("of_orders"), flow_state.alias("of_stock")
        own_text = and_(listings.c.sku.is_(None), listings.c.store_sku == self._sku, listings.c.gone_at.is_(None))
        statement = (
            select(
                integrations.c.id,
                integrations.c.name,
                integrations.c.enabled,
                integrations.c.rules,
                listings.c.id,
                listings.c.external_id,
                listings.c.sku.is_not(None),
                listings.c.fractions,
                pushes.c.target,
                pushes.c.expected,
                pushes.c.acknowledged,
                func.coalesce(pushes.c.in_flight, False),
                pushes.c.waiting,
                func.coalesce(pushes.c.reason, ""),
                pushes.c.drifted_at.is_not(None),
                pushes.c.unsure_until,
                listings.c.gone_at,
                func.coalesce(state_of_orders.c.open, False),
                func.coalesce(state_of_stock.c.open, False),
            )
            .join(integrations, integrations.c.id == listings.c.integration_id)
            .join(pushes, and_(pushes.c.listing_id == listings.c.id, pushes.c.flow == Flow.STOCK.value), isouter=True)
            .join(state_of_orders, _is_flow(state_of_orders, Flow.ORDERS), isouter=True)
            .join(state_of_stock, _is_flow(state_of_stock, Flow.STOCK), isouter=True)
            .where(
                or_(listings.c.sku == self._sku, own_text),
                integrations.c.removed_at.is_(None),
            )
            .order_by(integrations.c.name, listings.c.id)
        )
        rows = [StoreRow._make(row) for row in self._connection.execute(statement)]
        return [row._replace(rules=Rules.model_validate_json(str(row.rules))) for row in rows]


def _is_flow(state: Any, flow: Flow) -> Any:
    return and_(state.c.integration_id == integrations.c.id, state.c.flow == flow.value)


def _movement(row: Row[Any], set_at: datetime | None) -> ExplainedMovement:
    return ExplainedMovement(
        event=row.event_id,
        at=row.at,
        units=row.units,
        cause=row.cause,
        integration=row.name,
        order=row.number,
        order_id=row.order_id,
        late=row.placed_at is not None and set_at is not None and row.placed_at < set_at.replace(microsecond=0),
    )
