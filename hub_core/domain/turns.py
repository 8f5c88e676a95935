"""When it is an integration's turn: each at moments of its own, so that many stores are asked evenly over time.

Everybody's turns come once in a period, but shifted by a part of it that follows from the integration's number. Numbers
that follow on each other lie as far apart as can be (multiples of the golden ratio), so that any hundred of them ask at
a hundred moments; also when they were added, or the hub was started, at one and the same moment.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

EARLY: Final = 0.05
"""By which part of its interval a turn comes early, so that the work is done when the interval is over."""
_GOLDEN: Final = 0.6180339887498949
_START: Final = datetime(2000, 1, 1, tzinfo=UTC)


def next_turn(after: datetime, interval: timedelta, number: int) -> datetime:
    """Give the next turn *after* a moment, of the integration with this *number*: within its interval.

    A turn that would come at once is left out.
    """
    period = interval * (1 - EARLY)
    first = _START + period * (number * _GOLDEN % 1.0)
    wait = period - (after - first) % period
    return after + (wait if wait >= interval * EARLY else wait + period)
