"""Runs: one execution of a flow, from its start to its end."""

from __future__ import annotations

from enum import StrEnum

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

    def plus(self, other: Counts) -> Counts:
        """Add what one more page brought."""
        expected = self.expected if other.expected is None else (self.expected or 0) + other.expected
        mine, others = self.__dict__, other.__dict__
        added = {name: mine[name] + others[name] for name in mine if name != "expected"}
        return Counts(**added, expected=expected)


class Run(Fact):
    """One execution of a flow of an integration."""

    id: int
    integration_id: int
    kind: str
    state: RunState
    started_at: AwareDatetime | None = None
    finished_at: AwareDatetime | None = None
    counts: Counts = Field(default_factory=Counts)
    api_calls: int = 0
    error: RunError | None = None
