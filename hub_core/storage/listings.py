"""Listings as rows: a page is looked up, and written, with a constant number of statements."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
from sqlalchemy import and_, bindparam, or_, select, union, update

from hub_core.domain.integrations import Flow
from hub_core.domain.listings import Listing, Tie
from hub_core.domain.stock import plain, sku_of
from hub_core.storage.among import among, among_bound
from hub_core.storage.bulk import BulkWrite
from hub_core.storage.ids import reserve_ids
from hub_core.storage.tables import listings, pushes

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from sqlalchemy import ColumnElement, Connection, Select, Update


class ListingValues(NamedTuple):
    """What a store tells of a listing, as it is stored."""

    external_id: str
    parent: str | None
    store_sku: str | None
    name: str
    handle: str | None
    published: bool
    fractions: bool
    price: Decimal | None
    sale_price: Decimal | None
    currency: str | None


class HeldListing(NamedTuple):
    """A listing that this transaction has locked."""

    id: int
    gone: bool
    values: ListingValues


class HeldFigure(NamedTuple):
    """What a store has of a listing, as the hub thinks, and what it should be told."""

    listing_id: int
    flow: str
    target: Decimal | None
    acknowledged: Decimal | None
    expected: Decimal | None
    drifted_at: datetime | None
    raised_at: datetime | None
    reason: str
    in_flight: bool
    ended_at: datetime | None
    unsure_until: datetime | None


class NewFigure(NamedTuple):
    """What a store was read to have, as it is written."""

    listing_id: int
    flow: str
    integration_id: int
    acknowledged: Decimal | None
    expected: Decimal | None
    drifted_at: datetime | None
    raised_at: datetime | None
    reason: str
    unsure_until: datetime | None


_JSON = msgspec.json.Encoder(order="sorted")
_TOLD = ListingValues._fields
_LISTINGS = BulkWrite(
    listings,
    columns=("id", "integration_id", "tie", "seen_at", "read_at", "gone_at", *_TOLD),
    key=("id",),
    change=("seen_at", "read_at", "gone_at", *(name for name in _TOLD if name != "external_id")),
)
_FIRST_FIGURES = BulkWrite(
    pushes,
    columns=("listing_id", "flow", "integration_id", "acknowledged", "expected"),
    key=("listing_id", "flow"),
    change=("acknowledged", "expected"),
)
_FIGURES = BulkWrite(
    pushes,
    columns=NewFigure._fields,
    key=("listing_id", "flow"),
    change=("acknowledged", "expected", "drifted_at", "raised_at", "reason", "unsure_until"),
)


# Making such a statement takes longer than the database needs for a page, so each is made once for each kind of it.
@cache
def _held(dialect: str) -> Select[Any]:
    columns = listings.c
    mine = columns.integration_id == bindparam("integration")
    return (
        select(columns.id, columns.gone_at, *(columns[name] for name in _TOLD))
        .where(mine, among_bound(dialect, columns.external_id, "external_ids"))
        .order_by(columns.id)
        .with_for_update(key_share=True)
    )


@cache
def _touching(dialect: str) -> Update:
    seen: dict[str, Any] = {"seen_at": bindparam("asked"), "read_at": bindparam("came"), "gone_at": None}
    return update(listings).where(among_bound(dialect, listings.c.id, "ids")).values(**seen)


@cache
def _figures(dialect: str) -> Select[Any]:
    return select(*(pushes.c[name] for name in HeldFigure._fields)).where(
        among_bound(dialect, pushes.c.listing_id, "ids"),
        pushes.c.flow.in_([Flow.STOCK.value, Flow.PRICES.value]),
    )


def values_of(listing: Listing) -> ListingValues:
    """Give the values of a listing as they are stored and compared."""
    price = listing.price or listing.sale_price
    return ListingValues(
        listing.external_id,
        listing.parent,
        sku_of(listing.sku),
        listing.name,
        None if listing.handle is None else _JSON.encode(listing.handle).decode(),
        listing.published,
        listing.fractions,
        None if listing.price is None else plain(listing.price.amount),
        None if listing.sale_price is None else plain(listing.sale_price.amount),
        None if price is None else price.currency,
    )


class ListingRepository:
    """The listings of stores."""

    def __init__(self, connection: Connection) -> None:
        """Work within the transaction of *connection*."""
        self._connection = connection
        self._dialect = connection.dialect.name

    def held(self, integration_id: int, external_ids: Collection[str]) -> dict[str, HeldListing]:
        """Lock, and give, those listings that the hub knows."""
        bound = {"integration": integration_id, "external_ids": external_ids}
        return {
            row[2]: HeldListing(row[0], row[1] is not None, ListingValues._make(row[2:]))
            for row in self._connection.execute(_held(self._dialect), bound)
        }

    def lock(self, ids: Collection[int]) -> None:
        """Keep others from changing some listings or what their stores should be told."""
        if self._dialect != "sqlite":  # there, this transaction is the only one that writes
            self._lock(among(self._connection, listings.c.id, ids))

    def lock_families(self, ids: Collection[int]) -> None:
        """Do so for some listings and for their siblings, of which the same is summed up."""
        if self._dialect == "sqlite":
            return
        mine = among(self._connection, listings.c.id, ids)
        sibling = listings.alias()
        is_sibling = and_(sibling.c.integration_id == listings.c.integration_id, sibling.c.parent == listings.c.parent)
        siblings = select(sibling.c.id).join(listings, is_sibling).where(mine)
        self._lock(listings.c.id.in_(union(select(listings.c.id).where(mine), siblings)))

    def _lock(self, which: ColumnElement[bool]) -> None:
        statement = select(listings.c.id).where(which).order_by(listings.c.id)
        self._connection.execute(statement.with_for_update(key_share=True)).all()

    def reserve_ids(self, count: int) -> Sequence[int]:
        """Give ids for *count* new listings."""
        return reserve_ids(self._connection, listings, count)

    def write(self, integration_id: int, rows: Sequence[tuple[int, tuple[datetime, datetime], ListingValues]]) -> None:
        """Write listings that are new or have changed, each with when it was asked for and came."""
        _LISTINGS.write(
            self._connection,
            [(row_id, integration_id, Tie.NONE.value, *seen, None, *values) for row_id, seen, values in rows],
        )

    def touch(self, seen: tuple[datetime, datetime], ids: Collection[int]) -> None:
        """Note that listings were seen which are as they were."""
        if ids:
            bound = {"ids": ids, "asked": seen[0], "came": seen[1]}
            self._connection.execute(_touching(self._dialect), bound)

    def spare(self, integration_id: int, seen_at: datetime, records: Collection[str]) -> None:
        """Note that the listings of some *records* were there, though it could not be read what they are now."""
        columns = listings.c
        named = or_(
            among(self._connection, columns.external_id, records), among(self._connection, columns.parent, records)
        )
        self._change(self._locked(integration_id, named), seen_at=seen_at)

    def lose(self, integration_id: int, began_at: datetime, at: datetime) -> list[int]:
        """Mark, and give, the listings that a complete read, begun at *began_at*, did not find."""
        ids = self._locked(integration_id, listings.c.seen_at < began_at)
        self._change(ids, gone_at=at)
        return ids

    def _locked(self, integration_id: int, *conditions: ColumnElement[bool]) -> list[int]:
        """Lock, and give, those listings that are not gone."""
        columns = listings.c
        statement = select(columns.id).where(columns.integration_id == integration_id, columns.gone_at.is_(None))
        ordered = statement.where(*conditions).order_by(columns.id).with_for_update(key_share=True)
        return list(self._connection.execute(ordered).scalars())

    def _change(self, ids: Collection[int], **values: datetime) -> None:
        if ids:
            self._connection.execute(
                update(listings).where(among(self._connection, listings.c.id, ids)).values(**values)
            )

    def figures(self, ids: Collection[int]) -> Mapping[tuple[int, str], HeldFigure]:
        """Give the figures of listings that are locked, by listing and flow."""
        rows = self._connection.execute(_figures(self._dialect), {"ids": ids})
        return {(row[0], row[1]): HeldFigure._make(row) for row in rows}

    def write_first_figures(self, figures: Sequence[tuple[int, str, int, Decimal, Decimal]]) -> None:
        """Write what a store was read to have of listings that are new."""
        _FIRST_FIGURES.write(self._connection, figures)

    def write_figures(self, figures: Sequence[NewFigure]) -> None:
        """Write what a store was read to have, of listings that are locked."""
        _FIGURES.write(self._connection, figures)
