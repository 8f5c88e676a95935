"""Offering what is due to all processes: a few hundred jobs at a time, since the backlog waits in better order."""

from __future__ import annotations

import zlib
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final, Protocol

from hub_core.domain.errors import StorageError
from hub_core.storage.chores import ChoreRepository
from hub_core.storage.offering import Offering
from hub_core.storage.offers import Lane, Offer, OfferRepository, Room

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sqlalchemy import Connection

    from hub_core.services.parts import Parts

QUEUED: Final = 500
"""So many jobs of a lane wait at most: they keep all processes at work until the next look."""
_OLDEST_EVERY: Final = 10
_LONGEST_NAME: Final = 32
"""Of a channel in the name of a queue: PostgreSQL tells of what comes in by names of 63 characters at most."""
_MINUTE: Final = timedelta(minutes=1)


class Defer(Protocol):
    """Puts jobs into queues, within the transaction of a connection of psycopg."""

    def __call__(self, offers: Sequence[Offer], connection: Any) -> None:
        """Put in one job for each offer."""


def queue_of(lane: Lane) -> str:
    """Name the queue of a lane; other versions of the hub name it so too, or neither understands the other's jobs."""
    name = lane.channel
    if len(name) > _LONGEST_NAME:
        name = f"{name[: _LONGEST_NAME - 9]}-{zlib.crc32(name.encode()):08x}"
    return f"{'urgent' if lane.urgent else 'routine'}/{name}"


class Dispatcher:
    """Looks for what is due, in every process; only one at a time finds anything to do."""

    def __init__(self, parts: Parts, defer: Defer) -> None:
        self._parts = parts
        self._defer = defer
        self._offering = Offering(parts.database)
        self._looks = 0
        self._lost = False

    async def tick(self, *, urgent: bool | None = None) -> int:
        """Offer what is due, as far as somebody is there for it and there is room, and tell how much that was.

        That is all, or only what is *urgent*, or only what is not.
        """
        self._looks += 1
        try:
            return await self._parts.database.write(lambda connection: self._offer(connection, urgent=urgent))
        except StorageError:
            self._lost = True
            raise

    def _offer(self, connection: Connection, *, urgent: bool | None = None) -> int:
        offers = OfferRepository(connection, self._parts.database)
        if not offers.begin(urgent=bool(urgent)):
            return 0
        if self._lost:  # and with the database whatever was taken to be begun
            offers.withdraw_all()
            self._lost = False
        # a process that was away for a while is there again before it could say so
        served = offers.served() | set(self._parts.channels.channels)
        lanes = [Lane(channel, kind) for channel in sorted(served) for kind in (True, False) if urgent in (None, kind)]
        found = offers.offer(self._rooms(lanes, offers.waiting()), self._offering)
        if found:
            self._defer(found, connection.connection.driver_connection)
        return len(found)

    def _rooms(self, lanes: Iterable[Lane], waiting: Mapping[str, int]) -> dict[Lane, Room]:
        oldest = int(self._looks % _OLDEST_EVERY == 0)
        free = {lane: QUEUED - waiting.get(queue_of(lane), 0) for lane in lanes}
        # to look through a long backlog takes the database a while
        least = {True: 1, False: QUEUED - QUEUED // 2}
        return {lane: Room(count, oldest) for lane, count in free.items() if count >= least[lane.urgent]}

    async def tidy(self) -> None:
        """Delete jobs that are of no use any more, once a minute by one of the processes."""
        now = self._parts.clock.now()
        database = self._parts.database

        def tidy(connection: Connection) -> None:
            if ChoreRepository(connection).claim("jobs", now, now + _MINUTE):
                OfferRepository(connection, database).tidy()

        if await database.read(lambda connection: ChoreRepository(connection).is_due("jobs", now)):
            await database.write(tidy)

    async def has_waited(self, lanes: Iterable[Lane], for_long: timedelta) -> bool:
        """Tell whether a job of *lanes* has been waiting for so long."""
        database = self._parts.database
        queues = [queue_of(lane) for lane in lanes]
        return bool(queues) and await database.read(
            lambda connection: OfferRepository(connection, database).has_waited(queues, for_long)
        )
