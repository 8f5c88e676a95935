"""What a flow has done in all, added up when its work ends or pauses, so that any process can tell it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Self

from hub_core.domain.fact import Fact
from hub_core.domain.runs import Counts, RunState, Spent

COUNTED: Final = ("created", "updated", "rejected", "sent", "accepted", "refused", "submitted", "retried", "superseded")
"""What is added up of the counts of runs."""


class Stretch(Fact):
    """A stretch of work on a run: how the run *ended* with it, or for what it *paused*, as an error's code."""

    spent: Spent
    counts: Counts
    seconds: float
    ended: RunState | None = None
    paused: str | None = None


class Totals(Fact):
    """The sums: *runs* by the state in which they ended, *pauses* by their reason, *counts* by their name."""

    runs: Mapping[str, int] = {}
    pauses: Mapping[str, int] = {}
    counts: Mapping[str, int] = {}
    seconds: float = 0.0
    calls: int = 0
    waited_seconds: float = 0.0

    @classmethod
    def read(cls, document: str | None) -> Self:
        """Read what was kept; nothing where there is nothing yet."""
        return cls() if document is None else cls.model_validate_json(document)

    def plus(self, work: Stretch) -> Totals:
        """Add a stretch of work."""
        new = {name: getattr(work.counts, name) for name in COUNTED}
        return Totals(
            runs=_counted(self.runs, work.ended),
            pauses=_counted(self.pauses, work.paused),
            counts={name: total for name in COUNTED if (total := self.counts.get(name, 0) + max(new[name], 0))},
            seconds=round(self.seconds + work.seconds, 3),
            calls=self.calls + max(work.spent.api_calls, 0),
            waited_seconds=round(self.waited_seconds + max(work.spent.waited_seconds, 0.0), 3),
        )


def _counted(sums: Mapping[str, int], what: str | None) -> Mapping[str, int]:
    return sums if what is None else {**sums, str(what): sums.get(what, 0) + 1}
