"""Taking a page of orders in: orders, revisions, rejects, stock, events and cursor in one transaction, or nothing.

What did not change is told by the hash of its text and is not even read. A page costs a constant number of
statements, whatever its length.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from hub_core.domain.integrations import Flow
from hub_core.domain.runs import Counts
from hub_core.services.history import Seen
from hub_core.services.page_write import PageWrite
from hub_core.services.sifting import Sifted, sift
from hub_core.storage.audit import AuditRepository
from hub_core.storage.flows import FlowRepository, Lease
from hub_core.storage.rejects import KeptRejects, RejectRepository
from hub_core.storage.searches import SearchRepository

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from hub_core.channels.pages import OrderPage
    from hub_core.domain.audit import NewAudit
    from hub_core.domain.events import NewEvent
    from hub_core.domain.polls import Search
    from hub_core.domain.runs import Spent
    from hub_core.services.parts import Parts
    from hub_core.services.telling import Telling


@dataclass(frozen=True, slots=True, kw_only=True)
class PageContext:
    """Where a page comes from, and when it was asked for (by the database's clock).

    *seen* tells how what is first seen here counts. *reading* is None where somebody asked for a single order,
    which *asked_for* then writes down. A page
    that holds nothing new *must_commit* its place only now and then: read once more after a crash, it changes nothing.
    """

    integration_id: int
    channel: str
    sent_at: datetime
    seen: Seen
    reading: RunReading | None = None
    must_commit: bool = True
    asked_for: NewAudit | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunReading:
    """The run and the search that a page belongs to, if any, and what the run had done before it."""

    lease: Lease
    telling: Telling
    search: Search | None
    counts: Counts
    spent: Spent
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
        page_write = PageWrite(connection, self._parts.database, context)
        rejects = page_write.decide(sifted)
        rejected, fresh = KeptRejects(frozenset(), fresh=False)
        if rejects:
            rejected, fresh = RejectRepository(connection).save(
                context.integration_id, Flow.ORDERS, rejects, context.seen.sight, context.sent_at
            )
        newly_rejected = rejected - (frozenset() if reading is None else reading.rejected_before)
        brought = counts = page_write.counts(len(page.records), sifted.known, len(newly_rejected))
        told: list[NewEvent] = []
        if reading is not None:
            counts = reading.counts.plus(brought)
            if reading.search is not None:
                SearchRepository(connection).advance(context.integration_id, reading.search, page.cursor)
            told = reading.telling.page(connection, counts, reading.spent, news=fresh or brought.found)
        page_write.write(now, told)
        if context.asked_for is not None:
            AuditRepository(connection).record(context.asked_for, now)
        return Taken(counts, rejected, still_open)
