"""Taking a page of listings in: what the store offers, and which figures it has, in one transaction or nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from hub_core.domain.history import Sight
from hub_core.domain.integrations import PUSHING, Flow
from hub_core.domain.runs import Counts
from hub_core.domain.stock import plain
from hub_core.services.listing_sifting import SiftedListings, sift_listings
from hub_core.storage.flows import FlowRepository
from hub_core.storage.listing_reads import ListingReadRepository
from hub_core.storage.listings import HeldFigure, HeldListing, ListingRepository, NewFigure, values_of
from hub_core.storage.rejects import RejectRepository
from hub_core.storage.runs import RunRepository

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
        self, connection: Connection, run: FlowRun, read: ListingRead, pages: Sequence[tuple[ReadPage, SiftedListings]]
    ) -> TakenListings:
        still_open = FlowRepository(connection, self._parts.database).fence(run.lease)
        counts, rejected = run.counts, set[str]()
        for page, sifted in pages:
            write = _PageWrite(connection, run, page)
            rejected |= write.rejects(sifted)
            read.changed = write.listings(sifted.listings) or read.changed
            counts = counts.plus(write.counts)
        counts = counts.plus(Counts(pages=len(pages), rejected=len(rejected - run.rejected)))
        ListingReadRepository(connection, run.integration.id).advance(read)
        RunRepository(connection).progress(run.run_id, counts, run.api_calls)
        return TakenListings(counts, rejected, still_open)


class _PageWrite:
    """The listings and figures that one page tells of."""

    def __init__(self, connection: Connection, run: FlowRun, page: ReadPage) -> None:
        self._rows = ListingRepository(connection)
        self._rejects = RejectRepository(connection)
        self._integration_id = run.integration.id
        self._flows = [flow for flow in PUSHING if flow in run.channel.flows]
        self._asked_at = page.asked_at
        self._seen = (page.asked_at, page.came_at)
        self.counts = Counts()

    def rejects(self, sifted: SiftedListings) -> AbstractSet[str]:
        """Keep what cannot be read, give the keys of that, and settle what can be read now."""
        rejected: AbstractSet[str] = frozenset()
        if sifted.rejects:
            kind = Flow.LISTINGS
            rejected = self._rejects.save(self._integration_id, kind, sifted.rejects, Sight.LATER, self._asked_at)
        if sifted.unread:
            self._rows.spare(self._integration_id, self._asked_at, sifted.unread)
        if sifted.read:
            self._rejects.settle_named(self._integration_id, Flow.LISTINGS, sifted.read)
        return rejected

    def listings(self, told: dict[str, Listing]) -> bool:
        """Write them; tell whether other targets may follow from what they are now."""
        if not told:
            return False
        held = self._rows.held(self._integration_id, told)
        values = {key: values_of(listing) for key, listing in told.items()}
        new = [key for key in told if key not in held]
        changed = [key for key, row in held.items() if row.values != values[key]]
        same = [row.id for key, row in held.items() if row.values == values[key]]
        ids = {key: row.id for key, row in held.items()} | dict(
            zip(new, self._rows.reserve_ids(len(new)) if new else (), strict=True)
        )
        self._rows.write(self._integration_id, self._seen, [(ids[key], values[key]) for key in (*new, *changed)])
        if same:
            self._rows.touch(self._seen, same)
        self._figures({ids[key]: listing for key, listing in told.items()}, [row.id for row in held.values()])
        self.counts = Counts(read=len(told), created=len(new), updated=len(changed), unchanged=len(same))
        return any(_retargets(row, told[key]) for key, row in held.items())

    def _figures(self, told: dict[int, Listing], known: Collection[int]) -> None:
        held = self._rows.figures(known) if known and self._flows else {}
        first, figures = [], []
        for flow in self._flows:
            name = flow.value
            for listing_id, listing in told.items():
                figure, old = _told_by(listing, flow), held.get((listing_id, name))
                if figure is not None and old is None:
                    first.append((listing_id, name, self._integration_id, figure, figure))
                elif figure is not None and old is not None:
                    change = _change(old, figure, self._asked_at)
                    figures += [NewFigure(listing_id, name, self._integration_id, *change)] if change else []
        self._rows.write_first_figures(first)
        self._rows.write_figures(figures)


class Change(NamedTuple):
    """What is written of one figure of a listing."""

    acknowledged: Decimal
    expected: Decimal
    drifted_at: datetime | None = None
    raised_at: datetime | None = None
    reason: str = ""


def _retargets(held: HeldListing, listing: Listing) -> bool:
    now = values_of(listing)
    return held.gone or held.values.fractions != now.fractions or held.values.currency != now.currency


def _told_by(listing: Listing, flow: Flow) -> Decimal | None:
    """Give the figure that a store tells, in the one written form in which the database compares."""
    price = None if listing.price is None else listing.price.amount
    figure = listing.stock if flow is Flow.STOCK else price
    return None if figure is None else plain(figure)


def _change(old: HeldFigure, figure: Decimal, asked_at: datetime) -> Change | None:
    """Tell what to write of a *figure* that a store was read to have; None where that tells nothing new.

    Nor does it where a send was under way when the page was asked for, or ended after that.
    """
    if old.in_flight or (old.ended_at or asked_at) > asked_at:
        return None
    if old.acknowledged == figure == old.expected:
        return None
    return _adopted(old, figure, asked_at)


def _adopted(old: HeldFigure, figure: Decimal, asked_at: datetime) -> Change:
    """Adopt what the store has. A listing that was in step has drifted: it was changed in the store, or sold there.

    Where a raise was to be sent anyway, that waits for the orders of which this may come.
    """
    adopted = Change(figure, figure, old.drifted_at, old.raised_at, old.reason)
    if old.expected is None or old.target is None or figure in (old.expected, old.target):
        return adopted
    if old.expected == old.target:
        said = f"The store was found to have {figure} where {old.expected} was expected."
        return adopted._replace(drifted_at=asked_at, reason=said)
    return adopted._replace(raised_at=asked_at) if old.target > figure else adopted
