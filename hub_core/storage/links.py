"""Which listings the hub may tie to a SKU by itself, told by one statement for a whole store."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import and_, case, exists, func, or_, select, update

from hub_core.domain.listings import Tie
from hub_core.storage.among import among
from hub_core.storage.tables import listings, prices, pushes, stock_levels

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Connection, Select


class Relink(NamedTuple):
    """A listing with the SKU that it is linked with until now, and the one by which it should be."""

    listing_id: int
    before: str | None
    after: str | None


class LinkRepository:
    """The hub's own links; those that a person made or cut stay as they are."""

    def __init__(self, connection: Connection) -> None:
        """Work within the transaction of *connection*."""
        self._connection = connection

    def wrong(self, integration_id: int) -> list[Relink]:
        """List the listings whose link is not what the SKUs of the store's listings say."""
        return [Relink._make(row) for row in self._connection.execute(self._wrong(integration_id))]

    def hold(self, integration_id: int, wrong: Sequence[Relink]) -> Sequence[Relink]:
        """Lock the listings that were *wrong*, and give those of which that is still so."""
        if not wrong or self._connection.dialect.name == "sqlite":  # this transaction is the only one that writes
            return wrong
        ids = [one.listing_id for one in wrong]
        statement = (
            self._wrong(integration_id)
            .where(among(self._connection, listings.c.id, ids))
            .order_by(listings.c.id)
            .with_for_update(of=listings, key_share=True)
        )
        return [Relink._make(row) for row in self._connection.execute(statement)]

    def relink(self, ids: Collection[int]) -> None:
        """Link listings with their own SKUs."""
        self._set(ids, sku=listings.c.store_sku, tie=Tie.HUB.value)

    def cut(self, ids: Collection[int]) -> None:
        """Take the links of listings away."""
        self._set(ids, sku=None, tie=Tie.NONE.value)

    def told(self, ids: Collection[int]) -> list[int]:
        """Give those of some listings of which a store is told something, or could be by what is known of their SKU.

        Whoever calls holds the levels and prices of their SKUs.
        """
        is_told = exists().where(pushes.c.listing_id == listings.c.id, pushes.c.target.is_not(None))
        has_level = exists().where(stock_levels.c.sku == listings.c.sku, stock_levels.c.level.is_not(None))
        has_price = exists().where(prices.c.sku == listings.c.sku)
        statement = select(listings.c.id).where(
            among(self._connection, listings.c.id, ids), or_(is_told, has_level, has_price)
        )
        return list(self._connection.execute(statement.order_by(listings.c.id)).scalars())

    def tie(self, listing_id: int, sku: str | None) -> None:
        """Link a listing by hand, or cut its link by hand."""
        self._set([listing_id], sku=sku, tie=Tie.CUT.value if sku is None else Tie.PERSON.value)

    def _set(self, ids: Collection[int], **values: Any) -> None:
        self._connection.execute(update(listings).where(among(self._connection, listings.c.id, ids)).values(**values))

    @staticmethod
    def _wrong(integration_id: int) -> Select[Any]:
        alone = (
            select(listings.c.store_sku)
            .where(_is_of(integration_id), listings.c.store_sku.is_not(None))
            .group_by(listings.c.store_sku)
            .having(func.count() == 1)
            .subquery("alone")
        )
        right = case((alone.c.store_sku.is_not(None), listings.c.store_sku))
        differs = or_(listings.c.sku.is_distinct_from(right), (listings.c.tie == Tie.HUB.value) != right.is_not(None))
        return (
            select(listings.c.id, listings.c.sku, right)
            .join(alone, alone.c.store_sku == listings.c.store_sku, isouter=True)
            .where(_is_of(integration_id), listings.c.tie.in_([Tie.NONE.value, Tie.HUB.value]), differs)
        )


def _is_of(integration_id: int) -> ColumnElement[bool]:
    return and_(listings.c.integration_id == integration_id, listings.c.gone_at.is_(None))
