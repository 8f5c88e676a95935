"""Running one flow of one integration: claim it, work, and decide by the type of what went wrong what happens next."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import Enum
from typing import TYPE_CHECKING

from hub_core.domain.errors import (
    AuthorizationError,
    BudgetError,
    FlowClosedError,
    HubError,
    LeaseLostError,
    NotReadyError,
    UnavailableError,
    VaultError,
)
from hub_core.domain.integrations import Flow
from hub_core.domain.logged import logged_with
from hub_core.domain.runs import Counts, Run, RunError, RunState, Spent
from hub_core.engine.answers import answer_of
from hub_core.engine.backoff import FIRST_WAIT, after_failure
from hub_core.engine.ending import NO_WAIT, Ending, Endings
from hub_core.services.budget import Sending
from hub_core.services.flow_run import FlowRun, FlowWork
from hub_core.services.fulfilment_flow import FulfilmentFlow
from hub_core.services.handles import Handles
from hub_core.services.listing_flow import ListingFlow
from hub_core.services.order_flow import OrderFlow
from hub_core.services.price_push import PricePush
from hub_core.services.push_flow import PushFlow
from hub_core.services.slices import PausedError, Slice
from hub_core.services.stock_push import StockPush
from hub_core.services.telling import Telling, beginnings_of, ends_of
from hub_core.storage.events import EventRepository
from hub_core.storage.flows import FlowRepository, Lease
from hub_core.storage.integrations import IntegrationRepository, IntegrationRow
from hub_core.storage.runs import Begun, RunRepository

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from hub_core.services.parts import Parts

logger = logging.getLogger("hub_core.engine")

_LOCKED_OUT = (AuthorizationError, VaultError)
"""What stops an integration as a whole; that is logged once, with the first of its flows that meets it."""


class Outcome(Enum):
    """What became of an attempt to run a flow."""

    NOT_DUE = "not due, or taken by another process"
    PAUSED = "the slice is over, the run goes on later"
    ENDED = "the run has ended"


@dataclass(frozen=True, slots=True)
class Claimed:
    """A flow that this process may work on."""

    lease: Lease
    begun: Begun

    @property
    def run(self) -> Run:
        """Give the run as it was when it was claimed."""
        return self.begun.run


def _silent(counts: Counts) -> None:
    del counts


class Runner:
    """Runs flows for one process, whose name is *owner*."""

    def __init__(self, parts: Parts, owner: str) -> None:
        self.parts = parts
        self._owner = owner
        self._handles = Handles(parts)
        self._work: dict[Flow, FlowWork] = {
            Flow.ORDERS: OrderFlow(parts),
            Flow.LISTINGS: ListingFlow(parts),
            Flow.STOCK: PushFlow(parts, StockPush()),
            Flow.PRICES: PushFlow(parts, PricePush()),
            Flow.FULFILMENT: FulfilmentFlow(parts),
        }
        self._endings = Endings(parts)

    async def claim(self, integration_id: int, flow: Flow) -> Claimed | None:
        """Take the lease of a flow, and start or go on with its run; None where it is not due or taken."""
        now = self.parts.clock.now()

        def claim(connection: Connection) -> Claimed | None:
            flows = FlowRepository(connection, self.parts.database)
            lease = flows.claim(integration_id, flow, self._owner)
            if lease is None:
                return None
            runs = RunRepository(connection)
            died = [] if lease.died_run is None else runs.interrupt(lease.died_run, now)
            begun = runs.start(integration_id, flow, now)
            flows.fence(lease, run_id=begun.run.id)
            EventRepository(connection).record([*ends_of(died), *beginnings_of([begun])], now)
            return Claimed(lease, begun)

        return await self.parts.database.write(claim)

    async def work(self, claimed: Claimed, piece: Slice, progress: Callable[[Counts], None] = _silent) -> Outcome:
        """Work on a claimed flow until its slice or its run is over.

        Cancelled, it lets the run pause, releases the flow and ends then. Raises only what kept it from writing how
        the run ended; the flow is free again once its lease has run out.
        """
        lease = claimed.lease
        with logged_with(integration=lease.integration_id, flow=lease.flow.value, run=claimed.run.id):
            return await self._whole(claimed, piece, progress)

    async def _whole(self, claimed: Claimed, piece: Slice, progress: Callable[[Counts], None]) -> Outcome:
        tally = Tally(claimed.run.counts, claimed.run.spent)
        working = asyncio.create_task(self._worked(claimed, piece, progress, tally))
        cancelled = await _ended(working)
        ending = self._ending_of(claimed, working, tally)
        if ending is not None:
            error = asyncio.CancelledError() if working.cancelled() else working.exception()
            ending = replace(ending, answer=answer_of(error, piece))
        written = None if ending is None else await self._write(claimed, ending)
        if cancelled:
            raise asyncio.CancelledError
        if written is None:
            return Outcome.NOT_DUE
        return Outcome.PAUSED if written.state is None else Outcome.ENDED

    async def _write(self, claimed: Claimed, ending: Ending) -> Ending | None:
        try:
            written = await self._endings.write(claimed.lease, claimed.run, ending)
        except LeaseLostError:
            return None
        if written.refused is not None and written.error is not None:
            logger.warning("'%s' is stopped: %s", written.refused.name, written.error.sentence)
        return written

    async def _worked(self, claimed: Claimed, piece: Slice, progress: Callable[[Counts], None], tally: Tally) -> Ending:
        integration = tally.integration = await self._integration(claimed.lease.integration_id)
        channel = self.parts.channels.channel(integration.channel)
        sending = Sending()
        async with self._handles.store(channel, integration, flow=claimed.lease.flow, sending=sending) as store:
            run = FlowRun(
                channel=channel,
                integration=integration,
                store=store,
                lease=claimed.lease,
                telling=Telling(claimed.begun, claimed.lease, self.parts.clock),
                slice=piece,
                counts=tally.counts,
                before=tally.spent,
                progress=progress,
                sending=sending,
            )
            try:
                due_at = await self._work[claimed.lease.flow].work(run)
            finally:
                tally.counts, tally.spent = run.counts, run.spent
        state = RunState.PARTIAL if tally.counts.rejected or tally.counts.refused else RunState.SUCCEEDED
        wait = None if due_at is None else max(due_at - claimed.lease.now(self.parts.clock), NO_WAIT)
        return Ending(state, tally.counts, tally.spent, wait, fresh=run.fresh)

    async def _integration(self, integration_id: int) -> IntegrationRow:
        row = await self.parts.database.read(lambda connection: IntegrationRepository(connection).get(integration_id))
        if row is None or row.removed_at is not None or not row.enabled:
            raise FlowClosedError
        return row

    def _ending_of(self, claimed: Claimed, working: asyncio.Task[Ending], tally: Tally) -> Ending | None:
        """Say how the work ended; None where another process has taken over."""
        if working.cancelled():
            return Ending(None, None, tally.spent, NO_WAIT)
        error = working.exception()
        return working.result() if error is None else self._ending_after(claimed, error, tally)

    def _ending_after(self, claimed: Claimed, error: BaseException, tally: Tally) -> Ending | None:
        if isinstance(error, LeaseLostError):
            return None
        if isinstance(error, PausedError):
            return Ending(None, tally.counts, tally.spent, NO_WAIT)
        if isinstance(error, (BudgetError, NotReadyError)):
            wait = FIRST_WAIT if error.retry_after is None else error.retry_after
            waits = wait if isinstance(error, BudgetError) else 0.0
            spent = tally.spent.plus(0, waits)
            return Ending(None, tally.counts, spent, timedelta(seconds=wait), backs_off=True, pause=error.code)
        if isinstance(error, FlowClosedError):
            return Ending(RunState.STOPPED, tally.counts, tally.spent, NO_WAIT)
        return self._failure(claimed, error, tally)

    def _failure(self, claimed: Claimed, error: BaseException, tally: Tally) -> Ending:
        told = _told(error)
        name = tally.integration.name if tally.integration else claimed.lease.integration_id
        foreseen = isinstance(error, HubError)
        locked_out = isinstance(error, _LOCKED_OUT)
        logger.log(
            logging.DEBUG if locked_out else logging.WARNING if foreseen else logging.ERROR,
            "%s of '%s' failed: %s",
            claimed.lease.flow,
            name,
            told.sentence,
            exc_info=None if foreseen else error,
        )
        retry_after = error.retry_after if isinstance(error, UnavailableError) else None
        return Ending(
            RunState.FAILED,
            tally.counts,
            tally.spent,
            after_failure(claimed.lease.failures, retry_after),
            error=told,
            backs_off=True,
            retry_after=retry_after,
            refused=tally.integration if locked_out else None,
        )


@dataclass(slots=True)
class Tally:
    """What a run has done so far, also when it does not come to its end, and the integration it works for."""

    counts: Counts
    spent: Spent
    integration: IntegrationRow | None = None


def _told(error: BaseException) -> RunError:
    """Say what went wrong; the text of an error that nobody foresaw may hold anything and goes to the log only."""
    if isinstance(error, HubError):
        return RunError(code=error.code, sentence=str(error))
    sentence = (
        f"The hub made a mistake ({type(error).__name__}) and tries again later; report it with what its log says."
    )
    return RunError(code=HubError.code, sentence=sentence)


async def _ended(working: asyncio.Task[Ending]) -> bool:
    """Wait until *working* has ended, which being cancelled only hastens; tell whether that came."""
    cancelled = False
    while not working.done():
        try:
            await asyncio.wait({working})
        except asyncio.CancelledError:
            cancelled = True
            working.cancel()
    return cancelled
