"""Running one flow of one integration: claim it, work, and decide by the type of what went wrong what happens next."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from typing import TYPE_CHECKING

from hub_core.domain.errors import (
    AuthorizationError,
    BudgetError,
    FlowClosedError,
    HubError,
    LeaseLostError,
    StorageError,
    UnavailableError,
    VaultError,
)
from hub_core.domain.integrations import Flow
from hub_core.domain.runs import Counts, Run, RunError, RunState
from hub_core.engine.backoff import after_failure, spread
from hub_core.engine.ending import Ending, Endings
from hub_core.services.handles import Handles
from hub_core.services.order_flow import OrderFlow, OrderRun
from hub_core.services.slices import PausedError, Slice
from hub_core.storage.flows import FlowRepository, Lease
from hub_core.storage.integrations import IntegrationRepository, IntegrationRow
from hub_core.storage.runs import RunRepository

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from hub_core.services.parts import Parts

logger = logging.getLogger("hub_core.engine")

NO_WAIT = timedelta(0)


class Outcome(Enum):
    """What became of an attempt to run a flow."""

    NOT_DUE = "not due, or taken by another process"
    PAUSED = "the slice is over, the run goes on later"
    ENDED = "the run has ended"


@dataclass(frozen=True, slots=True)
class Claimed:
    """A flow that this process may work on."""

    lease: Lease
    integration: IntegrationRow
    run: Run


def _silent(counts: Counts) -> None:
    del counts


class Runner:
    """Runs flows for one process, whose name is *owner*."""

    def __init__(self, parts: Parts, owner: str) -> None:
        self._parts = parts
        self._owner = owner
        self._handles = Handles(parts)
        self._orders = OrderFlow(parts)
        self._endings = Endings(parts)

    async def claim(self, integration_id: int, flow: Flow) -> Claimed | None:
        """Take the lease of a flow, and start or go on with its run; None where it is not due or taken."""
        now = self._parts.clock.now()

        def claim(connection: Connection) -> Claimed | None:
            flows = FlowRepository(connection, self._parts.database)
            lease = flows.claim(integration_id, flow, self._owner)
            row = IntegrationRepository(connection).get(integration_id)
            if lease is None or row is None:
                return None
            runs = RunRepository(connection)
            if lease.died_run is not None:
                runs.interrupt(lease.died_run, now)
            run_id = runs.start(integration_id, flow, now)
            flows.fence(lease, run_id=run_id)
            run = runs.get(run_id)
            assert run is not None  # noqa: S101 - it was written two lines above
            return Claimed(lease, row, run)

        return await self._parts.database.write(claim)

    async def work(self, claimed: Claimed, piece: Slice, progress: Callable[[Counts], None] = _silent) -> Outcome:
        """Work on a claimed flow until its slice or its run is over."""
        ending = await self._ending_of(claimed, piece, progress)
        if ending is None:
            return Outcome.NOT_DUE
        try:
            await self._endings.write(claimed.lease, claimed.run, ending)
        except LeaseLostError:
            return Outcome.NOT_DUE
        return Outcome.PAUSED if ending.state is None else Outcome.ENDED

    async def abandon(self, claimed: Claimed) -> None:
        """Release a flow whose task was cancelled: `stopped` where it was closed, else the run goes on later."""
        database = self._parts.database
        is_open = await database.read(
            lambda connection: FlowRepository(connection, database).is_open(
                claimed.lease.integration_id, claimed.lease.flow
            )
        )
        run = await database.read(lambda connection: RunRepository(connection).get(claimed.run.id))
        if run is None:
            return
        state = None if is_open else RunState.STOPPED
        with suppress(LeaseLostError):
            await self._endings.write(claimed.lease, run, Ending(state, run.counts, run.api_calls, NO_WAIT))

    async def _ending_of(self, claimed: Claimed, piece: Slice, progress: Callable[[Counts], None]) -> Ending | None:
        """Work, and say how it ended; None where another process has taken over."""
        tally = Tally(claimed.run.counts, claimed.run.api_calls)
        try:
            return await self._worked(claimed, piece, progress, tally)
        except LeaseLostError:
            return None
        except PausedError:
            return Ending(None, tally.counts, tally.api_calls, NO_WAIT)
        except BudgetError as error:
            return Ending(None, tally.counts, tally.api_calls, timedelta(seconds=error.retry_after or 0))
        except FlowClosedError:
            return Ending(RunState.STOPPED, tally.counts, tally.api_calls, NO_WAIT)
        except HubError as error:
            if isinstance(error, StorageError) and not isinstance(error, VaultError):
                raise  # nothing can be written now: the lease runs out, and the next process goes on
            return self._failure(claimed, error, tally)

    async def _worked(self, claimed: Claimed, piece: Slice, progress: Callable[[Counts], None], tally: Tally) -> Ending:
        channel = self._parts.channels.channel(claimed.integration.channel)
        async with self._handles.store(channel, claimed.integration, flow=claimed.lease.flow) as store:
            run = OrderRun(
                channel=channel,
                integration=claimed.integration,
                store=store,
                lease=claimed.lease,
                run_id=claimed.run.id,
                slice=piece,
                counts=tally.counts,
                calls_before=tally.api_calls,
                progress=progress,
            )
            try:
                due_at = await self._orders.work(run)
            finally:
                tally.counts, tally.api_calls = run.counts, run.api_calls
        state = RunState.PARTIAL if tally.counts.rejected else RunState.SUCCEEDED
        wait = max(due_at - claimed.lease.now(self._parts.clock), NO_WAIT)
        return Ending(state, tally.counts, tally.api_calls, spread(wait))

    def _failure(self, claimed: Claimed, error: HubError, tally: Tally) -> Ending:
        logger.warning("%s of '%s' failed: %s", claimed.lease.flow, claimed.integration.name, error)
        retry_after = error.retry_after if isinstance(error, UnavailableError) else None
        return Ending(
            RunState.FAILED,
            tally.counts,
            tally.api_calls,
            after_failure(claimed.lease.failures, retry_after),
            error=RunError(code=error.code, sentence=str(error)),
            stops_integration=isinstance(error, AuthorizationError),
        )


@dataclass(slots=True)
class Tally:
    """What a run has done so far, also when it does not come to its end."""

    counts: Counts
    api_calls: int
