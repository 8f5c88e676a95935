"""The process itself, as others see it: its name, and the row that says every few seconds that it is there."""

from __future__ import annotations

import logging
import os
import socket
import uuid
from importlib.metadata import version
from typing import TYPE_CHECKING, Final

from hub_core.domain.errors import StorageError
from hub_core.storage.processes import EngineProcess, ProcessRepository

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from hub_core.engine.slots import Slots
    from hub_core.services.parts import Parts

logger = logging.getLogger("hub_core.engine")

EVERY_SECONDS: Final = 5.0


def process_name() -> str:
    """Name this process so that no other, also one with the same number after a restart, bears the same name."""
    return f"{socket.gethostname()[:30]}:{os.getpid()}:{uuid.uuid4().hex[:8]}"


class Presence:
    """Says that the process *name* is there until it is cancelled, and then that it has gone."""

    def __init__(self, parts: Parts, name: str, kind: str, slots: Slots) -> None:
        self._parts = parts
        self._slots = slots
        self._name = name
        self._kind = kind

    async def run(self) -> None:
        """Say so again and again; a database that does not answer is asked again with the next time."""
        try:
            while True:
                await self._try(self.tell)
                await self._parts.clock.sleep(EVERY_SECONDS)
        finally:
            await self._try(self._leave)

    async def tell(self) -> None:
        """Say so once."""
        process = EngineProcess(
            name=self._name,
            kind=self._kind,
            host=socket.gethostname(),
            pid=os.getpid(),
            version=version("hub-core"),
            slots=self._slots.figures.slots,
            busy=self._slots.busy,
            channels=sorted(self._parts.channels.channels),
        )
        database = self._parts.database
        await database.write(lambda connection: ProcessRepository(connection, database).tell(process))

    async def _leave(self) -> None:
        database = self._parts.database
        await database.write(lambda connection: ProcessRepository(connection, database).remove(self._name))

    @staticmethod
    async def _try(work: Callable[[], Awaitable[None]]) -> None:
        try:
            await work()
        except StorageError as error:
            logger.debug("The process could not say that it is there: %s", error)
