"""Telling observers what happened: each by itself and in order, so that one that fails or hangs harms nobody else."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Final

from hub_core.channels.dispatch import inform
from hub_core.domain.errors import HubError
from hub_core.services.complaints import Complaints
from hub_core.storage.events import EventRepository
from hub_core.storage.observers import ObserverRepository

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from hub_core.channels.observer import Observer
    from hub_core.domain.events import Event
    from hub_core.services.parts import Parts

logger = logging.getLogger("hub_core.engine")

DEADLINE: Final = 5.0
LOOK_SECONDS: Final = 0.5
NOTE_SECONDS: Final = 1.0
"""How long an observer is told before it is noted how far it has come; what was not noted is told once more."""
_MOST: Final = 100


class Informing:
    """Tells all observers, as the process *owner*, until it is cancelled."""

    def __init__(self, parts: Parts, owner: str) -> None:
        self._parts = parts
        self._owner = owner
        self._complaints = Complaints(parts.clock)

    async def run(self) -> None:
        """Tell what happens as it happens; without observers it waits."""
        try:
            await asyncio.gather(*map(self._follow, self._parts.channels.observers))
            await asyncio.Event().wait()
        finally:
            await self._let_go()

    async def _follow(self, observer: Observer) -> None:
        while True:
            try:
                while await self.tell(observer):
                    pass
            except HubError as error:
                self._complaints.make("waiting", f"The observers wait: {error}")
            await self._parts.clock.sleep(LOOK_SECONDS)

    async def tell(self, observer: Observer) -> bool:
        """Tell *observer* some of what it does not know yet; False where there is nothing, or others do it."""
        news = await self._news(observer)
        noted_at = self._parts.clock.monotonic()
        for event in news:
            await self._inform(observer, event)
            now = self._parts.clock.monotonic()
            if event is news[-1] or now - noted_at >= NOTE_SECONDS:
                noted_at = now
                if not await self._note(observer, event):
                    return False
        return bool(news)

    async def _news(self, observer: Observer) -> list[Event]:
        database = self._parts.database

        def has_news(connection: Connection) -> bool:
            return ObserverRepository(connection, database).has_news(observer.name)

        def news(connection: Connection) -> list[Event]:
            after = ObserverRepository(connection, database).claim(observer.name, self._owner)
            return [] if after is None else EventRepository(connection).after(after, _MOST)

        return await database.write(news) if await database.read(has_news) else []

    async def _inform(self, observer: Observer, event: Event) -> None:
        try:
            await inform(observer, event, deadline=DEADLINE)
        except HubError as error:
            self._complaints.make(observer.name, f"The observer '{observer.name}' missed event {event.id}: {error}")

    async def _note(self, observer: Observer, event: Event) -> bool:
        database = self._parts.database
        return await database.write(
            lambda connection: ObserverRepository(connection, database).told(observer.name, self._owner, event.id)
        )

    async def _let_go(self) -> None:
        """Let others go on at once."""
        database = self._parts.database
        if self._parts.channels.observers:
            await database.write(lambda connection: ObserverRepository(connection, database).let_go(self._owner))
