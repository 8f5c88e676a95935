"""Where a long flow pauses: so that no flow holds a place for long, and a stop is obeyed at the next safe point.

What can wait, such as a back-fill, pauses as soon as more urgent work waits for the same integration.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hub_core.domain.urgency import Urgency

if TYPE_CHECKING:
    from hub_core.domain.clock import Clock

SLICE_SECONDS = 20.0
SLICE_PAGES = 50


@dataclass(slots=True)
class Slice:
    """One stretch of work of a run: at most 20 seconds or 50 pages, and never past a request to stop.

    *urgency* is that of the work at hand where it lets what is more urgent pass; the flow says so. *waiting* is how
    urgent what waits for the integration is; the pulse says so. *pages* counts those that were done.
    """

    clock: Clock
    seconds: float = SLICE_SECONDS
    pages_left: int = SLICE_PAGES
    stopping: bool = False
    urgency: int = Urgency.MANUAL
    waiting: int = 0
    pages: int = 0
    _until: float = field(init=False)

    def __post_init__(self) -> None:
        self._until = self.clock.monotonic() + self.seconds

    @property
    def ending(self) -> bool:
        """Tell whether the page at hand is the last: of those that wait, or the hub is to stop."""
        return self.stopping or self.waiting > self.urgency

    def page_done(self) -> None:
        """Count one more page. Raises PausedError where no other is to follow."""
        self.pages += 1
        self.pages_left -= 1
        if self.ending or self.pages_left <= 0 or self.clock.monotonic() >= self._until:
            raise PausedError


class PausedError(Exception):
    """The slice is over; the run goes on later from its cursor. No fault, so no HubError."""
