"""Noticing that a process does nothing although there is something to do for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from hub_core.domain.clock import Clock

PATIENCE: Final = 60.0
"""Seconds for which nothing may come in while something waits."""
GAP: Final = 10.0
"""A process that did not look for so long was itself halted, or had no database: then nothing could come in."""
STALLED: Final = 75
"""The exit code that says: try again."""


class Watch:
    """Says how long it is that something came in, not counting the time in which nothing could."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._heard = self._looked = clock.monotonic()

    def hear(self) -> None:
        """Note that something came in, or that it could not."""
        self._heard = self._clock.monotonic()

    def look(self) -> bool:
        """Tell whether nothing has come in for so long that something may be wrong."""
        now = self._clock.monotonic()
        if now - self._looked > GAP:
            self._heard = now
        self._looked = now
        return now - self._heard >= PATIENCE
