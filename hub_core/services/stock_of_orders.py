"""What orders take from stock: the rules for a line, and the movements that a page of orders makes.

A line keeps what it has taken, so that whatever comes of its order only the difference moves. Lines of history are
never looked at here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

from hub_core.domain.orders import OrderStatus
from hub_core.domain.stock import NOTHING, Cause, sku_of, wanted
from hub_core.services.targets import Targets
from hub_core.storage.expectations import Expectations
from hub_core.storage.order_lines import HeldLine, OrderLineRepository
from hub_core.storage.stock import Movement, StockRepository

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from hub_core.domain.history import CompleteRead
    from hub_core.storage.bulk import Row
    from hub_core.storage.database import Database
    from hub_core.storage.expectations import NamedListing


class Want(NamedTuple):
    """What a line names, and how many units it takes now if that is an article of the hub."""

    sku: str | None
    listing: str | None
    units: Decimal


def wants_of(order: Mapping[str, Any], before: Mapping[str, Any] | None = None) -> dict[str, Want]:
    """Tell by external id what the lines of an *order* document take; those it had *before* take what has shipped."""
    gone = {} if before is None else _wants(before, order_cancelled=True)
    return gone | _wants(order, order_cancelled=order["status"] == OrderStatus.CANCELLED)


def _wants(order: Mapping[str, Any], *, order_cancelled: bool) -> dict[str, Want]:
    bundles = {line["bundle_parent"] for line in order["lines"]}
    return {
        line["external_id"]: Want(
            sku_of(line["sku"]),
            line["listing"],
            NOTHING if line["external_id"] in bundles else wanted(line, order_cancelled=order_cancelled),
        )
        for line in order["lines"]
    }


def must_settle(want: Want, held: HeldLine | None) -> bool:
    """Tell whether it is to be settled now whose stock a line takes: at first sight, or as it names another article."""
    return held is None or (sku_of(held.sku), held.listing) != (want.sku, want.listing)


class Stake(NamedTuple):
    """The SKU whose stock a line takes, and how many units it has taken of it."""

    sku: str | None
    taken: Decimal


def stake_of(want: Want, sku: str | None) -> Stake:
    """Give what a line has taken once all is booked; without a SKU that is nothing."""
    return Stake(sku, NOTHING if sku is None else want.units)


def movements_between(before: HeldLine | None, after: Stake) -> dict[str, Decimal]:
    """Tell by SKU how stock moves; what had been taken of another SKU is given back to that one."""
    moved: defaultdict[str, Decimal] = defaultdict(Decimal)
    if before is not None and before.stock_sku is not None:
        moved[before.stock_sku] += before.taken
    if after.sku is not None:
        moved[after.sku] -= after.taken
    return {sku: units for sku, units in moved.items() if units}


@dataclass(frozen=True, slots=True, kw_only=True)
class TakingOrder:
    """An order that is no history, new or changed.

    *event* is the place of its event among those of the page, *rows* its lines as they are written. Its lines go on
    from what those of the order *held_by* had taken. *unseen*: no read that could have held it did so before.
    """

    order_id: int
    event: int
    wants: dict[str, Want]
    rows: Sequence[Row]
    held_by: int | None = None
    unseen: bool = False


class Booking(NamedTuple):
    """Units that a line moves, before their event has its number."""

    event: int
    order_id: int
    line: str
    sku: str
    units: Decimal


class StockOfPage:
    """The stock that one page of orders moves: `settle` before its lines are written, then `move`, then `book`."""

    def __init__(
        self, connection: Connection, database: Database, integration_id: int, last_read: CompleteRead | None
    ) -> None:
        self._connection = connection
        self._database = database
        self._integration_id = integration_id
        self._last_read = last_read
        self._expectations = Expectations(connection, integration_id)
        self._bookings: list[Booking] = []
        self._sold: defaultdict[int, Decimal] = defaultdict(Decimal)

    def settle(self, orders: Sequence[TakingOrder]) -> list[Row]:
        """Decide what each line takes; give the lines as they are written."""
        if not orders:
            return []
        held = self._held(orders)
        listings = ListingsByName(self._listings(orders, list(_unsettled(orders, held))))
        rows: list[Row] = []
        for order in orders:
            stakes = self._stakes(order, held.get(order.held_by or 0, {}), listings)
            rows += [(*row, *stakes[row[0]]) for row in order.rows]
        return rows

    def _held(self, orders: Sequence[TakingOrder]) -> dict[int, dict[str, HeldLine]]:
        known = [order.held_by for order in orders if order.held_by is not None]
        return OrderLineRepository(self._connection).held(known) if known else {}

    def _listings(self, orders: Sequence[TakingOrder], unsettled: Sequence[Want]) -> Sequence[NamedListing]:
        """Look up what lines name, and what those may have sold that name none."""
        names = {want.listing for want in unsettled if want.listing is not None}
        sales = [want for order in orders if order.unseen for want in order.wants.values()]
        skus = {want.sku for want in sales if want.sku is not None and want.listing is None}
        return self._expectations.listings(names, skus) if names or skus else ()

    def _stakes(self, order: TakingOrder, held: Mapping[str, HeldLine], listings: ListingsByName) -> dict[str, Stake]:
        stakes = {}
        for key, want in order.wants.items():
            before = held.get(key)
            sku = listings.sku_of(want) if before is None or must_settle(want, before) else before.stock_sku
            stake = stakes[key] = stake_of(want, sku)
            for moved, units in movements_between(before, stake).items():
                self._bookings.append(Booking(order.event, order.order_id, key, moved, units))
            if order.unseen:
                self._note_sale(listings.sold(want, sku), stake)
        return stakes

    def _note_sale(self, listing_id: int | None, stake: Stake) -> None:
        if listing_id is not None and stake.taken:
            self._sold[listing_id] += stake.taken

    def move(self) -> None:
        """Hold the levels that move, then set the targets of all their listings, which that holds likewise."""
        moved: defaultdict[str, Decimal] = defaultdict(Decimal)
        for booking in self._bookings:
            moved[booking.sku] += booking.units
        if not moved:
            return
        stock = StockRepository(self._connection)
        held = stock.hold(moved)
        levels = [held[sku]._replace(moved=held[sku].moved + units) for sku, units in moved.items()]
        stock.set_moved([(level.sku, level.moved) for level in levels])
        Targets(self._connection, self._database).stock({level.sku: level.available for level in levels})
        if self._sold and self._last_read is not None:
            self._expectations.lower(self._sold, moved, self._last_read.began)

    def book(self, numbers: Sequence[int]) -> None:
        """Write the movements with the numbers of the page's events."""
        StockRepository(self._connection).add_movements(
            [
                Movement(sku, numbers[event], units, Cause.ORDER, self._integration_id, order_id, line)
                for event, order_id, line, sku, units in self._bookings
            ]
        )


