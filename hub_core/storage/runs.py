"""Runs: what was done, when, and how it ended."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import Select, and_, bindparam, case, delete, exists, insert, select, true, update

from hub_core.domain.runs import UNFINISHED, Counts, Run, RunError, RunState, Spent
from hub_core.storage.tables import flow_state, runs

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Connection, Row

_DIED = "died"
_UNFINISHED = [state.value for state in UNFINISHED]
INTERRUPTED = RunError(code="interrupted", sentence="The process that worked on this run ended; the next run goes on.")

# What every run or page writes is made once: that takes longer than the database needs for it.
_ONE = update(runs).where(runs.c.id == bindparam("run_id"))
_NOTE = _ONE.returning(runs.c.asked_for)
_END = _ONE.returning(runs)
_ADD = insert(runs).returning(runs)
_OF_KIND = and_(runs.c.integration_id == bindparam("integration"), runs.c.kind == bindparam("of_kind"))
_UNDER_WAY = select(runs).where(_OF_KIND, runs.c.state.in_(_UNFINISHED)).order_by(runs.c.id.desc()).limit(1)
_HUSH = _ONE.where(runs.c.asked_for.is_(False)).values(quiet=True).returning(runs.c.integration_id, runs.c.kind)
_FORGET = delete(runs).where(_OF_KIND, runs.c.id < bindparam("before"), runs.c.quiet)


class Begun(NamedTuple):
    """A run that was asked for or started; *untold* where it is to be told now that it has begun.

    *told_at* is when it was told of last, also where that is to be done now.
    """

    run: Run
    untold: bool = False
    told_at: datetime | None = None


class Ended(NamedTuple):
    """A run that has ended; *told* where it was told before that it had begun, or somebody asked for it."""

    run: Run
    told: bool


class RunRepository:
    """Runs as rows."""

    def __init__(self, connection: Connection) -> None:
        """Work within the transaction of *connection*."""
        self._connection = connection

    def unfinished(self, integration_id: int, kind: str) -> Run | None:
        """Give the run of that kind that is queued or under way."""
        row = self._unfinished(integration_id, kind)
        return None if row is None else _run(row)

    def _unfinished(self, integration_id: int, kind: str) -> Row[Any] | None:
        return self._connection.execute(_UNDER_WAY, {"integration": integration_id, "of_kind": kind}).first()

    def ask(self, integration_id: int, kind: str, at: datetime) -> Begun:
        """Give the unfinished run of that kind, which is kept from now on, or queue one.

        One that is under way and was not told of counts as told *at* this moment.
        """
        row = self._unfinished(integration_id, kind)
        if row is None:
            return Begun(self._add(integration_id, kind, at, state=RunState.QUEUED, asked_for=True))
        untold = row.started_at is not None and row.told_at is None
        self._set(row.id, asked_for=True, **({"told_at": at} if untold else {}))
        return Begun(_run(row), untold)

    def start(self, integration_id: int, kind: str, at: datetime) -> Begun:
        """Start the queued run of that kind, which somebody asked for, or one that the schedule asked for."""
        row = self._unfinished(integration_id, kind)
        if row is None:
            return Begun(self._add(integration_id, kind, at, state=RunState.RUNNING, started_at=at))
        if row.started_at is not None:
            return Begun(_run(row), told_at=row.told_at)
        started = {"state": RunState.RUNNING, "started_at": at}
        self._set(row.id, told_at=at, **started)
        return Begun(_run(row).model_copy(update=started), untold=True, told_at=at)

    def _add(self, integration_id: int, kind: str, at: datetime, **values: Any) -> Run:
        row = {"integration_id": integration_id, "kind": kind, "created_at": at, "quiet": False, "asked_for": False}
        new = {**row, **values, "counts": Counts().model_dump_json(), "api_calls": 0}
        return _run(self._connection.execute(_ADD, new).one())

    def progress(self, run_id: int, counts: Counts | None, spent: Spent, *, told_at: datetime | None = None) -> bool:
        """Note how far a run has come, and tell whether somebody asked for it.

        Without *counts*, those noted last stay; *told_at* is when that is told, if it is.
        """
        values = {**_far(counts, spent), **({} if told_at is None else {"told_at": told_at})}
        return bool(self._connection.execute(_NOTE, {"run_id": run_id, **values}).scalar_one())

    def finish(self, run: Run, counts: Counts | None, at: datetime) -> Ended:
        """End a run as *run* says; without *counts*, those noted last stay."""
        error = run.error
        values = {
            **_far(counts, run.spent),
            "state": run.state,
            "finished_at": at,
            "error_code": error and error.code,
            "error_sentence": error and error.sentence,
        }
        return _ended(self._connection.execute(_END, {"run_id": run.id, **values}).one())

    def hush(self, run_id: int) -> bool:
        """Keep of the scheduled runs that found nothing only the last; tell whether *run_id* is one of those."""
        row = self._connection.execute(_HUSH, {"run_id": run_id}).first()
        if row is None:
            return False
        self._connection.execute(_FORGET, {"integration": row.integration_id, "of_kind": row.kind, "before": run_id})
        return True

    def interrupt(self, run_id: int, at: datetime) -> list[Ended]:
        """End a run whose process died, and give it; nothing where it had ended."""
        rows = self._connection.execute(
            update(runs)
            .where(runs.c.id == run_id, runs.c.state == RunState.RUNNING.value)
            .values(
                state=RunState.FAILED.value,
                finished_at=at,
                error_code=INTERRUPTED.code,
                error_sentence=INTERRUPTED.sentence,
            )
            .returning(runs)
        )
        return [_ended(row) for row in rows]

    def stop_unfinished(self, integration_id: int, at: datetime, kind: str | None = None) -> list[Ended]:
        """End the runs, all or of one *kind*, that are not to go on, and give them; those under way end themselves."""
        of_kind = true() if kind is None else runs.c.kind == kind
        under_way = exists().where(
            flow_state.c.integration_id == integration_id,
            flow_state.c.run_id == runs.c.id,
            flow_state.c.lease_owner.is_not(None),
        )
        rows = self._connection.execute(
            update(runs)
            .where(runs.c.integration_id == integration_id, of_kind, runs.c.state.in_(_UNFINISHED), ~under_way)
            .values(state=RunState.STOPPED.value, finished_at=at)
            .returning(runs)
        )
        return [_ended(row) for row in rows]

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


def _far(counts: Counts | None, spent: Spent) -> dict[str, Any]:
    """Give the columns that say how far a run has come."""
    told = {} if counts is None else {"counts": counts.model_dump_json()}
    return {**spent._asdict(), **told}


def _ended(row: Row[Any]) -> Ended:
    return Ended(_run(row), told=row.asked_for or row.told_at is not None)


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
        waited_seconds=round(row.waited_seconds, 3),
        error=None if row.error_code is None else RunError(code=row.error_code, sentence=row.error_sentence or ""),
    )
