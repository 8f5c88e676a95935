"""The time of a store, which need not be ours."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo


class StoreClock:
    """A store's own time: it starts anywhere, runs on or stands still, and knows the wall clock of its zone.

    A standing clock moves only when it is set or advanced, so that tests wait for nothing.
    """

    def __init__(self, zone: str = "UTC", start: datetime | None = None, *, running: bool = True) -> None:
        self.zone = ZoneInfo(zone)
        self.running = running
        self._base = datetime.now(UTC)
        self._started = time.monotonic()
        if start is not None:
            self.set(start)

    def now(self) -> datetime:
        """Tell the store's present moment in UTC."""
        if not self.running:
            return self._base
        return self._base + timedelta(seconds=time.monotonic() - self._started)

    def set(self, moment: datetime) -> None:
        """Go to *moment*; one without a zone is read on the store's wall clock."""
        self._base = moment.astimezone(UTC) if moment.tzinfo else self.moment(moment)
        self._started = time.monotonic()

    def advance(self, seconds: float) -> None:
        """Move by *seconds*, backwards if they are negative."""
        self.set(self.now() + timedelta(seconds=seconds))

    def wall(self, moment: datetime | None = None) -> datetime:
        """Tell what the store's wall clock shows at *moment* (now), to the second and without a zone."""
        return (moment or self.now()).astimezone(self.zone).replace(tzinfo=None, microsecond=0)

    def moment(self, wall: datetime) -> datetime:
        """Tell when the wall clock shows *wall*, in UTC; the earlier moment where it shows it twice."""
        return wall.replace(tzinfo=self.zone).astimezone(UTC)
