"""Noticing that something holds the engine's event loop, and saying what it is."""

from __future__ import annotations

import asyncio
import logging
import sys
import threading
import traceback
from typing import TYPE_CHECKING, Final

from hub_core.channels.blame import Blame

if TYPE_CHECKING:
    from types import FrameType

    from hub_core.domain.clock import Clock

logger = logging.getLogger("hub_core.engine")

PATIENCE: Final = 5.0
"""Seconds for which a loop may be held before it is worth a warning."""
_BEAT: Final = 0.5


class Heartbeat:
    """The sign of life of an event loop."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._last: float | None = None
        self._thread: int | None = None

    async def beat(self) -> None:
        """Give the sign until cancelled, in the loop that is watched."""
        self._thread = threading.get_ident()
        while True:
            self._last = self._clock.monotonic()
            await self._clock.sleep(_BEAT)

    def silence(self) -> float:
        """Tell for how many seconds there was no sign; 0 before the first."""
        return 0.0 if self._last is None else self._clock.monotonic() - self._last

    def frame(self) -> FrameType | None:
        """Give the place at which the loop's thread is now."""
        return None if self._thread is None else sys._current_frames().get(self._thread)  # noqa: SLF001


class Watchdog:
    """Watches a heartbeat from another thread, and warns once each time that it stops."""

    def __init__(self, heartbeat: Heartbeat) -> None:
        self._heartbeat = heartbeat
        self._warned = False

    async def watch(self, clock: Clock) -> None:
        """Look every second until cancelled."""
        while True:
            self.look()
            await clock.sleep(1)

    def watch_from_thread(self, clock: Clock) -> None:
        """Look every second as long as the process is there, for one that has no other loop."""
        threading.Thread(target=lambda: asyncio.run(self.watch(clock)), name="hub-watchdog", daemon=True).start()

    def look(self) -> None:
        """Look once."""
        silence = self._heartbeat.silence()
        held = silence >= PATIENCE
        if held and not self._warned:
            logger.warning(
                "The engine has stood still for %.0f s: its event loop is held by %s. No store is synced until it "
                "lets go; if it does not, restart the hub and report it to the plugin's author.",
                silence,
                _holder(self._heartbeat.frame()),
            )
        self._warned = held


def _holder(innermost: FrameType | None) -> str:
    """Name the hook that runs, and the line it is at."""
    if innermost is None:
        return "something unknown"
    where = traceback.extract_stack(innermost, limit=1)[-1]
    place = f"{where.name} ({where.filename}, line {where.lineno})"
    frame: FrameType | None = innermost
    while frame is not None:
        # Whatever runs a hook keeps its Blame at hand under this name.
        blame = frame.f_locals.get("blame")
        if isinstance(blame, Blame):
            return f"the hook {blame.hook} of the plugin '{blame.channel}', in {place}"
        frame = frame.f_back
    return place
