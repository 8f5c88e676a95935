"""The loop that syncs what is due, in one process."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import socket
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hub_core.domain.errors import HubError
from hub_core.engine.chores import Chores
from hub_core.engine.grumbling import Grumbling
from hub_core.engine.informing import Informing
from hub_core.engine.pulse import Pulse
from hub_core.engine.runner import Claimed, Runner
from hub_core.services.slices import Slice
from hub_core.storage.flows import FlowRepository

if TYPE_CHECKING:
    from hub_core.domain.integrations import Flow
    from hub_core.services.parts import Parts

logger = logging.getLogger("hub_core.engine")

SLOTS = 40
TICK_SECONDS = 0.25
WAIT_SECONDS = 1.0
"""How long the engine waits where the database does not answer or what it holds has a fault."""
STOP_SECONDS = 8.0


def process_name() -> str:
    """Name this process so that no other, also one with the same number after a restart, bears the same name."""
    return f"{socket.gethostname()[:30]}:{os.getpid()}:{uuid.uuid4().hex[:8]}"


@dataclass(slots=True)
class Engine:
    """Syncs every flow that is due, each in a task of its own, until it is stopped."""

    parts: Parts
    _runner: Runner = field(init=False)
    _pulse: Pulse = field(init=False)
    _chores: Chores = field(init=False)
    _informing: Informing = field(init=False)
    _flows: dict[asyncio.Task[object], Slice] = field(default_factory=dict)
    _loops: list[asyncio.Task[None]] = field(default_factory=list)
    _stopping: bool = False
    _waits: Grumbling = field(default_factory=lambda: Grumbling("The engine waits: %s"), init=False, repr=False)

    def __post_init__(self) -> None:
        name = process_name()
        self._runner = Runner(self.parts, name)
        self._informing = Informing(self.parts, name)
        self._pulse = Pulse(self.parts)
        self._chores = Chores(self.parts)

    async def start(self) -> None:
        """Start syncing."""
        work = (self._run(), self._pulse.run(), self._chores.run(), self._informing.run())
        self._loops = [asyncio.create_task(one) for one in work]

    async def stop(self) -> None:
        """Begin nothing more; let flows end at their next safe point, and cancel them after eight seconds."""
        self._stopping = True
        for piece in self._flows.values():
            piece.stopping = True
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(STOP_SECONDS):
                await self._flows_ended()
        remaining = [*self._flows, *self._loops]
        for task in remaining:
            task.cancel()
        await asyncio.gather(*remaining, return_exceptions=True)

    async def _flows_ended(self) -> None:
        """Wait for the loop first: what it has begun to claim becomes one more flow."""
        if self._loops:
            await asyncio.wait(self._loops[:1])
        if self._flows:
            await asyncio.wait(self._flows)

    async def broken(self) -> None:
        """Wait until a loop of the engine ends, which none does before it is stopped. Raises what ended it."""
        ended, _ = await asyncio.wait(self._loops, return_when=asyncio.FIRST_COMPLETED)
        for loop in ended:
            loop.result()

    async def _run(self) -> None:
        while not self._stopping:
            troubles: tuple[HubError, ...] = ()
            try:
                began_all = await self.tick()
            except HubError as error:
                troubles, began_all = (error,), False
            self._waits.of(troubles)
            await self.parts.clock.sleep(TICK_SECONDS if began_all else WAIT_SECONDS)

    async def tend(self) -> None:
        """Do once what is to be done beside the flows."""
        await self._chores.tend()

    async def tick(self) -> bool:
        """Start what is due, as far as there are free slots; tell whether none of it has a fault."""
        free = SLOTS - len(self._flows)
        if free <= 0:
            return True
        database = self.parts.database
        due = await database.read(lambda connection: FlowRepository(connection, database).due(free))
        return all([self._stopping or await self._take(*one) for one in due])

    async def _take(self, integration_id: int, flow: Flow) -> bool:
        """Start one flow; one whose rows have a fault must not keep the others from being started."""
        (claimed,) = await asyncio.gather(self._runner.claim(integration_id, flow), return_exceptions=True)
        if isinstance(claimed, HubError):
            raise claimed
        if isinstance(claimed, BaseException):
            logger.error("The %s of integration %d cannot be begun.", flow, integration_id, exc_info=claimed)
            return False
        if claimed is not None:
            self._begin(claimed)
        return True

    def _begin(self, claimed: Claimed) -> None:
        piece = Slice(self.parts.clock, stopping=self._stopping)
        task: asyncio.Task[object] = asyncio.create_task(self._runner.work(claimed, piece))
        self._flows[task] = piece
        self._pulse.watch(claimed.lease, task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[object]) -> None:
        self._flows.pop(task, None)
        if not task.cancelled() and (error := task.exception()) is not None:
            logger.error("A run's end could not be noted; the flow goes on when its lease has run out.", exc_info=error)
