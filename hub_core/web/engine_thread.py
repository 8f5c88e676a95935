"""The sync engine beside the web: in a thread, an event loop and with a hub of its own.

So a plugin that holds its loop silences neither the API nor the health check.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from typing import TYPE_CHECKING

from hub_core.hub import Hub

if TYPE_CHECKING:
    from hub_core.engine.engine import Engine
    from hub_core.engine.watchdog import Heartbeat


class EngineThread:
    """Runs the engine until it is told to stop, on a database and channels like those of *hub*.

    It is made and used in the loop of the web.
    """

    def __init__(self, hub: Hub, heartbeat: Heartbeat) -> None:
        self._settings = hub.settings
        self._channels = hub.channels
        self._heartbeat = heartbeat
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop = asyncio.Event()
        self._started = False
        self._stop_asked = False
        self._lock = threading.Lock()
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        """Done when the engine has ended, with the exception that ended it."""

    def start(self) -> None:
        """Start the thread, once. It is a daemon, so that one that no longer listens cannot keep the process alive."""
        self._started = True
        threading.Thread(target=self._run, args=(self.ended.get_loop(),), name="hub-engine", daemon=True).start()

    def stop(self) -> None:
        """Ask the engine to stop, and return at once; one that was never started has ended."""
        with self._lock:
            self._stop_asked = True
            if not self._started:
                self.ended.set_result(None)
            if self._loop is not None:
                # The loop may have closed of itself a moment ago.
                with contextlib.suppress(RuntimeError):
                    self._loop.call_soon_threadsafe(self._stop.set)

    def _run(self, owner: asyncio.AbstractEventLoop) -> None:
        work: asyncio.Task[None] | None = None
        try:
            with asyncio.Runner() as runner:
                work = runner.get_loop().create_task(self._work())
                runner.run(asyncio.wait({work}))
        finally:
            # The owner may be gone already where this thread was left behind.
            with contextlib.suppress(RuntimeError):
                owner.call_soon_threadsafe(self._end, work)

    def _end(self, work: asyncio.Task[None] | None) -> None:
        if self.ended.done():
            return
        if work is None or not work.done() or work.cancelled():
            self.ended.set_exception(RuntimeError("the thread of the engine was broken off"))
        elif (error := work.exception()) is not None:
            self.ended.set_exception(error)
        else:
            self.ended.set_result(None)

    async def _work(self) -> None:
        with self._lock:
            self._loop = asyncio.get_running_loop()
            if self._stop_asked:
                return
        async with Hub.open(settings=self._settings, registry=self._channels) as hub:
            engine = hub.engine()
            beating = asyncio.create_task(self._heartbeat.beat())
            try:
                await engine.start()
                await self._until_stopped(engine)
            finally:
                await engine.stop()
                beating.cancel()

    async def _until_stopped(self, engine: Engine) -> None:
        """Wait for the request to stop. Raises what ended a loop of the engine before that."""
        stopping = asyncio.create_task(self._stop.wait())
        breaking = asyncio.create_task(engine.broken())
        try:
            await asyncio.wait({stopping, breaking}, return_when=asyncio.FIRST_COMPLETED)
            if breaking.done():
                breaking.result()
        finally:
            stopping.cancel()
            breaking.cancel()
