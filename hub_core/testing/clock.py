"""A clock for tests: time passes when the test says so, so that nothing is waited for."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

_START = datetime(2026, 3, 10, 12, tzinfo=UTC)


class VirtualClock:
    """Stands still until it is advanced; who sleeps meanwhile is woken when his time has come.

    With *leaping*, whoever sleeps advances the clock himself and so sleeps no time at all.
    """

    virtual = True

    def __init__(self, start: datetime = _START, *, leaping: bool = False) -> None:
        self.leaping = leaping
        self._start = start
        self._passed = timedelta(0)
        self._sleepers: dict[asyncio.Future[None], timedelta] = {}
        self._fell_asleep = asyncio.Condition()

    def now(self) -> datetime:
        """Tell the present moment in UTC."""
        return self._start + self._passed

    def monotonic(self) -> float:
        """Tell the seconds that have passed since the start."""
        return self._passed.total_seconds()

    async def sleep(self, seconds: float) -> None:
        """Wait until the clock has been advanced by *seconds*."""
        if self.leaping:
            self.advance(seconds)
            await asyncio.sleep(0)
            return
        waiter = asyncio.get_running_loop().create_future()
        self._sleepers[waiter] = self._passed + timedelta(seconds=seconds)
        try:
            async with self._fell_asleep:
                self._fell_asleep.notify_all()
            await waiter
        finally:
            del self._sleepers[waiter]

    async def asleep(self, count: int = 1) -> None:
        """Wait until *count* tasks sleep by this clock."""
        async with self._fell_asleep:
            await self._fell_asleep.wait_for(lambda: sum(not each.done() for each in self._sleepers) >= count)

    def advance(self, seconds: float) -> None:
        """Let *seconds* pass."""
        if seconds < 0:
            message = "time does not run backwards"
            raise ValueError(message)
        self._passed += timedelta(seconds=seconds)
        for waiter, until in self._sleepers.items():
            if until <= self._passed and not waiter.done():
                waiter.set_result(None)

    def set(self, moment: datetime) -> None:
        """Let time pass until *moment*."""
        self.advance((moment - self.now()).total_seconds())
