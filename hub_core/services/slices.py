"""Where a long flow pauses: so that no flow holds a place for long, and a stop is obeyed at the next safe point."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hub_core.domain.clock import Clock

SLICE_SECONDS = 20.0
SLICE_PAGES = 50


@dataclass(slots=True)
class Slice:
    """One stretch of work of a run: at most 20 seconds or 50 pages, and never past a request to stop."""

    clock: Clock
    seconds: float = SLICE_SECONDS
    pages_left: int = SLICE_PAGES
    stopping: bool = False
    _until: float = field(init=False)

    def __post_init__(self) -> None:
        self._until = self.clock.monotonic() + self.seconds

    def page_done(self) -> None:
        """Count one more page. Raises PausedError where no other is to follow."""
        self.pages_left -= 1
        if self.stopping or self.pages_left <= 0 or self.clock.monotonic() >= self._until:
            raise PausedError


class PausedError(Exception):
    """The slice is over; the run goes on later from its cursor. No fault, so no HubError."""
