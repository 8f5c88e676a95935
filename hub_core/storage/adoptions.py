"""What a store has of each of its listings, for a hub that knows no level yet."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import and_, select

from hub_core.domain.integrations import Flow
from hub_core.storage.tables import listings, pushes, stock_levels

if TYPE_CHECKING:
    from sqlalchemy import Connection


class StoreFigure(NamedTuple):
    """A listing that is there, its link, what the store has of it, and the hub's level."""

    listing_id: int
    external_id: str
    store_sku: str | None
    sku: str | None
    figure: Decimal | None
    level: Decimal | None


def figures_of(connection: Connection, integration_id: int) -> list[StoreFigure]:
    """Give what a store was last read to have, by listing."""
    columns = listings.c
    mine = and_(pushes.c.listing_id == columns.id, pushes.c.flow == Flow.STOCK.value)
    statement = (
        select(
            columns.id,
            columns.external_id,
            columns.store_sku,
            columns.sku,
            pushes.c.acknowledged,
            stock_levels.c.level,
        )
        .join(pushes, mine, isouter=True)
        .join(stock_levels, stock_levels.c.sku == columns.sku, isouter=True)
        .where(columns.integration_id == integration_id, columns.gone_at.is_(None))
        .order_by(columns.id)
    )
    return [StoreFigure._make(row) for row in connection.execute(statement)]
