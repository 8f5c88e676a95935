"""By which rules orders are looked for, and which window each rule reads next."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

from pydantic import AwareDatetime

from hub_core.domain.fact import Fact


class Poll(StrEnum):
    """What a channel is asked for: `new` by order date, `changed` by last update, `open` of any age, `sweep` wide."""

    NEW = "new"
    CHANGED = "changed"
    OPEN = "open"
    SWEEP = "sweep"


class Window(Fact):
    """The span of time that a poll reads, from *start* on until *end*; an end that is None is open."""

    start: AwareDatetime | None = None
    end: AwareDatetime | None = None

    @property
    def empty(self) -> bool:
        """Tell whether no moment lies in it."""
        return self.start is not None and self.end is not None and self.start >= self.end


class Search(StrEnum):
    """The reads that the hub keeps a place for, each with a watermark of its own.

    The first three happen once, at the first connection, in this order; what they find decides what is history.
    """

    BASELINE = "baseline"
    BACKFILL = "backfill"
    OPEN = "open"
    NEW = "new"
    CHANGED = "changed"
    SWEEP = "sweep"


POLL_OF = {
    Search.BASELINE: Poll.NEW,
    Search.BACKFILL: Poll.NEW,
    Search.OPEN: Poll.OPEN,
    Search.NEW: Poll.NEW,
    Search.CHANGED: Poll.CHANGED,
    Search.SWEEP: Poll.SWEEP,
}
ONCE = (Search.BASELINE, Search.BACKFILL, Search.OPEN)

BASELINE_REACH = timedelta(days=2)
OVERLAP = {
    Search.NEW: timedelta(days=1),
    Search.CHANGED: timedelta(days=1),
    Search.SWEEP: timedelta(days=14),
}
"""How far behind its watermark a search looks back: 3DCart's filter for changes knows whole days only."""
UNTOLD_ZONE_REACH = timedelta(hours=26)
"""No two places are further apart on the clock; so much is added while the zone is the merchant's word alone."""
SWEEP_INTERVAL = timedelta(days=1)


def window_of(search: Search, *, import_since: datetime, connected_at: datetime, watermark: datetime | None) -> Window:
    """Tell the window of the next read of *search*, whose last complete read began at *watermark*."""
    baseline = max(import_since, connected_at - BASELINE_REACH)
    if search is Search.OPEN:
        return Window()
    if search is Search.BASELINE:
        return Window(start=baseline)
    if search is Search.BACKFILL:
        return Window(start=import_since, end=max(baseline, import_since))
    seen_until = watermark or connected_at
    return Window(start=seen_until - OVERLAP[search])


def widened(window: Window) -> Window:
    """Reach 26 hours beyond both ends, for a store that has not told its zone; an empty window stays empty."""
    if window.empty:
        return window
    return Window(
        start=window.start and window.start - UNTOLD_ZONE_REACH,
        end=window.end and window.end + UNTOLD_ZONE_REACH,
    )
