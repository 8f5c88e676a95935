"""Telling a store what has changed, one batch after the other, until nothing is due or what is left must wait.

Absolute and latest-wins: a batch is picked when there is room for it, with what is true then, and is under way from
that transaction on until its outcomes are stored, at the latest when the next is picked. What gets none stays so, and
is sent again with what is true then.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from hub_core.channels.http import LONGEST_EXCHANGE
from hub_core.domain.errors import BudgetError, FlowClosedError, PluginError, SupersededError
from hub_core.domain.events import NewEvent, from_to, of_listing
from hub_core.domain.integrations import Flow
from hub_core.domain.polls import Search
from hub_core.domain.pushes import Waiting
from hub_core.domain.runs import Counts
from hub_core.domain.urgency import Urgency
from hub_core.services.budget import StoreBudget, scope_of
from hub_core.services.last_answers import to_the_last
from hub_core.services.push_kind import PUSH_DEADLINE
from hub_core.services.push_outcomes import PushOutcomes
from hub_core.services.receipts import Receipts
from hub_core.services.repetition import Idleness
from hub_core.storage.events import EventRepository
from hub_core.storage.flows import FlowRepository
from hub_core.storage.listings import ListingRepository
from hub_core.storage.push_rows import Due, Held, Sent, Unsure
from hub_core.storage.pushes import PushRepository
from hub_core.storage.searches import SearchRepository

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from hub_core.services.flow_run import FlowRun
    from hub_core.services.parts import Parts
    from hub_core.services.push_kind import PushKind
    from hub_core.services.push_rules import Wait

LONGEST_WAIT: Final = 15.0
"""Seconds that a slice waits for room in the rate budget before it ends."""
BUSY_SECONDS: Final = 1.0
"""After which a listing is looked at again whose other figure is just being sent."""
_LOOK: Final = 100
"""Batches for which listings are looked up at once; each is looked at anew when its turn comes."""
_LOOK_SECONDS: Final = 1.0
"""After which they are looked up anew, so that what is lowered meanwhile goes before the rest."""


class Batch(NamedTuple):
    """What is sent with one call of the plugin, as it takes it, and how many figures wait instead, and for what."""

    going: Sequence[Due]
    changes: Sequence[Any]
    held: Sequence[Held]
    busy: frozenset[int]


class PushFlow:
    """Tells stores one *kind* of figure."""

    def __init__(self, parts: Parts, kind: PushKind) -> None:
        self._parts = parts
        self._kind = kind
        self._receipts = Receipts(parts, kind)

    async def work(self, run: FlowRun) -> datetime | None:
        """Tell all that is due; give when what waits for a moment is to be tried again.

        Raises PausedError where a slice ends, BudgetError where the store's rate limit leaves no room.
        """
        await self._try_again(run)
        await self._receipts.settle(run)
        held: list[Held] = []
        busy: set[int] = set()
        answered, outcomes = 0, PushOutcomes(self._parts, self._kind, run)
        try:
            async with aclosing(self._batches(run, busy, outcomes)) as batches:
                async for batch in batches:
                    held += batch.held
                    busy |= batch.busy
                    run.counts = run.counts.plus(Counts(waiting=len(batch.held)))
                    if batch.going:
                        answered += await self._send(run, batch, outcomes)
                        run.slice.page_done()
        finally:
            await outcomes.flush()
        run.fresh = answered > 0 or not (held or busy)
        if any(one.waiting == Waiting.ORDERS for one in held):
            await self._ask_for_orders(run)
        if busy:
            raise BudgetError("Other figures of these listings are just being sent.", retry_after=BUSY_SECONDS)
        return await self._parts.database.read(lambda connection: self._rows(connection, run).next_try())

    def _rows(self, connection: Connection, run: FlowRun) -> PushRepository:
        return PushRepository(connection, run.integration.id, self._kind.flow)

    async def _try_again(self, run: FlowRun) -> None:
        """Let those be told again whose time has come."""

        def try_again(connection: Connection) -> None:
            FlowRepository(connection, self._parts.database).fence(run.lease)
            self._rows(connection, run).try_again(run.lease.now(self._parts.clock))

        await self._parts.database.write(try_again)

    async def _batches(self, run: FlowRun, busy: set[int], outcomes: PushOutcomes) -> AsyncGenerator[Batch, None]:
        size, clock = self._kind.batch(run.channel.info), self._parts.clock
        while True:
            await outcomes.flush()
            found = await self._parts.database.read(lambda connection: self._rows(connection, run).due(size * _LOOK))
            waiting = [listing_id for listing_id in found if listing_id not in busy]
            if not waiting:
                return
            look_again_at = clock.monotonic() + _LOOK_SECONDS
            for start in range(0, len(waiting), size):
                await self._wait_for_room(run, outcomes)
                yield await self._pick(run, waiting[start : start + size], outcomes)
                if clock.monotonic() >= look_again_at:
                    break

    async def _wait_for_room(self, run: FlowRun, outcomes: PushOutcomes) -> None:
        """Wait until the store may be asked, so that what is picked then is what is sent."""
        budgets, waited = run.channel.info.rate_budgets, 0.0
        names = {budget.name for budget in budgets}
        if len(names) != 1:  # of several, nobody knows which one the plugin takes from
            return
        scope = scope_of(run.channel, run.integration)
        budget = StoreBudget(database=self._parts.database, scope=scope, budgets=budgets)
        while wait := await budget.room(*names):
            await outcomes.flush()
            if waited + wait > LONGEST_WAIT:
                raise BudgetError(
                    "The store's rate limit leaves no room now; the hub goes on when it does.", retry_after=wait
                )
            await self._parts.clock.sleep(wait)
            waited += wait
            run.waited += wait

    async def _pick(self, run: FlowRun, ids: Sequence[int], outcomes: PushOutcomes) -> Batch:
        """Take what is still due of some listings under way, and store the *outcomes* of those before."""
        now, told = self._parts.clock.now(), outcomes.take()

        def pick(connection: Connection) -> Batch | None:
            still_open = FlowRepository(connection, self._parts.database).fence(run.lease)
            ListingRepository(connection).lock_families([*ids, *(sent.listing_id for sent, _ in told)])
            events = outcomes.write(connection, told) if told else []
            batch = self._picked(connection, run, ids) if still_open else None
            drifted = [one for one in batch.going if one.drifted_at is not None] if batch else []
            EventRepository(connection).record([*events, *(self._drifted(run, one) for one in drifted)], now)
            return batch

        batch = await self._parts.database.write(pick)
        if told:
            run.progress(run.counts)
        if batch is None:
            raise FlowClosedError
        return batch

    def _picked(self, connection: Connection, run: FlowRun, ids: Sequence[int]) -> Batch:
        """Look, with what is true now, which of some listings that are locked go, and note why the rest waits."""
        rows, at = self._rows(connection, run), run.lease.now(self._parts.clock)
        due, around = rows.take(ids), rows.around(at)
        busy = rows.busy(ids) if around.at_work else frozenset()
        rule = self._kind.rule(run.integration, around.reads)
        free = [(one, rule(one)) for one in due if one.listing_id not in busy]
        going = [one for one, wait in free if wait is None]
        held = [self._held(run, one, wait) for one, wait in free if wait is not None]
        rows.doubt([self._unsure(run, one, until) for one in going if (until := _unsure_until(one, at)) is not None])
        rows.mark_sent([one.listing_id for one in going], at)
        rows.hold(sorted(held))
        return Batch(going, self._kind.changes(rows, going), held, busy)

    def _held(self, run: FlowRun, due: Due, wait: Wait) -> Held:
        return Held(due.listing_id, self._kind.flow.value, run.integration.id, wait.kind.value, wait.reason)

    def _unsure(self, run: FlowRun, due: Due, until: datetime) -> Unsure:
        return Unsure(due.listing_id, self._kind.flow.value, run.integration.id, until)

    def _drifted(self, run: FlowRun, due: Due) -> NewEvent:
        """Say that the store had another figure, where no read of its orders is waited for that may explain it."""
        what, listing = f"{self._kind.events}.drifted", (due.listing_id, due.external_id, due.sku)
        return of_listing(what, run.integration.id, listing, **from_to(due.expected, due.target))

    async def _send(self, run: FlowRun, batch: Batch, stored: PushOutcomes) -> int:
        """Tell the store, and give how many outcomes there were. What gets none is sent again.

        Raises what the channel raised, but where something has changed before anything of it left.
        """
        sent = {one.external_id: _sent(one) for one in batch.going}
        count, writes = len(sent), run.store.http.writes
        run.sending.listings = [one.listing_id for one in batch.going]
        run.counts = run.counts.plus(Counts(sent=count))
        idleness = Idleness(run.channel.key, f"push_{self._kind.flow}", count)
        try:
            async with aclosing(to_the_last(self._kind.push(run, batch.changes))) as answers:
                async for outcomes in answers:
                    await stored.store(outcomes, sent)
                    idleness.heard(len(sent))
        except (SupersededError, BudgetError, FlowClosedError) as error:
            if run.store.http.writes == writes and sent:
                await self._unmark(run, [one for one in batch.going if one.external_id in sent])
            if not isinstance(error, SupersededError):
                raise
            run.counts = run.counts.plus(Counts(superseded=1))
            return count - len(sent)
        finally:
            run.sending.listings = ()
        if sent:
            fault = f"it told no outcome for {len(sent)} of {count} listings"
            raise PluginError(run.channel.key, f"push_{self._kind.flow}", fault)
        return count

    async def _unmark(self, run: FlowRun, unsent: Sequence[Due]) -> None:
        """Note of figures that never left that the store has what it had; what was lost before stays so."""
        run.counts = run.counts.plus(Counts(sent=-len(unsent)))

        def unmark(connection: Connection) -> None:
            FlowRepository(connection, self._parts.database).fence(run.lease)
            ListingRepository(connection).lock([one.listing_id for one in unsent])
            self._rows(connection, run).unmark([one.listing_id for one in unsent if not one.was_lost])

        await self._parts.database.write(unmark)

    async def _ask_for_orders(self, run: FlowRun) -> None:
        """Ask once for the read of new orders that some figures wait for; who backs off from the store still does."""
        database = self._parts.database

        def ask(connection: Connection) -> None:
            flows = FlowRepository(connection, database)
            flows.ask(run.integration.id, Flow.ORDERS, Urgency.STOCK)  # first: so everybody locks them
            flows.fence(run.lease)
            SearchRepository(connection).make_due(run.integration.id, database.now_sql(), [Search.NEW])

        await database.write(ask)


def _unsure_until(due: Due, now: datetime) -> datetime | None:
    """Tell until when what was sent before, and got lost, may arrive after what is sent *now*; None where it cannot.

    It left before now, and not long after it was noted to be sent, for until then the plugin waited for its turn.
    """
    if not due.was_lost or due.sent_at is None:
        return None
    left_by = min(now, due.sent_at + timedelta(seconds=PUSH_DEADLINE))
    until = max(left_by + timedelta(seconds=LONGEST_EXCHANGE), due.unsure_until or left_by)
    return until if until > now else None


def _sent(due: Due) -> Sent:
    return Sent(due.listing_id, due.external_id, due.sku, due.expected, due.target)
