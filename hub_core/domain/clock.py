"""Time as a part that can be replaced: nothing in the hub asks the machine's clock directly."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """What tells the time and waits."""

    def now(self) -> datetime:
        """Tell the present moment in UTC."""

    def monotonic(self) -> float:
        """Tell seconds that never run backwards."""

    async def sleep(self, seconds: float) -> None:
        """Wait for *seconds*."""


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        """Tell the present moment in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Tell seconds that never run backwards."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Wait for *seconds*."""
        await asyncio.sleep(seconds)
