"""Taking a page of orders in: orders, revisions, rejects, events and cursor in one transaction, or nothing.

What did not change is told by the hash of its text and is not even read. A page costs a constant number of
statements, whatever its length.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from hub_core.domain.events import NewEvent
from hub_core.domain.history import HistoryRule, Sight
from hub_core.domain.integrations import Flow
from hub_core.domain.orders import Order
from hub_core.domain.revisions import changes_between
from hub_core.domain.runs import Counts
from hub_core.services.sifting import Reading, Sifted, sift
from hub_core.storage.bulk import Row
from hub_core.storage.events import EventRepository
from hub_core.storage.flows import FlowRepository, Lease
from hub_core.storage.orders import HeldOrder, OrderRepository, line_values
from hub_core.storage.rejects import RejectRepository
from hub_core.storage.runs import RunRepository
from hub_core.storage.searches import SearchRepository

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from hub_core.channels.pages import OrderPage
    from hub_core.domain.polls import Search
    from hub_core.services.parts import Parts


class Seen(NamedTuple):
    """When something is seen, and the rule by which that makes it history or not."""

    sight: Sight
    rule: HistoryRule


@dataclass(frozen=True, slots=True, kw_only=True)
class PageContext:
    """Where a page comes from, and when it was asked for (by the database's clock).

    *seen* tells how what is first seen here counts. *reading* is None where somebody asked for a single order. A page
    that holds nothing new *must_commit* its place only now and then: read once more after a crash, it changes nothing.
    """

    integration_id: int
    channel: str
    sent_at: datetime
    seen: Seen
    reading: RunReading | None = None
    must_commit: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class RunReading:
    """The run and the search that a page belongs to, and what the run had done before it."""

    lease: Lease
    run_id: int
    search: Search
    counts: Counts
    api_calls: int
    rejected_before: AbstractSet[str]


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a page: the run's new figures, which rejects it holds, and whether the flow is still open."""

    counts: Counts
    rejected: AbstractSet[str]
    still_open: bool


class OrderIntake:
    """Stores pages of orders."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def take(self, page: OrderPage, context: PageContext) -> Taken:
        """Store *page*. Raises LeaseLostError, and then has written nothing."""
        integration_id = context.integration_id
        sifted = await self._parts.database.read_to_write(
            lambda connection: sift(connection, integration_id, context.channel, page)
        )
        now = self._parts.clock.now()
        if not sifted.readings and not sifted.rejects and not context.must_commit:
            reading = context.reading
            counts = Counts(pages=1, read=len(page.records), unchanged=sifted.known)
            return Taken(reading.counts.plus(counts) if reading else counts, frozenset(), still_open=True)
        return await self._parts.database.write(lambda connection: self._store(connection, page, context, sifted, now))

    def _store(
        self, connection: Connection, page: OrderPage, context: PageContext, sifted: Sifted, now: datetime
    ) -> Taken:
        reading = context.reading
        flows = FlowRepository(connection, self._parts.database)
        still_open = flows.lock(context.integration_id, Flow.ORDERS) if reading is None else flows.fence(reading.lease)
        rejected: AbstractSet[str] = frozenset()
        if sifted.rejects:
            rejected = RejectRepository(connection).save(
                context.integration_id, Flow.ORDERS, sifted.rejects, context.seen.sight, context.sent_at
            )
        page_write = PageWrite(connection, context)
        page_write.decide(sifted)
        newly_rejected = rejected - (frozenset() if reading is None else reading.rejected_before)
        counts = page_write.counts(len(page.records), sifted.known, len(newly_rejected))
        if reading is not None:
            counts = reading.counts.plus(counts)
            SearchRepository(connection).advance(context.integration_id, reading.search, page.cursor)
            RunRepository(connection).progress(reading.run_id, counts, reading.api_calls)
        page_write.write(now)
        return Taken(counts, rejected, still_open)


class Revision(NamedTuple):
    """A change of content that the hub saw; *changes* is JSON."""

    order_id: int
    number: int
    changes: str


class PageWrite:
    """The rows that one page makes."""

    def __init__(self, connection: Connection, context: PageContext) -> None:
        self._connection = connection
        self._integration_id = context.integration_id
        self._context = context
        self._orders = OrderRepository(connection)
        self._rows: list[Row] = []
        self._lines: list[Row] = []
        self._events: list[NewEvent] = []
        self._revisions: dict[int, Revision] = {}
        self._created = self._updated = 0

    def decide(self, sifted: Sifted) -> None:
        """Decide for each order whether it is new, changed, the same after all, or older than what is held."""
        readings = sifted.readings
        held = self._orders.held(self._integration_id, list(readings)) if readings else {}
        new = [reading for key, reading in readings.items() if key not in held]
        ids = self._orders.reserve_ids(len(new)) if new else ()
        for order_id, reading in zip(ids, new, strict=True):
            # One that was seen before, and could not be read then, counts by that first sight.
            self._create(order_id, reading, sifted.sights.get(reading.external_id, self._context.seen.sight))
        for key, holding in held.items():
            self._compare(holding, readings[key])

    def _create(self, order_id: int, reading: Reading, sight: Sight) -> None:
        history = self._context.seen.rule.holds(sight, reading.placed_at)
        self._add_row(order_id, reading, 1, history=history)
        self._lines += [(*line, order_id, False) for line in reading.lines]
        self._add_event("order.created", order_id, reading, history=history)
        self._created += 1

    def _compare(self, held: HeldOrder, reading: Reading) -> None:
        if held.sent_at > self._context.sent_at:
            return
        if held.content_hash == reading.content_hash:
            self._add_row(held.id, reading, held.revision, history=held.history)
            return
        old = json.loads(held.document)
        changes = changes_between(old, json.loads(reading.document))
        if not changes:
            self._add_row(held.id, reading, held.revision, history=held.history)
            return
        self._add_row(held.id, reading, held.revision + 1, history=held.history)
        self._lines += [(*line, held.id, True) for line in _gone(old, reading.lines)]
        self._lines += [(*line, held.id, False) for line in reading.lines]
        sentences = [change.sentence for change in changes]
        self._revisions[len(self._events)] = Revision(
            held.id, held.revision + 1, json.dumps([change.model_dump(mode="json") for change in changes])
        )
        self._add_event("order.updated", held.id, reading, history=held.history, changes=sentences)
        self._updated += 1

    def _add_row(self, order_id: int, reading: Reading, revision: int, *, history: bool) -> None:
        self._rows.append(
            (
                *reading.columns,
                reading.raw_hash,
                reading.content_hash,
                reading.document,
                reading.raw,
                self._integration_id,
                order_id,
                revision,
                history,
                self._context.sent_at,
            )
        )

    def _add_event(self, what: str, order_id: int, reading: Reading, *, history: bool, **data: Any) -> None:
        told = {"external_id": reading.external_id, "number": reading.number, "status": reading.status, **data}
        if history:
            told["history"] = True
        self._events.append(NewEvent(what, self._integration_id, order_id, None, told))

    def counts(self, read: int, known: int, rejected: int) -> Counts:
        """Tell what this page brought."""
        unchanged = known + len(self._rows) - self._created - self._updated
        return Counts(
            pages=1,
            read=read,
            created=self._created,
            updated=self._updated,
            unchanged=unchanged,
            rejected=rejected,
        )

    def write(self, now: datetime) -> None:
        """Write it all; the event numbers are reserved last, since that lock is the one everybody wants."""
        if not self._rows:
            return
        self._orders.write(self._rows)
        self._orders.write_lines(self._lines)
        numbers = EventRepository(self._connection).record(self._events, now)
        self._orders.write_revisions(
            [
                {
                    "order_id": revision.order_id,
                    "revision": revision.number,
                    "event_id": numbers[place],
                    "at": now,
                    "changes": revision.changes,
                }
                for place, revision in self._revisions.items()
            ]
        )


def _gone(old: dict[str, Any], lines: Sequence[Row]) -> list[Row]:
    """Give the lines of the *old* document that an order has no more."""
    kept = {external_id for external_id, *_ in lines}
    if all(line["external_id"] in kept for line in old["lines"]):
        return []
    return [line for line in line_values(Order.model_validate(old)) if line[0] not in kept]
