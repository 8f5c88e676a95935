"""Reading what a store offers: from the first page to the last, then what is gone and how the rest is linked."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from hub_core.channels.dispatch import stream
from hub_core.domain.errors import CursorExpiredError, FlowClosedError, HubError, NotReadyError, ResponseError
from hub_core.domain.turns import next_turn
from hub_core.domain.urgency import Urgency
from hub_core.services.linking import link
from hub_core.services.listing_intake import ListingIntake, ReadPage
from hub_core.services.order_flow import PAGE_DEADLINE
from hub_core.services.repetition import Repetition
from hub_core.services.targets import Targets
from hub_core.storage.flows import FlowRepository
from hub_core.storage.listing_reads import ListingRead, ListingReadRepository
from hub_core.storage.listings import ListingRepository
from hub_core.storage.runs import RunRepository

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from hub_core.services.flow_run import FlowRun
    from hub_core.services.parts import Parts

_RESTARTS = 3
_TOGETHER = 10
"""Pages that are stored at once, as far as they come within:"""
_PATIENCE = timedelta(seconds=1)


class ListingFlow:
    """Reads all listings of a store, or goes on with that."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._intake = ListingIntake(parts)
        self._repetition = Repetition()

    async def work(self, run: FlowRun) -> datetime:
        """Read to the end; give when the next read is due. Raises PausedError where a slice ends."""
        run.slice.urgency = Urgency.LISTINGS
        read = await self._parts.database.read(
            lambda connection: ListingReadRepository(connection, run.integration.id).under_way()
        )
        for _ in range(_RESTARTS):
            read = read or await self._begin(run)
            try:
                await self._read_pages(run, read)
            except NotReadyError as error:
                read.cursor = error.cursor
                await self._note(run, read)
                raise
            except CursorExpiredError:
                read = None
                continue
            return await self._complete(run, read)
        raise ResponseError("The store forgot three times where the read had stopped; the hub tries again later.")

    async def _begin(self, run: FlowRun) -> ListingRead:
        now = run.lease.now(self._parts.clock)

        def begin(connection: Connection) -> None:
            FlowRepository(connection, self._parts.database).fence(run.lease)
            ListingReadRepository(connection, run.integration.id).begin(now)

        await self._parts.database.write(begin)
        return ListingRead(now)

    async def _read_pages(self, run: FlowRun, read: ListingRead) -> None:
        async with aclosing(self._pages(run, read)) as heaps:
            async for pages in heaps:
                for one in pages:
                    self._repetition.see(run, read.began_at, one.page.records)
                taken = await self._intake.take(run, read, pages)
                run.counts = taken.counts
                run.rejected |= taken.rejected
                run.progress(run.counts)
                if not taken.still_open:
                    raise FlowClosedError
                for _ in pages:
                    run.slice.page_done()

    async def _pages(self, run: FlowRun, read: ListingRead) -> AsyncGenerator[Sequence[ReadPage], None]:
        """Yield pages, as many at once as come quickly, each with the moments at which it was asked for and came.

        What had come is yielded also where the source fails then.
        """
        clock = self._parts.clock
        source = stream(run.channel, "fetch_listings", deadline=PAGE_DEADLINE, store=run.store, cursor=read.cursor)
        heap: list[ReadPage] = []
        async with aclosing(source):
            while True:
                asked_at = run.lease.now(clock)
                try:
                    page = await anext(source, None)
                except HubError:
                    if heap:
                        yield heap
                    raise
                if page is not None:
                    heap.append(ReadPage(page, asked_at, run.lease.now(clock)))
                if heap and (page is None or self._is_enough(run, heap)):
                    yield heap
                    heap = []
                if page is None:
                    return

    def _is_enough(self, run: FlowRun, heap: Sequence[ReadPage]) -> bool:
        """Tell whether to store some pages: a slice that ends then, or a person who looks on, must not wait."""
        if run.slice.ending or len(heap) >= min(_TOGETHER, run.slice.pages_left):
            return True
        return run.lease.now(self._parts.clock) - heap[0].asked_at >= _PATIENCE

    async def _note(self, run: FlowRun, read: ListingRead) -> None:
        def note(connection: Connection) -> None:
            FlowRepository(connection, self._parts.database).fence(run.lease)
            ListingReadRepository(connection, run.integration.id).advance(read)
            RunRepository(connection).progress(run.run_id, run.counts, run.spent)

        await self._parts.database.write(note)

    async def _complete(self, run: FlowRun, read: ListingRead) -> datetime:
        """Mark what is gone, then link the rest and say what stores should be told; in two steps for the locks' order.

        A process that dies between the two leaves the note that targets may have changed.
        """
        database, integration_id = self._parts.database, run.integration.id
        now = run.lease.now(self._parts.clock)

        def lose(connection: Connection) -> list[int]:
            FlowRepository(connection, database).fence(run.lease)
            gone = [] if read.blind else ListingRepository(connection).lose(integration_id, read.began_at, now)
            if gone:
                ListingReadRepository(connection, integration_id).advance(replace(read, changed=True))
            return gone

        gone = await database.write(lose)

        def complete(connection: Connection) -> None:
            FlowRepository(connection, database).fence(run.lease)
            link(connection, Targets(connection, database), integration_id, gone, whole=read.changed)
            ListingReadRepository(connection, integration_id).complete(read, now)

        await database.write(complete)
        self._repetition.over(run)
        run.fresh = True
        return next_turn(now, timedelta(seconds=run.integration.rules.listing_interval), integration_id)
