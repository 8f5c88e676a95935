"""Runs: one execution of a flow, from its start to its end."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from pydantic import AwareDatetime, Field

from hub_core.domain.fact import Fact


class RunState(StrEnum):
    """How a run stands: `partial` means that something was rejected, `stopped` that a person ended it."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    PARTIAL = "partial"
    FAILED = "failed"
    STOPPED = "stopped"


UNFINISHED = (RunState.QUEUED, RunState.RUNNING)


class RunError(Fact):
    """Why a run failed: a *code* for programs, a *sentence* for people."""

    code: str
    sentence: str


class Counts(Fact):
    """What a run did so far, in orders or listings; *expected* is what the store said it holds, where it was asked.

    Of what a push told the store: *sent* figures, of which some were *accepted*, some *refused*, some *submitted* (the
    store answers later) or put off (*retried*); *waiting* ones were not sent, *superseded* ones changed before that.
    """

    pages: int = 0
    read: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    rejected: int = 0
    expected: int | None = None
    sent: int = 0
    accepted: int = 0
    refused: int = 0
    submitted: int = 0
    retried: int = 0
    waiting: int = 0
    superseded: int = 0

    @property
    def found(self) -> bool:
        """Tell whether there was anything new, or anything to tell the store."""
        return bool(self.created or self.updated or self.sent or self.waiting)

    def plus(self, other: Counts) -> Counts:
        """Add what one more page brought."""
        expected = self.expected if other.expected is None else (self.expected or 0) + other.expected
        mine, others = self.__dict__, other.__dict__
        added = {name: mine[name] + others[name] for name in mine if name != "expected"}
        return Counts(**added, expected=expected)

    def minus(self, before: Counts) -> Counts:
        """Give what was done since *before*, without what was expected."""
        mine, others = self.__dict__, before.__dict__
        return Counts(**{name: mine[name] - others[name] for name in mine if name != "expected"})


class Spent(NamedTuple):
    """What a run took: requests, and the seconds that these waited for the rate limit or to be sent once more.

    Requests that wait side by side count each, so that a run may have waited for longer than it lasted.
    """

    api_calls: int = 0
    waited_seconds: float = 0.0

    def plus(self, api_calls: int, waited_seconds: float) -> Spent:
        """Add what was taken since."""
        return Spent(self.api_calls + api_calls, self.waited_seconds + waited_seconds)


class Run(Fact):
    """One execution of a flow of an integration; *waited_seconds* is how long its requests waited for their turn."""

    id: int
    integration_id: int
    kind: str
    state: RunState
    started_at: AwareDatetime | None = None
    finished_at: AwareDatetime | None = None
    counts: Counts = Field(default_factory=Counts)
    api_calls: int = 0
    waited_seconds: float = 0.0
    error: RunError | None = None

    @property
    def spent(self) -> Spent:
        """Give what it took so far."""
        return Spent(self.api_calls, self.waited_seconds)

    def ended(self, state: RunState, spent: Spent, error: RunError | None) -> Run:
        """Give it as it ended."""
        return self.model_copy(update={"state": state, "error": error, **spent._asdict()})

    def as_of(self, counts: Counts, spent: Spent) -> Run:
        """Give it as it is once it has come so far."""
        return self.model_copy(update={"counts": counts, **spent._asdict()})
