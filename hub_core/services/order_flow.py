"""Reading a store's orders: which searches are due, in which order, each from its cursor to the end of its window."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from hub_core.channels.dispatch import ask, stream
from hub_core.domain.errors import BudgetError, CursorExpiredError, FlowClosedError, NotReadyError, ResponseError
from hub_core.domain.polls import ONCE, POLL_OF, SWEEP_INTERVAL, Poll, Search, Window, widened, window_of
from hub_core.domain.runs import Counts
from hub_core.domain.turns import next_turn
from hub_core.domain.urgency import Urgency
from hub_core.services.hinted_orders import HintedOrders
from hub_core.services.history import Seen, Sights
from hub_core.services.order_intake import OrderIntake, PageContext, RunReading
from hub_core.services.repetition import Repetition
from hub_core.services.slices import PausedError
from hub_core.services.stock_after_orders import note_complete_read
from hub_core.storage.flows import FlowRepository
from hub_core.storage.rejects import RejectRepository
from hub_core.storage.runs import RunRepository
from hub_core.storage.searches import SearchRepository, SearchState

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from hub_core.channels.channel import Channel
    from hub_core.channels.pages import OrderPage
    from hub_core.services.flow_run import FlowRun
    from hub_core.services.parts import Parts
    from hub_core.storage.hints import Hint
    from hub_core.storage.integrations import IntegrationRow

PAGE_DEADLINE = 600.0
"""Seconds for one page: a store may need minutes for it, and the plugin waits for the rate budget within."""
COMMIT_SECONDS = 1.0
"""How often the place of a read is noted while its pages hold nothing new."""
SOON = 0.04
"""By which part of its interval a search is read early, so that one run does for several; less than until any turn."""
_RESTARTS = 3

ORDER_OF_SEARCHES = (Search.BASELINE, Search.NEW, Search.CHANGED, Search.OPEN, Search.BACKFILL, Search.SWEEP)
_LETS_PASS = (Search.OPEN, Search.BACKFILL, Search.SWEEP)
"""What reads orders that are old already, and so ends its slice as soon as anything more urgent waits."""


def plan(searches: dict[Search, SearchState], channel: Channel, now: datetime, interval: timedelta) -> Search | None:
    """Tell which search to read next: the baseline before any other, and those that happen once only once.

    What is due soon, except for the daily sweep, is read already, so that one run does for several searches; and what
    is due later than its interval allows, for then the clock was set back, or the interval shortened.
    """
    offered = set(channel.info.polls)
    for search in ORDER_OF_SEARCHES:
        if POLL_OF[search] not in offered:
            continue
        state = searches[search]
        undone = state.completed_at is None
        if undone if search in ONCE else (_is_due(state, now, interval) or state.began_at is not None):
            return search
    return None


def _is_due(state: SearchState, now: datetime, interval: timedelta) -> bool:
    if state.search is Search.SWEEP:
        return not now < state.due_at <= now + SWEEP_INTERVAL
    return not now + interval * SOON < state.due_at <= now + interval


def next_due(searches: dict[Search, SearchState], channel: Channel) -> datetime:
    """Tell when the flow is due again: when the first of its repeated searches is."""
    offered = set(channel.info.polls)
    return min(state.due_at for search, state in searches.items() if search not in ONCE and POLL_OF[search] in offered)


class OrderFlow:
    """Reads orders until nothing is due, or the slice is over."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._intake = OrderIntake(parts)
        self._sights = Sights(parts)
        self._repetition = Repetition()
        self._hinted = HintedOrders(parts, self._intake, self._sights)

    async def work(self, run: FlowRun) -> datetime:
        """Read all searches that are due; give when the flow is due again. Raises PausedError where a slice ends."""
        interval = timedelta(seconds=run.integration.rules.order_interval)
        while True:
            hints, searches = await self._parts.database.read(lambda connection: self._waiting(connection, run))
            await self._hinted.look(run, hints)
            search = plan(searches, run.channel, run.lease.now(self._parts.clock), interval)
            if search is not None:
                await self._read(run, searches, searches[search])
            elif not hints:
                return next_due(searches, run.channel)

    def _waiting(self, connection: Connection, run: FlowRun) -> tuple[Sequence[Hint], dict[Search, SearchState]]:
        return self._hinted.noted(connection, run), SearchRepository(connection).of(run.integration.id)

    async def _read(self, run: FlowRun, searches: dict[Search, SearchState], state: SearchState) -> None:
        """Read one search to the end of its window; a cursor that the store has forgotten starts it again."""
        run.slice.urgency = Urgency.SWEEP if state.search in _LETS_PASS else Urgency.MANUAL
        for _ in range(_RESTARTS):
            if state.began_at is None:
                self._repetition.over(run)
                state = await self._begin(run, state)
            try:
                if not state.window.empty:
                    await self._read_pages(run, searches, state)
            except NotReadyError as error:
                await self._note(run, state.search, error.cursor)
                raise
            except CursorExpiredError:
                state = state.model_copy(update={"began_at": None, "cursor": None})
                continue
            return await self._complete(run, state)
        raise ResponseError("The store forgot three times where the read had stopped; the hub tries again later.")

    async def _begin(self, run: FlowRun, state: SearchState) -> SearchState:
        integration = run.integration
        began_at = run.lease.now(self._parts.clock)
        window = self._window(integration, state, began_at)

        def begin(connection: Connection) -> None:
            FlowRepository(connection, self._parts.database).fence(run.lease)
            SearchRepository(connection).begin(integration.id, state.search, window, began_at)

        await self._parts.database.write(begin)
        if state.search in ONCE:
            await self._expect(run, state.search, window)
        return state.model_copy(update={"began_at": began_at, "window": window, "cursor": None})

    def _window(self, integration: IntegrationRow, state: SearchState, now: datetime) -> Window:
        connected_at = integration.connected_at or now
        window = window_of(
            state.search,
            import_since=integration.rules.reaches_back_to(integration.created_at),
            connected_at=connected_at,
            watermark=now if state.search is Search.SWEEP else state.watermark,
        )
        zone_was_told = integration.store is not None and integration.store.timezone is not None
        return window if zone_was_told else widened(window)

    async def _expect(self, run: FlowRun, search: Search, window: Window) -> None:
        """Ask how many orders there will be, so that progress can be told."""
        if run.channel.implements("count_orders"):
            count = await ask(
                run.channel,
                "count_orders",
                deadline=PAGE_DEADLINE,
                store=run.store,
                poll=POLL_OF[search],
                window=window,
            )
            run.counts = run.counts.plus(Counts(expected=count))
            run.progress(run.counts)

    async def _read_pages(self, run: FlowRun, searches: dict[Search, SearchState], state: SearchState) -> None:
        cursor = state.cursor
        try:
            async with aclosing(self._taken(run, searches, state)) as places:
                async for place in places:
                    cursor = place
                    run.slice.page_done()
        except (BudgetError, PausedError):
            await self._note(run, state.search, cursor)  # the last pages may not have been committed
            raise

    async def _taken(
        self, run: FlowRun, searches: dict[Search, SearchState], state: SearchState
    ) -> AsyncGenerator[Any, None]:
        """Take in one page after the other, and yield where the next begins."""
        seen = await self._sights.seen(run.integration, searches, run.channel.info.polls, state.search)
        commit_at = self._parts.clock.monotonic() + COMMIT_SECONDS
        async with aclosing(self._pages(run, state)) as pages:
            async for page, sent_at in pages:
                self._repetition.see(run, state.search, page.records)
                now = self._parts.clock.monotonic()
                must_commit = now >= commit_at
                taken = await self._intake.take(page, _context(run, state, sent_at, seen, must_commit=must_commit))
                if must_commit:
                    commit_at = now + COMMIT_SECONDS
                run.counts = taken.counts
                run.rejected |= taken.rejected
                run.progress(run.counts)
                if not taken.still_open:
                    raise FlowClosedError
                yield page.cursor

    async def _note(self, run: FlowRun, search: Search, cursor: Any) -> None:
        """Note where a search is gone on with, and what the run has done until there."""

        def note(connection: Connection) -> None:
            FlowRepository(connection, self._parts.database).fence(run.lease)
            SearchRepository(connection).advance(run.integration.id, search, cursor)
            RunRepository(connection).progress(run.run_id, run.counts, run.spent)

        await self._parts.database.write(note)

    async def _pages(self, run: FlowRun, state: SearchState) -> AsyncGenerator[tuple[OrderPage, datetime], None]:
        """Yield pages with the moment each was asked for, which is not before the last one was stored."""
        source = stream(
            run.channel,
            "fetch_orders",
            deadline=PAGE_DEADLINE,
            store=run.store,
            poll=POLL_OF[state.search],
            window=state.window,
            cursor=state.cursor,
        )
        async with aclosing(source):
            while True:
                asked_at = run.lease.now(self._parts.clock)
                page = await anext(source, None)
                if page is None:
                    return
                yield page, asked_at

    async def _complete(self, run: FlowRun, state: SearchState) -> None:
        now = run.lease.now(self._parts.clock)
        number, interval = run.integration.id, timedelta(seconds=run.integration.rules.order_interval)
        due_at = next_turn(now, SWEEP_INTERVAL if state.search is Search.SWEEP else interval, number)

        def complete(connection: Connection) -> None:
            FlowRepository(connection, self._parts.database).fence(run.lease)
            searches = SearchRepository(connection)
            searches.complete(run.integration.id, state, now, due_at)
            if state.search is Search.BASELINE:
                searches.start_from(number, state, state.began_at or now, interval)
            if run.counts.read:
                RejectRepository(connection).settle(run.integration.id)
            if POLL_OF[state.search] is Poll.NEW and state.window.end is None:
                note_complete_read(connection, run.integration.id, state.began_at or now, self._parts.clock.now())

        await self._parts.database.write(complete)
        self._repetition.over(run)
        run.fresh = True


def _context(
    run: FlowRun,
    state: SearchState,
    sent_at: datetime,
    seen: Seen,
    *,
    must_commit: bool,
) -> PageContext:
    return PageContext(
        integration_id=run.integration.id,
        channel=run.channel.key,
        sent_at=sent_at,
        seen=seen,
        must_commit=must_commit,
        reading=RunReading(
            lease=run.lease,
            telling=run.telling,
            search=state.search,
            counts=run.counts,
            spent=run.spent,
            rejected_before=run.rejected,
        ),
    )
