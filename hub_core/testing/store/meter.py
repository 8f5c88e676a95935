"""The count of what a store was asked."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from hub_core.testing.store.bucket import LeakyBucket

REMEMBERED = 2000


@dataclass
class Meter:
    """How many requests one store got, how many of them were over its limit, and the latest of them.

    It counts what is over the limit also while the limit is not enforced.
    """

    bucket: LeakyBucket = field(default_factory=LeakyBucket)
    enforced: bool = True
    requests: int = 0
    over: int = 0
    peak: float = 0
    log: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=REMEMBERED))

    def admit(self, now: datetime) -> bool:
        """Count one request; tell whether the store may answer it."""
        self.requests += 1
        fits = self.bucket.admit(now)
        self.over += not fits
        self.peak = max(self.peak, self.bucket.level)
        return fits or not self.enforced

    def limit(self, depth: float, per_second: float) -> None:
        """Change the limit from now on; what is in the bucket stays in it."""
        self.bucket.depth, self.bucket.per_second = depth, per_second

    def reset(self) -> None:
        """Begin to count anew, with an empty bucket."""
        self.bucket.level = 0
        self.requests = self.over = 0
        self.peak = 0
        self.log.clear()

    def reading(self) -> dict[str, Any]:
        """Tell the figures as data."""
        return {
            "requests": self.requests,
            "over_limit": self.over,
            "level": round(self.bucket.level, 3),
            "peak": round(self.peak, 3),
            "depth": self.bucket.depth,
            "per_second": self.bucket.per_second,
            "enforced": self.enforced,
        }
