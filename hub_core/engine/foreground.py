"""Running a flow now, for somebody who waits for it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from hub_core.domain.integrations import Flow
from hub_core.domain.runs import UNFINISHED, Counts, Run
from hub_core.engine.presence import process_name
from hub_core.engine.pulse import Pulse
from hub_core.engine.runner import Claimed, Outcome, Runner
from hub_core.services.slices import Slice
from hub_core.storage.flows import FlowRepository
from hub_core.storage.runs import RunRepository

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from hub_core.services.parts import Parts

LOOK_SECONDS = 0.25
_NO_END = 10**9

Progress = Callable[[Run], None]


def _silent(run: Run) -> None:
    del run


class Foreground:
    """Runs a requested flow in this process, or follows the process that is at it."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._runner = Runner(parts, process_name())

    async def run(self, requested: Run, progress: Progress | None = None) -> Run:
        """Bring *requested* to its end, and give it; where its process has died, the run that goes on instead of it."""
        progress = progress or _silent
        run_id = requested.id
        pulse = Pulse(self._parts)
        beating = asyncio.create_task(pulse.run())
        try:
            while (run := await self._get(run_id)).state in UNFINISHED:
                claimed = await self._runner.claim(run.integration_id, Flow(run.kind))
                if claimed is None:
                    progress(run)
                    await self._parts.clock.sleep(LOOK_SECONDS)
                else:
                    run_id = claimed.run.id
                    progress(claimed.run)
                    task = self._begin(claimed, progress)
                    pulse.watch(claimed.lease, task)
                    await _follow(task, beating)
            return run
        finally:
            beating.cancel()
            await asyncio.gather(beating, return_exceptions=True)

    def _begin(self, claimed: Claimed, progress: Progress) -> asyncio.Task[Outcome]:
        def tell(counts: Counts) -> None:
            progress(claimed.run.model_copy(update={"counts": counts}))

        piece = Slice(self._parts.clock, seconds=_NO_END, pages_left=_NO_END)
        return asyncio.create_task(self._runner.work(claimed, piece, tell))

    async def _get(self, run_id: int) -> Run:
        """Give a run; one whose process died is over only where its flow is closed, else somebody goes on with it."""
        database = self._parts.database

        def get(connection: Connection) -> Run:
            runs = RunRepository(connection)
            run = runs.get(run_id)
            assert run is not None  # noqa: S101 - a run that was asked for is never deleted while it is unfinished
            if FlowRepository(connection, database).is_open(run.integration_id, Flow(run.kind)):
                return run
            return next(iter(runs.find(database.now_sql(), run=run_id)), run)

        return await database.read(get)


async def _follow(task: asyncio.Task[Outcome], beating: asyncio.Task[None]) -> None:
    """Wait for the end of the work, and end it where its lease is no longer kept. Raises what went wrong."""
    try:
        await asyncio.wait({task, beating}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        if not task.done():
            task.cancel()
            await asyncio.wait({task})
    if beating.done():
        beating.result()
    if not task.cancelled():
        task.result()
