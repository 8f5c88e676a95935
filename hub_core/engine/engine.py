"""The engine of one process: what starts flows, what keeps their leases, and what is to be done beside them."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Protocol

from hub_core.domain.errors import SettingsError
from hub_core.engine.chores import Chores
from hub_core.engine.embedded import Embedded
from hub_core.engine.figures import Figures
from hub_core.engine.informing import Informing
from hub_core.engine.presence import Presence, process_name
from hub_core.engine.pulse import Pulse
from hub_core.engine.runner import Runner
from hub_core.engine.slots import Slots
from hub_core.storage.database import POSTGRES_MISSING

if TYPE_CHECKING:
    from hub_core.services.parts import Parts


class Starter(Protocol):
    """What finds flows that are due, and has them taken into slots."""

    async def run(self) -> None:
        """Start flows; end when the slots are closed, and start nothing after that."""


def _starter(parts: Parts, slots: Slots) -> Starter:
    """Give what the database allows: on SQLite one process does all, on PostgreSQL any number share the work."""
    if parts.database.is_sqlite:
        return Embedded(parts, slots)
    try:
        from hub_core.engine.distributed import Distributed  # noqa: PLC0415 - a tenth of a second, for PostgreSQL only
    except ModuleNotFoundError as error:
        raise SettingsError(POSTGRES_MISSING) from error
    return Distributed(parts, slots)


class Engine:
    """Syncs every flow that is due until it is stopped. *kind* is what the process is called where others see it."""

    def __init__(self, parts: Parts, kind: str = "serve", figures: Figures | None = None) -> None:
        name = process_name()
        self.pulse = Pulse(parts)
        self.runner = Runner(parts, name)
        self.slots = Slots(parts, self.runner, self.pulse, figures or Figures())
        self.starter = _starter(parts, self.slots)
        self.chores = Chores(parts)
        self._informing = Informing(parts, name)
        self._presence = Presence(parts, name, kind, self.slots)
        self._loops: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Start syncing."""
        work = (self.starter, self.pulse, self.chores, self._informing, self._presence)
        self._loops = [asyncio.create_task(one.run()) for one in work]

    async def stop(self) -> None:
        """Begin nothing more; let flows end at their next safe point, and cancel them after eight seconds."""
        self.slots.close()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self.slots.figures.stop):
                await self._flows_ended()
        loops = list(self._loops)
        for loop in loops:
            loop.cancel()
        await self.slots.cancel()
        await asyncio.gather(*loops, return_exceptions=True)

    async def _flows_ended(self) -> None:
        """Wait for the starter first: what it has begun to claim becomes one more flow."""
        if self._loops:
            await asyncio.wait(self._loops[:1])
        await self.slots.quiet()

    async def broken(self) -> None:
        """Wait until a loop of the engine ends, which none does before it is stopped. Raises what ended it."""
        ended, _ = await asyncio.wait(self._loops, return_when=asyncio.FIRST_COMPLETED)
        for loop in ended:
            loop.result()
