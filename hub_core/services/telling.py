"""Telling through events how a run begins, goes on and ends, for whoever looks on.

A run that somebody asked for is told as it begins. One of the schedule is told once it has found something, so that
thousands of polls that find nothing make no event. How far it is goes with the pages, which are written anyhow.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from hub_core.domain.events import NewEvent
from hub_core.domain.runs import UNFINISHED
from hub_core.storage.runs import RunRepository

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Connection

    from hub_core.domain.clock import Clock
    from hub_core.domain.runs import Counts, Run, Spent
    from hub_core.storage.flows import Lease
    from hub_core.storage.runs import Begun, Ended

EVERY: Final = timedelta(seconds=5)


class Telling:
    """Tells of one run, as far as one slice of it goes."""

    def __init__(self, begun: Begun, lease: Lease, clock: Clock) -> None:
        self.run = begun.run
        self._told_at = begun.told_at
        self._lease = lease
        self._clock = clock

    def page(self, connection: Connection, counts: Counts, spent: Spent, *, news: bool) -> list[NewEvent]:
        """Note how far the run has come with a page, and give what is to be told with it.

        *news* says that the page brought something. What is given belongs in the transaction, as its last rows.
        """
        at, before = self._lease.now(self._clock), self._told_at
        is_due = news if before is None else abs(at - before) >= EVERY  # clocks are set back, too
        awaited = RunRepository(connection).progress(self.run.id, counts, spent, told_at=at if is_due else None)
        if is_due or (before is None and awaited):
            self._told_at = at
        if not is_due or (before is None and awaited):  # who asked for it meanwhile has told that it runs
            return []
        what = "run.started" if before is None else "run.progressed"
        return [event_of(what, self.run.as_of(counts, spent))]


def event_of(what: str, run: Run) -> NewEvent:
    """Make the event that tells how a run stands."""
    data = {
        "run": run.id,
        "kind": run.kind,
        "state": run.state.value,
        "counts": run.counts.model_dump(exclude={"expected"}),
        "expected": run.counts.expected,
        "error": None if run.error is None else run.error.model_dump(),
    }
    return NewEvent(what, run.integration_id, data=data)


def end_of(run: Run, *, told: bool) -> list[NewEvent]:
    """Give the events of a run that has ended; one that was not *told* of before is told as a whole."""
    assert run.state not in UNFINISHED  # noqa: S101 - whoever ends a run has written that before
    return [event_of("run.finished", run)] if told else [event_of("run.started", run), event_of("run.finished", run)]


def beginnings_of(begun: Iterable[Begun]) -> list[NewEvent]:
    """Give the events of runs that began, as far as they are to be told now."""
    return [event_of("run.started", one.run) for one in begun if one.untold]


def ends_of(ended: Iterable[Ended]) -> list[NewEvent]:
    """Give the events of runs that somebody else than their process ended, as far as anybody heard of them."""
    return [event_of("run.finished", one.run) for one in ended if one.told]
