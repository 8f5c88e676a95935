"""What becomes of fulfilments while a flow works on them: each change as a value, and how they are stored together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from hub_core.domain.errors import FlowClosedError
from hub_core.domain.events import NewEvent
from hub_core.domain.fulfilments import FulfilmentLine, FulfilmentState
from hub_core.domain.integrations import Flow
from hub_core.domain.runs import Counts
from hub_core.domain.stock import digits
from hub_core.domain.urgency import Urgency
from hub_core.storage.events import EventRepository
from hub_core.storage.flows import FlowRepository
from hub_core.storage.fulfilments import FulfilmentRepository
from hub_core.storage.hints import HintRepository

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import ColumnElement, Connection

    from hub_core.domain.traces import Holding
    from hub_core.services.flow_run import FlowRun
    from hub_core.services.parts import Parts
    from hub_core.storage.fulfilments import Untold

_SENDING = (FulfilmentState.SENDING,)
_JUST_BEFORE = timedelta(microseconds=1)
"""So that what an order showed when it was asked for does not count as told after that."""


class Change(NamedTuple):
    """New *values* of a fulfilment that is in one of *states*; *told* tells whether its end makes an event.

    With *hint* its order is read soon, since the store has changed it.
    """

    one: Untold
    states: tuple[FulfilmentState, ...]
    values: Mapping[str, Any]
    counts: Counts
    told: bool = False
    hint: bool = False


def begun(one: Untold, holding: Holding | None, at: datetime) -> Change:
    """It is told from now on; its order held what *holding* says."""
    values = {
        "state": FulfilmentState.SENDING,
        "sends": one.sends + 1,
        "before": None if holding is None else holding.model_dump_json(),
        "sent_at": at,
        "left_by": None,
        "retry_at": None,
        "reason": "",
    }
    return Change(one, (one.state,), values, Counts(sent=1))


def accepted(one: Untold, now: ColumnElement[datetime]) -> Change:
    """The store has taken it."""
    values = {"state": FulfilmentState.SENT, "told_at": now, "reason": ""}
    return Change(one, _SENDING, values, Counts(accepted=1), told=True, hint=True)


def found(one: Untold, read_at: datetime) -> Change:
    """The order, asked for at *read_at*, shows that the store knows."""
    values = {"state": FulfilmentState.SENT, "told_at": read_at - _JUST_BEFORE, "reason": ""}
    return Change(one, (one.state,), values, Counts(accepted=1), told=True)


def refused(one: Untold, state: FulfilmentState, reason: str) -> Change:
    """The store will not take it."""
    values = {"state": FulfilmentState.REFUSED, "reason": reason}
    return Change(one, (state,), values, Counts(refused=1), told=True)


def doubted(one: Untold, reason: str) -> Change:
    """Nobody knows whether the store has it."""
    values = {"state": FulfilmentState.UNKNOWN, "reason": reason, "retry_at": None}
    return Change(one, (one.state,), values, Counts(waiting=1), told=True)


def put_off(one: Untold, reason: str, until: datetime | None, left_by: datetime) -> Change:
    """It is looked at again later; what was sent of it had left by *left_by*."""
    left = {"left_by": left_by} if one.state is FulfilmentState.SENDING else {}
    return Change(one, (one.state,), {"reason": reason, "retry_at": until, **left}, Counts(waiting=1))


def declined(one: Untold, reason: str, until: datetime) -> Change:
    """The store could not take it now, and has nothing of it."""
    values = {"state": FulfilmentState.WAITING, "sends": one.sends, "reason": reason, "retry_at": until}
    return Change(one, _SENDING, values, Counts(retried=1))


def unsent(one: Untold) -> Change:
    """Nothing of it has left, so it is what it was."""
    values = {"state": one.state, "sends": one.sends, "left_by": one.left_by, "reason": one.reason}
    return Change(one, _SENDING, values, Counts(sent=-1))


def lost(one: Untold, reason: str, left_by: ColumnElement[datetime]) -> Change:
    """It may have left, and no answer came."""
    return Change(one, _SENDING, {"left_by": left_by, "reason": reason}, Counts())


def event_of(what: str, one: Untold, integration_id: int, reason: str) -> NewEvent:
    """Say what became of a fulfilment; the tracking number tells of a person, so no event bears it."""
    because = {"reason": reason} if reason else {}
    data = {"fulfilment": one.id, "external_id": one.order, "lines": told_lines(one.lines), **because}
    return NewEvent(f"fulfilment.{what}", integration_id, one.order_id, None, data)


def told_lines(lines: Sequence[FulfilmentLine]) -> list[dict[str, str | None]]:
    """Write lines as events and the audit log tell them."""
    return [{"external_id": one.external_id, "quantity": digits(one.quantity)} for one in lines]


class FulfilmentChanges:
    """Stores changes during a run, all of a step in one transaction."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def begin(self, run: FlowRun, changes: Sequence[Change]) -> set[int]:
        """Store what is done before anything is sent, and give the ids of those that were what they were taken for.

        Raises FlowClosedError, and LeaseLostError, having written nothing.
        """

        def begin(connection: Connection) -> set[int]:
            done, still_open = self._write(connection, run, changes)
            if not still_open:
                raise FlowClosedError
            return done

        return await self._parts.database.write(begin)

    async def end(self, run: FlowRun, changes: Sequence[Change]) -> bool:
        """Store what came of what was sent, and tell whether the flow is still open. Raises LeaseLostError."""
        _, still_open = await self._parts.database.write(lambda connection: self._write(connection, run, changes))
        run.progress(run.counts)
        return still_open

    def _write(self, connection: Connection, run: FlowRun, changes: Sequence[Change]) -> tuple[set[int], bool]:
        number, flows = run.integration.id, FlowRepository(connection, self._parts.database)
        still_open = flows.fence(run.lease)
        hinted = {change.one.order for change in changes if change.hint}
        if hinted:
            flows.ask(number, Flow.ORDERS, Urgency.HINT)
            HintRepository(connection, number).add(hinted)
        rows = FulfilmentRepository(connection)
        done = [one for one in changes if rows.change(one.one.id, one.states, **one.values)]
        run.counts = _sum(run.counts, done)
        ends = [event_of(one.values["state"], one.one, number, one.values["reason"]) for one in done if one.told]
        news = run.telling.page(connection, run.counts, run.spent, news=bool(done))
        EventRepository(connection).record([*ends, *news], self._parts.clock.now())
        return {one.one.id for one in done}, still_open


def _sum(counts: Counts, done: Sequence[Change]) -> Counts:
    for one in done:
        counts = counts.plus(one.counts)
    return counts
