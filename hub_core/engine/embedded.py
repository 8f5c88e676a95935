"""Finding what is due, for one process: it looks at the rows again and again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hub_core.domain.errors import HubError
from hub_core.engine.due import oldest_needed, pick
from hub_core.engine.grumbling import Grumbling
from hub_core.storage.flows import FlowRepository

if TYPE_CHECKING:
    from hub_core.engine.slots import Slots
    from hub_core.services.parts import Parts


class Embedded:
    """Starts every flow that is due, as far as there are free slots."""

    def __init__(self, parts: Parts, slots: Slots) -> None:
        self._parts = parts
        self._slots = slots
        self._waits = Grumbling("The engine waits: %s")
        self._picks = 0

    async def run(self) -> None:
        """Start what is due until the slots are closed."""
        figures = self._slots.figures
        while not self._slots.closed:
            troubles: tuple[HubError, ...] = ()
            try:
                began_all = await self.tick()
            except HubError as error:
                troubles, began_all = (error,), False
            self._waits.of(troubles)
            await self._parts.clock.sleep(figures.tick if began_all else figures.wait)

    async def tick(self) -> bool:
        """Start what is due, as far as there are free slots; tell whether none of it has a fault."""
        room, database = self._slots.room, self._parts.database
        if not room.free:
            return True
        due = await database.read(
            lambda connection: FlowRepository(connection, database).due(room.free, oldest_needed(room.free))
        )
        picked = pick(due, room, self._slots.figures, self._picks)
        self._picks += len(picked)
        return all([await self._slots.try_to_take(one.integration_id, one.flow, one.urgency) for one in picked])
