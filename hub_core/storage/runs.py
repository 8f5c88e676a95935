"""Runs: what was done, when, and how it ended."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import Select, and_, bindparam, case, delete, exists, insert, select, true, update

from hub_core.domain.runs import UNFINISHED, Counts, Run, RunError, RunState
from hub_core.storage.tables import flow_state, runs

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import ColumnElement, Connection, Row

_DIED = "died"
_UNFINISHED = [state.value for state in UNFINISHED]
INTERRUPTED = RunError(code="interrupted", sentence="The process that worked on this run ended; the next run goes on.")

_ONE = update(runs).where(runs.c.id == bindparam("run_id"))
"""Made once, since every page notes how far its run has come."""


class RunRepository:
    """Runs as rows."""

    def __init__(self, connection: Connection) -> None:
        """Work within the transaction of *connection*."""
        self._connection = connection

    def unfinished(self, integration_id: int, kind: str) -> Run | None:
        """Give the run of that kind that is queued or under way."""
        statement = (
            select(runs)
            .where(runs.c.integration_id == integration_id, runs.c.kind == kind, runs.c.state.in_(_UNFINISHED))
            .order_by(runs.c.id.desc())
            .limit(1)
        )
        row = self._connection.execute(statement).first()
        return None if row is None else _run(row)

    def ask(self, integration_id: int, kind: str, at: datetime) -> int:
        """Give the unfinished run of that kind, which is kept from now on, or queue one."""
        under_way = self.unfinished(integration_id, kind)
        if under_way is None:
            return self._add(integration_id, kind, at, state=RunState.QUEUED, asked_for=True)
        self._set(under_way.id, asked_for=True)
        return under_way.id

    def start(self, integration_id: int, kind: str, at: datetime) -> int:
        """Start the queued run of that kind, or one that the schedule asked for."""
        queued = self.unfinished(integration_id, kind)
        if queued is None:
            return self._add(integration_id, kind, at, state=RunState.RUNNING, asked_for=False, started_at=at)
        if queued.started_at is None:
            self._set(queued.id, state=RunState.RUNNING.value, started_at=at)
        return queued.id

    def _add(self, integration_id: int, kind: str, at: datetime, **values: Any) -> int:
        row = {"integration_id": integration_id, "kind": kind, "created_at": at, "quiet": False}
        statement = insert(runs).values(**row, counts=Counts().model_dump_json(), api_calls=0, **values)
        return int(self._connection.execute(statement.returning(runs.c.id)).scalar_one())

    def progress(self, run_id: int, counts: Counts | None, api_calls: int) -> None:
        """Note how far a run has come; without *counts*, those noted last stay."""
        told = {} if counts is None else {"counts": counts.model_dump_json()}
        self._set(run_id, api_calls=api_calls, **told)

    def finish(self, run_id: int, state: RunState, at: datetime, error: RunError | None = None) -> None:
        """End a run."""
        self._set(
            run_id,
            state=state.value,
            finished_at=at,
            error_code=error and error.code,
            error_sentence=error and error.sentence,
        )

    def hush(self, run_id: int) -> bool:
        """Keep of the scheduled runs that found nothing only the last; tell whether *run_id* is one of those."""
        row = self._connection.execute(
            update(runs)
            .where(runs.c.id == run_id, runs.c.asked_for.is_(False))
            .values(quiet=True)
            .returning(runs.c.integration_id, runs.c.kind)
        ).first()
        if row is None:
            return False
        earlier = and_(runs.c.integration_id == row.integration_id, runs.c.kind == row.kind, runs.c.id < run_id)
        self._connection.execute(delete(runs).where(earlier, runs.c.quiet))
        return True

    def interrupt(self, run_id: int, at: datetime) -> None:
        """End a run whose process died."""
        self._connection.execute(
            update(runs)
            .where(runs.c.id == run_id, runs.c.state == RunState.RUNNING.value)
            .values(
                state=RunState.FAILED.value,
                finished_at=at,
                error_code=INTERRUPTED.code,
                error_sentence=INTERRUPTED.sentence,
            )
        )

    def stop_unfinished(self, integration_id: int, at: datetime, kind: str | None = None) -> None:
        """End the runs, all or of one *kind*, that are not to go on, but for those under way: they end themselves."""
        of_kind = true() if kind is None else runs.c.kind == kind
        under_way = exists().where(
            flow_state.c.integration_id == integration_id,
            flow_state.c.run_id == runs.c.id,
            flow_state.c.lease_owner.is_not(None),
        )
        self._connection.execute(
            update(runs)
            .where(runs.c.integration_id == integration_id, of_kind, runs.c.state.in_(_UNFINISHED), ~under_way)
            .values(state=RunState.STOPPED.value, finished_at=at)
        )

    def get(self, run_id: int) -> Run | None:
        """Give one run."""
        row = self._connection.execute(select(runs).where(runs.c.id == run_id)).first()
        return None if row is None else _run(row)

    def find(self, now: ColumnElement[datetime], **narrowed: Any) -> list[Run]:
        """List runs, newest first; one that died is shown as that, though nobody has noted it yet."""
        state = case((and_(runs.c.state == RunState.RUNNING.value, _abandoned(now)), _DIED), else_=runs.c.state)
        rows = self._connection.execute(_narrowed(select(runs, state.label("state_now")), **narrowed))
        return [_died(_run(row)) if row.state_now == _DIED else _run(row) for row in rows]

    def _set(self, run_id: int, **values: Any) -> None:
        self._connection.execute(_ONE, {"run_id": run_id, **values})


def _abandoned(now: ColumnElement[datetime]) -> ColumnElement[bool]:
    """Tell whether nobody holds a lease for the run any more."""
    return exists().where(
        flow_state.c.run_id == runs.c.id, flow_state.c.lease_owner.is_not(None), flow_state.c.lease_until < now
    )


def _narrowed(
    statement: Select[Any],
    *,
    run: int | None = None,
    integration: int | None = None,
    before: int | None = None,
    limit: int | None = None,
) -> Select[Any]:
    if run is not None:
        statement = statement.where(runs.c.id == run)
    if integration is not None:
        statement = statement.where(runs.c.integration_id == integration)
    if before is not None:
        statement = statement.where(runs.c.id < before)
    return statement.order_by(runs.c.id.desc()).limit(limit)


def _died(run: Run) -> Run:
    return run.model_copy(update={"state": RunState.FAILED, "error": INTERRUPTED})


def _run(row: Row[Any]) -> Run:
    return Run(
        id=row.id,
        integration_id=row.integration_id,
        kind=row.kind,
        state=RunState(row.state),
        started_at=row.started_at,
        finished_at=row.finished_at,
        counts=Counts.model_validate_json(row.counts),
        api_calls=row.api_calls,
        error=None if row.error_code is None else RunError(code=row.error_code, sentence=row.error_sentence or ""),
    )
