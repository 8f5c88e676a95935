"""What was there before the hub: decided by when an order was first seen, not by comparing clocks."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import NamedTuple


class Sight(StrEnum):
    """When something of a store was first seen: in the baseline, while the store was still being connected, or later.

    Connecting ends when the back-fill and the first read of open orders are complete.
    """

    BASELINE = "baseline"
    CONNECTING = "connecting"
    LATER = "later"


class HistoryRule(NamedTuple):
    """Tells history from what is the hub's own: orders are taken in from *import_since*; the baseline began then.

    *unseen_since*: an earlier identity of the same store, which is asked first, had not read what is dated later.
    """

    import_since: datetime
    baseline_began: datetime | None
    unseen_since: datetime | None = None

    def holds(self, sight: Sight, placed_at: datetime) -> bool:
        """Tell whether an order placed at that time, and first seen so, was there before the hub."""
        if self.unseen_since is not None and placed_at > self.unseen_since:
            return False
        if sight is Sight.BASELINE or placed_at < self.import_since:
            return True
        began = self.baseline_began
        return sight is Sight.CONNECTING and began is not None and placed_at < began


class CompleteRead(NamedTuple):
    """The last read of new orders that came to its end: when it *began*, and from when on it looked for orders.

    What it covers and did not hold was placed after it had begun, whatever the clock of the store says.
    """

    began: datetime
    since: datetime

    def lacked(self, placed_at: datetime) -> bool:
        """Tell whether it would have held an order that is first seen now, had the order been there."""
        return placed_at >= self.since
