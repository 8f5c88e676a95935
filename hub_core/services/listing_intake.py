"""Taking a page of listings in: what the store offers, and which figures it has, in one transaction or nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from hub_core.domain.history import Sight
from hub_core.domain.integrations import PUSHING, Flow
from hub_core.domain.money import written
from hub_core.domain.runs import Counts
from hub_core.domain.stock import plain
from hub_core.services.listing_sifting import SiftedListings, sift_listings
from hub_core.storage.events import EventRepository
from hub_core.storage.flows import FlowRepository
from hub_core.storage.listing_reads import ListingReadRepository
from hub_core.storage.listings import HeldFigure, HeldListing, ListingRepository, ListingValues, NewFigure, values_of
from hub_core.storage.rejects import RejectRepository

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from collections.abc import Set as AbstractSet

    from sqlalchemy import Connection

    from hub_core.channels.listing_pages import ListingPage
    from hub_core.domain.listings import Listing
    from hub_core.services.flow_run import FlowRun
    from hub_core.services.parts import Parts
    from hub_core.storage.listing_reads import ListingRead


class ReadPage(NamedTuple):
    """A page with the moments at which it was asked for, and had come."""

    page: ListingPage
    asked_at: datetime
    came_at: datetime

    @property
    def seen(self) -> tuple[datetime, datetime]:
        """Give both moments."""
        return self.asked_at, self.came_at


_Sifted: TypeAlias = tuple[ReadPage, SiftedListings]
_STOCK, _PRICES = Flow.STOCK.value, Flow.PRICES.value


@dataclass(frozen=True, slots=True)
class TakenListings:
    """What became of pages: the run's new figures, which rejects they hold, and whether the flow is still open."""

    counts: Counts
    rejected: AbstractSet[str]
    still_open: bool


