"""Telling a store what is on its way, each parcel once, whatever interrupts that.

That a parcel is being told is committed before a request leaves, with what its order held then. Where no answer is
stored after it, the order is read back, and says whether the store knows of it; only where it surely does not is the
store told again, and where nobody can tell, a person decides. No request leaves a process that has lost the flow.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import aclosing
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, NamedTuple

from hub_core.channels.dispatch import stream
from hub_core.domain.errors import (
    AuthorizationError,
    FlowClosedError,
    HubError,
    PermissionMissingError,
    PluginError,
)
from hub_core.domain.fulfilments import Fulfilment, FulfilmentState
from hub_core.domain.pushes import Accepted, Outcome, Refused, RetryLater
from hub_core.services.fulfilment_changes import (
    Change,
    FulfilmentChanges,
    accepted,
    begun,
    declined,
    doubted,
    found,
    lost,
    put_off,
    refused,
    unsent,
)
from hub_core.services.fulfilment_looks import FulfilmentLooks
from hub_core.services.fulfilment_rules import Step, Then, next_step
from hub_core.services.last_answers import to_the_last
from hub_core.services.push_kind import PUSH_DEADLINE
from hub_core.services.repetition import Idleness
from hub_core.storage.fulfilments import FulfilmentRepository, Untold

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement

    from hub_core.services.flow_run import FlowRun
    from hub_core.services.parts import Parts

RETRY_SECONDS: Final = 30.0
"""After which what a store could not take is tried again, where it does not say."""
_SHUT_OUT: Final = (AuthorizationError, PermissionMissingError)
"""Errors that say of a request that it did nothing."""
_LONGEST_REASON: Final = 500


class Going(NamedTuple):
    """A fulfilment that is being told, and its order as it was read just before."""

    one: Untold
    step: Step


class FulfilmentFlow:
    """Tells stores of parcels."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._looks = FulfilmentLooks(parts)
        self._changes = FulfilmentChanges(parts)

    async def work(self, run: FlowRun) -> datetime | None:
        """Tell all whose time has come; give when the next of those is to be tried that wait."""
        while batch := await self._batch(run):
            steps = [Going(one, next_step(one, await self._looks.look(run, one.order))) for one in batch]
            going = await self._decide(run, steps)
            if going:
                await self._send(run, going)
            run.slice.page_done()
        run.fresh = True
        return await self._parts.database.read(
            lambda connection: FulfilmentRepository(connection).next_try(run.integration.id)
        )

    async def _batch(self, run: FlowRun) -> list[Untold]:
        now = run.lease.now(self._parts.clock)
        size = run.channel.info.fulfilment_batch
        return await self._parts.database.read(
            lambda connection: FulfilmentRepository(connection).untold(run.integration.id, now, size)
        )

    async def _decide(self, run: FlowRun, steps: Sequence[Going]) -> list[Going]:
        """Store what follows from the orders that were read, and give what is told now."""
        at = run.lease.now(self._parts.clock)
        done = await self._changes.begin(run, [_change(*one, at) for one in steps])
        return [one for one in steps if one.step.then is Then.SEND and one.one.id in done]

    async def _send(self, run: FlowRun, going: Sequence[Going]) -> None:
        """Tell the store. Raises what the channel raised, after it was noted what may be on its way."""
        untold = {str(one.one.id): one.one for one in going}
        asked, writes = [_asked(one) for one in going], run.store.http.writes
        run.sending.lease = run.lease
        answers = stream(run.channel, "push_fulfilments", deadline=PUSH_DEADLINE, store=run.store, fulfilments=asked)
        idleness = Idleness(run.channel.key, "push_fulfilments", len(untold))
        try:
            async with aclosing(to_the_last(answers)) as told:
                async for outcomes in told:
                    await self._store(run, outcomes, untold)
                    idleness.heard(len(untold))
            if untold:
                fault = f"it told no outcome for {len(untold)} of {len(going)} fulfilments"
                raise PluginError(run.channel.key, "push_fulfilments", fault)
        except (HubError, asyncio.CancelledError) as error:
            count = run.store.http.writes - writes
            left = count > isinstance(error, _SHUT_OUT)
            await self._note_loss(run, list(untold.values()), error, left=left)
            raise
        finally:
            run.sending.lease = None

    async def _store(self, run: FlowRun, outcomes: Sequence[Outcome], untold: dict[str, Untold]) -> None:
        at = run.lease.now(self._parts.clock)
        told = [(untold.pop(one.listing), one) for one in outcomes if one.listing in untold]
        changes = [_outcome(one, outcome, at, self._parts.database.now_sql()) for one, outcome in told]
        if told and not await self._changes.end(run, changes):
            raise FlowClosedError

    async def _note_loss(self, run: FlowRun, untold: Sequence[Untold], error: BaseException, *, left: bool) -> None:
        """Note of what has no outcome that it may have left by now, or that it waits as before."""
        why = _short(str(error)) if isinstance(error, HubError) else ""
        now = self._parts.database.now_sql()  # not by the lease, whose time stands still while a machine sleeps
        changes = [lost(one, why, now) if left else unsent(one) for one in untold]
        if changes:
            await self._changes.end(run, changes)


def _change(one: Untold, step: Step, at: datetime) -> Change:
    if step.then is Then.SENT:
        return found(one, step.read_at)
    if step.then is Then.REFUSE:
        return refused(one, one.state, step.reason)
    if step.then is Then.ASK:
        return doubted(one, step.reason)
    if step.then is Then.WAIT:
        return put_off(one, step.reason, step.until, one.left_by or step.read_at)
    return begun(one, step.holding, at)


def _outcome(one: Untold, outcome: Outcome, at: datetime, now: ColumnElement[datetime]) -> Change:
    if isinstance(outcome, Accepted):
        return accepted(one, now)
    if isinstance(outcome, Refused):
        return refused(one, FulfilmentState.SENDING, _short(outcome.reason))
    assert isinstance(outcome, RetryLater)  # noqa: S101 - nothing else passes the check of answers
    seconds = RETRY_SECONDS if outcome.seconds is None else max(outcome.seconds, 1.0)
    return declined(one, _short(outcome.reason), at + timedelta(seconds=seconds))


def _asked(going: Going) -> Fulfilment:
    one, order = going.one, going.step.order
    assert order is not None  # noqa: S101 - what is told was looked up before
    return Fulfilment(
        id=str(one.id),
        order=order,
        lines=one.lines,
        tracking_number=one.tracking_number,
        carrier=one.carrier,
        shipped_at=one.shipped_at,
    )


def _short(reason: str) -> str:
    return reason[:_LONGEST_REASON].replace("\0", " ")
