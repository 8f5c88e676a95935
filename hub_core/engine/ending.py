"""How a run ends in the database: the run, the flow and, where the store let us out, the integration, all at once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from hub_core.domain.events import NewEvent
from hub_core.domain.integrations import ConnectionState
from hub_core.domain.runs import Counts, Run, RunError, RunState, Spent
from hub_core.domain.totals import Stretch, Totals
from hub_core.engine.answers import Answer, note
from hub_core.services.telling import end_of
from hub_core.storage.events import EventRepository
from hub_core.storage.flows import FlowRepository, Lease
from hub_core.storage.integrations import IntegrationRepository
from hub_core.storage.pauses import paused
from hub_core.storage.runs import RunRepository

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from hub_core.services.parts import Parts
    from hub_core.storage.integrations import IntegrationRow

NO_WAIT = timedelta(0)
_NO_PROBLEM = {"failures": 0, "problem_code": None, "problem_sentence": None, "problem_since": None}


@dataclass(frozen=True, slots=True)
class Ending:
    """How a stretch of work ended, and in how long the flow is due again.

    Without a *state* the run only pauses; without *counts*, those of the last page that was stored stay. *fresh* tells
    that the store was read, or told; *answer*, whether it answered at all, and *retry_after*, for how long it wants to
    be left alone. One that *backs_off* is not due earlier, whatever it has to tell; *pause* is the code of what it
    waits for though nothing is wrong. *refused* is the integration as it was when its store no longer let the hub in,
    or its credentials could not be read.
    """

    state: RunState | None
    counts: Counts | None
    spent: Spent
    wait: timedelta | None
    error: RunError | None = None
    fresh: bool = False
    answer: Answer = Answer.UNASKED
    retry_after: float | None = None
    backs_off: bool = False
    pause: str | None = None
    refused: IntegrationRow | None = None

    @property
    def quiet(self) -> bool:
        """Tell whether nothing was found."""
        return self.state is RunState.SUCCEEDED and self.counts is not None and not self.counts.found


class Endings:
    """Writes endings, each in one transaction that fails as a whole where the lease is lost."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def write(self, lease: Lease, run: Run, ending: Ending) -> Ending:
        """Release the flow and end or pause its run, and give what became of it. Raises LeaseLostError.

        A run cannot pause where its flow was closed: nobody would go on with it.
        """
        now = self._parts.clock.now()

        def write(connection: Connection) -> Ending:
            flows = FlowRepository(connection, self._parts.database)
            outdated = ending.refused is not None and not _is_in_force(connection, ending.refused)
            values = {} if outdated else self._flow_values(lease, ending, now)
            values["totals"] = self._totals(lease, run, ending)
            wait, backs_off = (NO_WAIT, False) if outdated else (ending.wait, ending.backs_off)
            if lease.outage is not None:
                flows.lock_all(lease.integration_id)
            is_open = flows.release(lease, wait, backs_off=backs_off, **values)
            written = ending if is_open or ending.state is not None else replace(ending, state=RunState.STOPPED)
            if lease.outage is not None or ending.answer is Answer.NONE:
                note(connection, self._parts.database, lease, ending.answer, ending.retry_after)
            told = self._end(connection, lease, run, written, now)
            if written.refused is not None and written.error is not None and not outdated:
                told.append(self._stop_integration(connection, lease, written.error, now))
            EventRepository(connection).record(told, now)
            return replace(written, refused=None) if outdated else written

        return await self._parts.database.write(write)

    def _end(self, connection: Connection, lease: Lease, run: Run, written: Ending, now: datetime) -> list[NewEvent]:
        """Note how far a run came and whether it has ended, and give what is to be told of that."""
        runs = RunRepository(connection)
        if written.state is None:
            runs.progress(run.id, written.counts, written.spent)
            return []
        ended = runs.finish(run.ended(written.state, written.spent, written.error), written.counts, now)
        if written.quiet and runs.hush(run.id):
            FlowRepository(connection, self._parts.database).count_quiet_run(lease)
        fails_anew = written.state is RunState.FAILED and lease.failures == 0
        return end_of(ended.run, told=ended.told) if ended.told or fails_anew or ended.run.counts.found else []

    def _flow_values(self, lease: Lease, ending: Ending, now: datetime) -> dict[str, Any]:
        if ending.fresh:
            return {"last_success_at": now, **_NO_PROBLEM}
        if ending.error is None:
            if lease.failures and ending.answer is not Answer.CAME:
                return {}
            return dict(_NO_PROBLEM) if ending.pause is None else paused(ending.pause, now)
        return {
            "failures": lease.failures + 1,
            "problem_code": ending.error.code,
            "problem_sentence": ending.error.sentence,
            **({"problem_since": now} if lease.failures == 0 else {}),
        }

    def _totals(self, lease: Lease, run: Run, ending: Ending) -> str:
        """Add what was done since the flow was claimed to what it has done in all."""
        calls, waited = ending.spent
        work = Stretch(
            spent=Spent(calls - run.api_calls, waited - run.waited_seconds),
            counts=(ending.counts or run.counts).minus(run.counts),
            seconds=max(0.0, self._parts.clock.monotonic() - lease.taken_monotonic),
            ended=ending.state,
            paused=ending.pause,
        )
        return Totals.read(lease.totals).plus(work).model_dump_json()

    def _stop_integration(self, connection: Connection, lease: Lease, error: RunError, now: datetime) -> NewEvent:
        """Close all flows of an integration whose store no longer lets the hub in, and give what says so once."""
        FlowRepository(connection, self._parts.database).close(lease.integration_id)
        IntegrationRepository(connection).change(
            lease.integration_id,
            connection=ConnectionState.NEEDS_REAUTHORIZATION.value,
            problem_code=error.code,
            problem_sentence=error.sentence,
            problem_since=now,
        )
        return NewEvent(
            type="integration.needs_reauthorization",
            integration_id=lease.integration_id,
            data={"sentence": error.sentence},
        )


def _is_in_force(connection: Connection, refused: IntegrationRow) -> bool:
    """Tell whether the integration still works with the credentials that were refused, and keep that so.

    It does not where another flow has met the same refusal already: that one has stopped it and said so.
    """
    row = IntegrationRepository(connection).lock(refused.id)
    return row is not None and row.standing.works and row.credentials == refused.credentials
