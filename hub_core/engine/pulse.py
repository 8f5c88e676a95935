"""Keeping the leases of this process, and stopping the flows that it may no longer work on."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hub_core.domain.errors import StorageError
from hub_core.storage.flows import FlowRepository, Lease

if TYPE_CHECKING:
    from hub_core.domain.integrations import Flow
    from hub_core.services.parts import Parts

READ_SECONDS = 0.5
RENEW_SECONDS = 2.0
GIVE_UP_SECONDS = 6.0
"""Not renewed for so long by our own clock, a flow is stopped here: its lease ends after 8 s, then others take it."""


@dataclass(slots=True)
class _Held:
    lease: Lease
    task: asyncio.Task[object]
    renewed: float


@dataclass(slots=True)
class Pulse:
    """Looks twice a second whether the flows of this process are still open, and renews their leases every two."""

    parts: Parts
    _held: dict[tuple[int, Flow], _Held] = field(default_factory=dict)

    def watch(self, lease: Lease, task: asyncio.Task[object]) -> None:
        """Keep *lease* while *task* works on it; cancel the task when the flow is closed or taken."""
        key = (lease.integration_id, lease.flow)
        held = self._held[key] = _Held(lease, task, self.parts.clock.monotonic())
        task.add_done_callback(lambda _: self._held.pop(key) if self._held.get(key) is held else None)

    async def run(self) -> None:
        """Beat until cancelled."""
        while True:
            await self.parts.clock.sleep(READ_SECONDS)
            if self._held:
                await self.beat()

    async def beat(self) -> None:
        """Look once, and renew what is due for it."""
        held = list(self._held.values())
        now = self.parts.clock.monotonic()
        due = [one for one in held if now - one.renewed >= RENEW_SECONDS]
        try:
            alive = await self._look([one.lease for one in held], [one.lease for one in due])
        except StorageError:
            self._give_up(now)
            return
        for one in due:
            one.renewed = now
        for one in held:
            if (one.lease.integration_id, one.lease.flow) not in alive:
                one.task.cancel()

    async def _look(self, leases: list[Lease], due: list[Lease]) -> set[tuple[int, Flow]]:
        database = self.parts.database
        if due:
            await database.write(lambda connection: FlowRepository(connection, database).renew(due))
        return await database.read(lambda connection: FlowRepository(connection, database).held(leases))

    def _give_up(self, now: float) -> None:
        for one in list(self._held.values()):
            if now - one.renewed > GIVE_UP_SECONDS:
                one.task.cancel()
