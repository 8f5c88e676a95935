"""The loop that syncs what is due, in one process."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hub_core.domain.errors import HubError
from hub_core.engine.pulse import Pulse
from hub_core.engine.runner import Claimed, Runner
from hub_core.services.slices import Slice
from hub_core.storage.flows import FlowRepository

if TYPE_CHECKING:
    from hub_core.services.parts import Parts

logger = logging.getLogger("hub_core.engine")

SLOTS = 40
TICK_SECONDS = 0.25
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
    _flows: dict[asyncio.Task[object], Slice] = field(default_factory=dict)
    _loops: list[asyncio.Task[None]] = field(default_factory=list)
    _stopping: bool = False

    def __post_init__(self) -> None:
        self._runner = Runner(self.parts, process_name())
        self._pulse = Pulse(self.parts)

    async def start(self) -> None:
        """Start syncing."""
        self._loops = [asyncio.create_task(self._run()), asyncio.create_task(self._pulse.run())]

    async def stop(self) -> None:
        """Begin nothing more; let flows end at their next safe point, and cancel them after eight seconds."""
        self._stopping = True
        for piece in self._flows.values():
            piece.stopping = True
        ending = [*self._flows, *self._loops[:1]]  # the loop too: a claim that it has begun must not be left behind
        if ending:
            await asyncio.wait(ending, timeout=STOP_SECONDS)
        remaining = [*self._flows, *self._loops]
        for task in remaining:
            task.cancel()
        await asyncio.gather(*remaining, return_exceptions=True)

    async def _run(self) -> None:
        while not self._stopping:
            try:
                await self.tick()
            except HubError as error:
                logger.warning("The engine waits: %s", error)
                await self.parts.clock.sleep(1.0)
            await self.parts.clock.sleep(TICK_SECONDS)

    async def tick(self) -> None:
        """Start what is due, as far as there are free slots."""
        free = SLOTS - len(self._flows)
        if free <= 0:
            return
        database = self.parts.database
        for integration_id, flow in await database.read(
            lambda connection: FlowRepository(connection, database).due(free)
        ):
            claimed = None if self._stopping else await self._runner.claim(integration_id, flow)
            if claimed is not None:
                self._begin(claimed)

    def _begin(self, claimed: Claimed) -> None:
        piece = Slice(self.parts.clock, stopping=self._stopping)
        task: asyncio.Task[object] = asyncio.create_task(self._work(claimed, piece))
        self._flows[task] = piece
        self._pulse.watch(claimed.lease, task)
        task.add_done_callback(self._ended)

    async def _work(self, claimed: Claimed, piece: Slice) -> None:
        try:
            await self._runner.work(claimed, piece)
        except asyncio.CancelledError:
            await self._runner.abandon(claimed)
            raise

    def _ended(self, task: asyncio.Task[object]) -> None:
        self._flows.pop(task, None)
        if not task.cancelled() and (error := task.exception()) is not None:
            logger.error("A flow ended unexpectedly; it goes on when its lease has run out.", exc_info=error)