class ListingIntake:
    """Stores pages of listings."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def take(self, run: FlowRun, read: ListingRead, pages: Sequence[ReadPage]) -> TakenListings:
        """Store *pages* and how far *read* has come. Raises LeaseLostError, and then has written nothing."""
        database = self._parts.database
        sifted = await database.read_to_write(
            lambda _: [(page, sift_listings(run.channel.key, page.page)) for page in pages]
        )
        read.cursor = pages[-1].page.cursor
        read.blind = read.blind or any(one.blind for _, one in sifted)
        return await database.write(lambda connection: self._store(connection, run, read, sifted))

    def _store(
        self, connection: Connection, run: FlowRun, read: ListingRead, pages: Sequence[_Sifted]
    ) -> TakenListings:
        still_open = FlowRepository(connection, self._parts.database).fence(run.lease)
        write = _Write(connection, run, pages)
        rejected = write.rejects()
        brought, changed = write.listings()
        write.spare()
        read.changed = read.changed or changed
        counts = run.counts.plus(brought.plus(Counts(pages=len(pages), rejected=len(rejected - run.rejected))))
        ListingReadRepository(connection, run.integration.id).advance(read)
        told = run.telling.page(connection, counts, run.spent, news=write.fresh or brought.found)
        EventRepository(connection).record(told, self._parts.clock.now())
        return TakenListings(counts, rejected, still_open)


class _Told(NamedTuple):
    """A listing as the newest page that holds it tells it."""

    listing: Listing
    page: ReadPage


class _Write:
    """What some pages tell, written together: so all listings are locked at once, in the order that everybody keeps."""

    def __init__(self, connection: Connection, run: FlowRun, pages: Sequence[_Sifted]) -> None:
        self._rows = ListingRepository(connection)
        self._rejects = RejectRepository(connection)
        self._integration_id = run.integration.id
        self._flows = [flow.value for flow in PUSHING if flow in run.channel.flows]
        self._pages = pages
        self.fresh = False
        """Whether some of what could not be read was not known before."""

    def rejects(self) -> set[str]:
        """Keep what cannot be read, give the keys of that, and settle what the newest page lets be read now."""
        rejected, read, kind = set[str](), set[str](), Flow.LISTINGS
        for page, sifted in self._pages:
            if sifted.rejects:
                kept = self._rejects.save(self._integration_id, kind, sifted.rejects, Sight.LATER, page.asked_at)
                rejected |= kept.open
                self.fresh = self.fresh or kept.fresh
            read = (read | sifted.read) - sifted.unread
        if read:
            self._rejects.settle_named(self._integration_id, kind, read)
        return rejected

    def listings(self) -> tuple[Counts, bool]:
        """Write them; tell also whether other targets may follow from what they are now."""
        told = {key: _Told(one, page) for page, sifted in self._pages for key, one in sifted.listings.items()}
        if not told:
            return Counts(), False
        held = self._rows.held(self._integration_id, told)
        values = {key: values_of(one.listing) for key, one in told.items()}
        new = [key for key in told if key not in held]
        changed = [key for key, row in held.items() if row.values != values[key]]
        same = {row.id: told[key].page for key, row in held.items() if row.values == values[key]}
        ids = {key: row.id for key, row in held.items()} | dict(
            zip(new, self._rows.reserve_ids(len(new)) if new else (), strict=True)
        )
        rows = [(ids[key], told[key].page.seen, values[key]) for key in (*new, *changed)]
        self._rows.write(self._integration_id, rows)
        for page, _ in self._pages if same else ():
            self._rows.touch(page.seen, [listing_id for listing_id, seen in same.items() if seen is page])
        self._figures({ids[key]: one for key, one in told.items()}, [row.id for row in held.values()])
        counts = Counts(read=len(told), created=len(new), updated=len(changed), unchanged=len(same))
        return counts, any(_retargets(row, values[key]) for key, row in held.items())

    def spare(self) -> None:
        """Note of what could not be read that it was there."""
        for page, sifted in self._pages:
            if sifted.unread:
                self._rows.spare(self._integration_id, page.asked_at, sifted.unread)

    def _figures(self, told: dict[int, _Told], known: Collection[int]) -> None:
        held = self._rows.figures(known) if known and self._flows else {}
        first, figures = [], []
        for listing_id, (listing, page) in told.items():
            figure_of = _figures_of(listing)
            for flow in self._flows:
                figure, old = figure_of[flow], held.get((listing_id, flow))
                if figure is not None and old is None:
                    first.append((listing_id, flow, self._integration_id, figure, figure))
                elif figure is not None and old is not None:
                    change = _change(old, figure, page.asked_at, _currency_of(listing, flow))
                    figures += [NewFigure(listing_id, flow, self._integration_id, *change)] if change else []
        self._rows.write_first_figures(first)
        self._rows.write_figures(figures)


class Change(NamedTuple):
    """What is written of one figure of a listing."""

    acknowledged: Decimal
    expected: Decimal
    drifted_at: datetime | None = None
    raised_at: datetime | None = None
    reason: str = ""
    unsure_until: datetime | None = None


def _retargets(held: HeldListing, now: ListingValues) -> bool:
    return held.gone or held.values.fractions != now.fractions or held.values.currency != now.currency


def _figures_of(listing: Listing) -> dict[str, Decimal | None]:
    """Give the figures that a store tells, by flow, in the one written form in which the database compares."""
    stock, price = listing.stock, listing.price
    return {
        _STOCK: None if stock is None else plain(stock),
        _PRICES: None if price is None else plain(price.amount),
    }


def _currency_of(listing: Listing, flow: str) -> str | None:
    return listing.price.currency if flow == _PRICES and listing.price is not None else None


def _change(old: HeldFigure, figure: Decimal, asked_at: datetime, currency: str | None) -> Change | None:
    """Tell what to write of a *figure* that a store was read to have; None where that tells nothing new.

    Nor does it where a send was under way when the page was asked for, or ended after that.
    """
    if old.in_flight or (old.ended_at or asked_at) > asked_at:
        return None
    still_unsure = old.unsure_until if old.unsure_until is not None and asked_at <= old.unsure_until else None
    if old.acknowledged == figure == old.expected and still_unsure == old.unsure_until:
        return None
    return _adopted(old, figure, asked_at, currency)._replace(unsure_until=still_unsure)


def _adopted(old: HeldFigure, figure: Decimal, asked_at: datetime, currency: str | None) -> Change:
    """Adopt what the store has. A listing that was in step has drifted: it was changed in the store, or sold there.

    Where a raise was to be sent anyway, that waits for the orders of which this may come.
    """
    adopted = Change(figure, figure, old.drifted_at, old.raised_at, old.reason)
    if old.expected is None or old.target is None or figure in (old.expected, old.target):
        return adopted
    if old.expected == old.target:
        had, thought = written(figure, currency), written(old.expected, currency)
        said = f"The store was found to have {had} where {thought} was expected."
        return adopted._replace(drifted_at=asked_at, reason=said)
    return adopted._replace(raised_at=asked_at) if old.target > figure else adopted
