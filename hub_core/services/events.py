"""Reading what happened."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from hub_core.domain.events import Event
from hub_core.storage.events import EventRepository

if TYPE_CHECKING:
    from hub_core.services.parts import Parts

LOOK_SECONDS = 0.5
_BATCH = 200


class Events:
    """Lists events, oldest first."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def after(
        self,
        number: int = 0,
        *,
        limit: int = 50,
        integration: int | None = None,
        type: str | None = None,  # noqa: A002 - the event's own word
        history: bool = True,
    ) -> list[Event]:
        """List the events later than *number*; without *history*, those of orders from before the hub are left out."""
        return await self._parts.database.read(
            lambda connection: EventRepository(connection).after(
                number, limit, history=history, integration_id=integration, type=type
            )
        )

    async def newest(self) -> int:
        """Tell the number of the newest event, 0 where there is none."""
        return await self._parts.database.read(lambda connection: EventRepository(connection).newest())

    async def follow(self, number: int = 0) -> AsyncIterator[Event]:
        """Yield the events later than *number*, and go on as new ones come."""
        while True:
            batch = await self.after(number, limit=_BATCH)
            for event in batch:
                yield event
                number = event.id
            if len(batch) < _BATCH:
                await self._parts.clock.sleep(LOOK_SECONDS)
