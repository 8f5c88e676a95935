"""Saying what strangers try, but not as often as they try it."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from hub_core.domain.clock import Clock

logger = logging.getLogger("hub_core.services")

EVERY_SECONDS: Final = 60.0
_MOST: Final = 256
"""Kinds that are told apart at most; nobody outside can make more than there are channels."""


class Complaints:
    """Logs a kind of complaint at once and then at most once a minute, with how many there were meanwhile."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._told: dict[str, float] = {}
        self._untold: dict[str, int] = {}

    def make(self, kind: str, sentence: str) -> None:
        """Log *sentence*, unless one of this *kind* was logged a moment ago."""
        now = self._clock.monotonic()
        last = self._told.get(kind)
        if last is not None and now - last < EVERY_SECONDS:
            self._untold[kind] = self._untold.get(kind, 0) + 1
            return
        if last is None and len(self._told) >= _MOST:
            return
        self._told[kind] = now
        untold = self._untold.pop(kind, 0)
        logger.warning("%s%s", sentence, f" ({untold} more like this since the last line.)" if untold else "")
