"""The rate limit of a store."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass
class LeakyBucket:
    """A bucket into which every request drips and which drains at a steady pace."""

    depth: float = 50
    per_second: float = 2
    level: float = 0
    last_drained: datetime | None = None

    def admit(self, now: datetime) -> bool:
        """Take one request in, or tell that it does not fit."""
        self._drain(now)
        if self.level + 1 > self.depth:
            return False
        self.level += 1
        return True

    def wait(self, now: datetime) -> float:
        """Tell how many seconds it takes until one more request fits."""
        self._drain(now)
        return max(0.0, self.level + 1 - self.depth) / self.per_second if self.per_second else float("inf")

    def _drain(self, now: datetime) -> None:
        if self.last_drained is not None:
            passed = max(0.0, (now - self.last_drained).total_seconds())
            self.level = max(0.0, self.level - passed * self.per_second)
        self.last_drained = now
