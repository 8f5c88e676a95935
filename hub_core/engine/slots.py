"""The flows that this process works on, each in a slot of its own, until it ends or the process is to stop."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from hub_core.domain.errors import HubError
from hub_core.engine.due import Room, room
from hub_core.services.slices import Slice

if TYPE_CHECKING:
    from hub_core.domain.integrations import Flow
    from hub_core.engine.figures import Figures
    from hub_core.engine.pulse import Pulse
    from hub_core.engine.runner import Claimed, Runner
    from hub_core.services.parts import Parts

logger = logging.getLogger("hub_core.engine")


class Slots:
    """Takes flows that are due, and keeps their leases while it works on them."""

    def __init__(self, parts: Parts, runner: Runner, pulse: Pulse, figures: Figures) -> None:
        self._parts = parts
        self._runner = runner
        self._pulse = pulse
        self.figures = figures
        self.closed = False
        """Whether the process is to stop, so that nothing more is begun."""
        self._flows: dict[asyncio.Task[object], Slice] = {}
        self._routine: set[asyncio.Task[object]] = set()

    @property
    def busy(self) -> int:
        """Tell how many flows are being worked on."""
        return len(self._flows)

    @property
    def room(self) -> Room:
        """Tell how many more flows there is room for."""
        return room(self.figures, len(self._flows), len(self._routine))

    async def take(self, integration_id: int, flow: Flow, urgency: int = 0) -> asyncio.Task[object] | None:
        """Claim a flow and begin to work on it; None where it is not due any more, or another process has it.

        Raises what kept it from being claimed.
        """
        if self.closed:
            return None
        claimed = await self._runner.claim(integration_id, flow)
        return None if claimed is None else self._begin(claimed, routine=urgency < self.figures.urgent)

    async def try_to_take(self, integration_id: int, flow: Flow, urgency: int = 0) -> bool:
        """Begin a flow, as `take` does; False where its rows have a fault, which must not keep others from starting.

        Raises HubError.
        """
        (taken,) = await asyncio.gather(self.take(integration_id, flow, urgency), return_exceptions=True)
        if isinstance(taken, HubError):
            raise taken
        if isinstance(taken, BaseException):
            logger.error("The %s of integration %d cannot be begun.", flow, integration_id, exc_info=taken)
            return False
        return True

    def _begin(self, claimed: Claimed, *, routine: bool) -> asyncio.Task[object]:
        piece = Slice(self._parts.clock, stopping=self.closed)
        if claimed.lease.outage is not None:
            piece.pages_left = 1  # one answer shows that the store is back; then the others may ask it too
        task: asyncio.Task[object] = asyncio.create_task(self._runner.work(claimed, piece))
        self._flows[task] = piece
        if routine:
            self._routine.add(task)
        self._pulse.watch(claimed.lease, task, piece)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[object]) -> None:
        self._flows.pop(task, None)
        self._routine.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            logger.error("A run's end could not be noted; the flow goes on when its lease has run out.", exc_info=error)

    def close(self) -> None:
        """Begin nothing more, and let flows end at their next safe point."""
        self.closed = True
        for piece in self._flows.values():
            piece.stopping = True

    async def quiet(self) -> None:
        """Wait until no flow is being worked on."""
        while self._flows:
            await asyncio.wait(self._flows)
            await asyncio.sleep(0)

    async def cancel(self) -> None:
        """Cancel the flows that are left, and wait until they have let go of their leases."""
        flows = list(self._flows)
        for task in flows:
            task.cancel()
        await asyncio.gather(*flows, return_exceptions=True)
