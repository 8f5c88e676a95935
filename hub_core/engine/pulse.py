"""Keeping the leases of this process, stopping flows that it may not work on, and hurrying those that can wait."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from hub_core.domain.errors import StorageError
from hub_core.storage.flows import FlowRepository, Lease

if TYPE_CHECKING:
    from hub_core.domain.integrations import Flow
    from hub_core.services.parts import Parts
    from hub_core.services.slices import Slice

logger = logging.getLogger("hub_core.engine")

READ_SECONDS = 0.5
LOOK_SECONDS = 0.5
"""How long a beat waits for the database; a look that takes longer goes on beside the next beats."""
RENEW_SECONDS = 2.0
GIVE_UP_SECONDS = 6.0
"""Not renewed for so long by our own clock, a flow is stopped here: its lease ends after 8 s, then others take it."""


@dataclass(slots=True)
class _Held:
    lease: Lease
    task: asyncio.Task[Any]
    piece: Slice | None
    renewed: float


@dataclass(slots=True)
class Pulse:
    """Looks twice a second whether the flows of this process are still open, and renews their leases every two."""

    parts: Parts
    _held: dict[tuple[int, Flow], _Held] = field(default_factory=dict)
    _looking: asyncio.Task[None] | None = None

    def watch(self, lease: Lease, task: asyncio.Task[Any], piece: Slice | None = None) -> None:
        """Keep *lease* while *task* works on it; cancel the task when the flow is closed or taken.

        The *piece* of work is told what else waits for the integration.
        """
        key = (lease.integration_id, lease.flow)
        held = self._held[key] = _Held(lease, task, piece, self.parts.clock.monotonic())
        task.add_done_callback(lambda _: self._held.pop(key) if self._held.get(key) is held else None)

    async def run(self) -> None:
        """Beat until cancelled."""
        try:
            while True:
                await self.parts.clock.sleep(READ_SECONDS)
                await self.beat()
        finally:
            if self._looking is not None:
                await asyncio.wait({self._looking})

    async def beat(self) -> None:
        """Look once, unless the last look still waits for the database, and give up what was not renewed for long."""
        if self._looking is None:
            if not self._held:
                return
            self._looking = asyncio.create_task(self._look(list(self._held.values())))
        looking = self._looking
        await asyncio.wait({looking}, timeout=LOOK_SECONDS)
        self._give_up()
        if looking.done():
            self._looking = None
            looking.result()

    async def _look(self, held: list[_Held]) -> None:
        """Renew what is due for it, and stop what was closed or taken."""
        now = self.parts.clock.monotonic()
        due = [one for one in held if now - one.renewed >= RENEW_SECONDS]
        try:
            alive = await self._alive([one.lease for one in held], [one.lease for one in due])
        except StorageError as error:
            logger.warning("The leases could not be renewed: %s", error)
            return
        for one in due:
            one.renewed = now
        for one in held:
            waiting = alive.get((one.lease.integration_id, one.lease.flow))
            if waiting is None:
                self._stop(one)
            elif one.piece is not None:
                one.piece.waiting = waiting

    async def _alive(self, leases: list[Lease], due: list[Lease]) -> dict[tuple[int, Flow], int]:
        database = self.parts.database
        if due:
            await database.write(lambda connection: FlowRepository(connection, database).renew(due))
        return await database.read(lambda connection: FlowRepository(connection, database).held(leases))

    def _give_up(self) -> None:
        now = self.parts.clock.monotonic()
        for one in list(self._held.values()):
            if now - one.renewed > GIVE_UP_SECONDS:
                self._stop(one)

    def _stop(self, one: _Held) -> None:
        """Cancel a task, once: it needs the time that remains to release its flow."""
        key = (one.lease.integration_id, one.lease.flow)
        if self._held.get(key) is one:
            del self._held[key]
            one.task.cancel()