def _unsettled(orders: Iterable[TakingOrder], held: Mapping[int, Mapping[str, HeldLine]]) -> Iterator[Want]:
    for order in orders:
        before = held.get(order.held_by or 0, {})
        yield from (want for key, want in order.wants.items() if must_settle(want, before.get(key)))


class ListingsByName:
    """The listings of a store that the lines of a page may mean."""

    def __init__(self, listings: Collection[NamedListing]) -> None:
        self._named = {listing.external_id: listing for listing in listings}
        self._bearing: defaultdict[str | None, list[NamedListing]] = defaultdict(list)
        for listing in listings:
            if listing.is_there:
                self._bearing[listing.store_sku].append(listing)

    def sku_of(self, want: Want) -> str | None:
        """Give the SKU whose stock a line takes: that of the listing it names, else its own text."""
        listing = None if want.listing is None else self._named.get(want.listing)
        return want.sku if listing is None or listing.sku is None else listing.sku

    def sold(self, want: Want, sku: str | None) -> int | None:
        """Give the listing that a line has sold; None where that is not certain, or it is linked with another SKU."""
        named = self._named.get(want.listing or "")
        meant = self._bearing[want.sku] if want.listing is None else [] if named is None else [named]
        return meant[0].id if len(meant) == 1 and sku is not None and meant[0].sku == sku else None
