"""What a store is thought to have of its listings, as far as its orders tell. For stock only: orders sell no prices."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import and_, bindparam, exists, or_, select, union, update

from hub_core.domain.integrations import Flow
from hub_core.domain.pushes import Waiting
from hub_core.storage.among import among
from hub_core.storage.bulk import BulkWrite
from hub_core.storage.tables import listings, pushes

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from sqlalchemy import ColumnElement, Connection, Row

_EXPECTED = BulkWrite(
    pushes,
    columns=("listing_id", "flow", "integration_id", "expected"),
    key=("listing_id", "flow"),
    change=("expected",),
)
_OF_STOCK = and_(pushes.c.listing_id == listings.c.id, pushes.c.flow == Flow.STOCK.value)
_EVER = datetime.min.replace(tzinfo=UTC)
_WAITING_OR_DRIFTED = (
    select(
        listings.c.id,
        listings.c.external_id,
        listings.c.sku,
        pushes.c.waiting,
        pushes.c.raised_at,
        pushes.c.drifted_at,
        pushes.c.in_flight,
        pushes.c.expected,
        pushes.c.target,
    )
    .join(pushes, _OF_STOCK)
    .where(
        pushes.c.integration_id == bindparam("integration"),
        or_(pushes.c.waiting == Waiting.ORDERS.value, pushes.c.drifted_at.is_not(None)),
    )
    .order_by(listings.c.id)
    .with_for_update(of=[listings, pushes], key_share=True)
)
"""Made once, since every poll asks for it, and making it takes longer than the database needs."""


class NamedListing(NamedTuple):
    """A listing as the lines of orders name it, and the SKU that it is linked with; *store_sku* is the store's text."""

    id: int
    external_id: str
    store_sku: str | None
    sku: str | None
    is_there: bool


class Drift(NamedTuple):
    """A listing of which the store *had* other units than the hub had told it, though no order explains it."""

    listing_id: int
    external_id: str
    sku: str | None
    had: Decimal
    target: Decimal


class Expectations:
    """The listings of one integration, as its orders see them."""

    def __init__(self, connection: Connection, integration_id: int) -> None:
        """Work within the transaction of *connection*."""
        self._connection = connection
        self._integration_id = integration_id

    def listings(self, names: Collection[str], skus: Collection[str]) -> list[NamedListing]:
        """Give the listings that the store calls by one of *names*, and those to which it gave one of *skus*."""
        columns = listings.c
        is_there = columns.gone_at.is_(None).label("is_there")
        mine = select(columns.id, columns.external_id, columns.store_sku, columns.sku, is_there).where(
            columns.integration_id == self._integration_id
        )
        found = union(  # each half by an index of its own
            mine.where(among(self._connection, columns.external_id, names)),
            mine.where(among(self._connection, columns.store_sku, skus)),
        )
        return [NamedListing._make(row) for row in self._connection.execute(found)]

    def lower(self, sold: Mapping[int, Decimal], skus: Collection[str], began: datetime) -> None:
        """Lower what is expected of listings by what was *sold*, since a read of the orders *began* that lacked it.

        Whoever calls holds all listings of *skus*. Left as they are: those that something was sent to, or that were
        read, after that moment, for the store may have known of the sale by then; and variants with a sibling to which
        something was sent since, for what their parent has was summed up then, without the sale. Whoever sends holds
        all siblings, so that is seen here, or sees there what is written here.
        """
        statement = (
            select(pushes.c.listing_id, pushes.c.expected)
            .join(listings, _OF_STOCK)
            .where(
                among(self._connection, pushes.c.listing_id, sold),
                among(self._connection, listings.c.sku, skus),
                listings.c.read_at < began,
                or_(pushes.c.ended_at.is_(None), pushes.c.ended_at < began),
                or_(pushes.c.waiting.is_(None), pushes.c.waiting != Waiting.RECEIPT.value),
                pushes.c.in_flight.is_(False),
                pushes.c.expected.is_not(None),
                ~_sibling_was_told_since(began),
            )
        )
        rows = [
            (row.listing_id, Flow.STOCK.value, self._integration_id, row.expected - sold[row.listing_id])
            for row in self._connection.execute(statement)
        ]
        _EXPECTED.write(self._connection, rows)

    def after_read(self, began: datetime) -> list[Drift]:
        """Let go what waited for a complete read of the orders that *began* then, and tell what it does not explain.

        A drift is told once.
        """
        rows = self._waiting_or_drifted()
        self._set([row.id for row in rows if _is_ready(row, began)], waiting=None, reason="")
        over = [row for row in rows if _may_be_told(row, began)]
        drifted = [row for row in over if _differs(row)]
        self._set([row.id for row in drifted], drifted_at=None)
        self._set([row.id for row in over if not _differs(row)], drifted_at=None, reason="")
        return [Drift(row.id, row.external_id, row.sku, row.expected, row.target) for row in drifted]

    def _waiting_or_drifted(self) -> list[Row[Any]]:
        """Lock both rows of each listing: what waits for the first alone would see the second as it was before."""
        return list(self._connection.execute(_WAITING_OR_DRIFTED, {"integration": self._integration_id}))

    def _set(self, ids: Collection[int], **values: Any) -> None:
        if ids:
            mine: ColumnElement[bool] = among(self._connection, pushes.c.listing_id, ids)
            self._connection.execute(update(pushes).where(mine, pushes.c.flow == Flow.STOCK.value).values(**values))


def _sibling_was_told_since(began: datetime) -> ColumnElement[bool]:
    sibling, told = listings.alias("sibling"), pushes.alias("told")
    return exists().where(
        sibling.c.integration_id == listings.c.integration_id,
        sibling.c.parent == listings.c.parent,
        told.c.listing_id == sibling.c.id,
        told.c.flow == Flow.STOCK.value,
        or_(told.c.in_flight, told.c.ended_at >= began),
    )


def _is_ready(row: Row[Any], began: datetime) -> bool:
    since = max(row.raised_at or _EVER, row.drifted_at or _EVER)
    return row.waiting == Waiting.ORDERS.value and since < began


def _may_be_told(row: Row[Any], began: datetime) -> bool:
    return row.drifted_at is not None and row.drifted_at < began and not row.in_flight


def _differs(row: Row[Any]) -> bool:
    return None not in (row.target, row.expected) and bool(row.target != row.expected)
