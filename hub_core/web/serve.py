"""`hub serve`: the API and the engine in one process, from the first line to a clean end."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import sys
from typing import TYPE_CHECKING, Final

import uvicorn

from hub_core.domain.clock import SystemClock
from hub_core.domain.errors import HubError, StalledError
from hub_core.engine.allocator import ease_allocator
from hub_core.engine.collector import ease_collector
from hub_core.engine.watch import STALLED
from hub_core.engine.watchdog import Heartbeat, Watchdog
from hub_core.hub import Hub
from hub_core.logs import set_up_logging
from hub_core.process import first, on_signal
from hub_core.web.engine_thread import EngineThread
from hub_core.web.front import Front
from hub_core.web.listening import address_of, is_loopback, listen
from hub_core.web.standing_in import StandIn

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator

    from hub_core.settings import HubSettings

logger = logging.getLogger("hub_core.web")

LAST_REQUESTS: Final = 1
"""Seconds that requests under way have to end once the hub stops."""
LAST_RUNS: Final = 10.0
"""Seconds after which an engine that does not end is left behind: it gives its flows 8."""


def run(settings: HubSettings) -> int:
    """Serve until a signal ends it, and give the exit code. Leaves the search for garbage switched on."""
    ease_allocator()
    set_up_logging(settings.log_format)
    try:
        with contextlib.closing(listen(settings.host, settings.port)) as listener:
            return asyncio.run(_serve(settings, listener))
    except HubError as error:
        sys.stderr.write(f"{error}\n")
        return 1


async def _serve(settings: HubSettings, listener: socket.socket) -> int:
    stop = asyncio.Event()
    with on_signal(stop.set):
        async with Hub.open(settings=settings) as hub:
            front = Front(hub)
            server = _Server(front)
            engine = EngineThread(hub, heartbeat := Heartbeat(SystemClock()))
            serving = asyncio.create_task(server.serve([listener]))
            beside = [asyncio.create_task(Watchdog(heartbeat).watch(SystemClock()))]
            try:
                await first(server.ready.wait(), serving)
                _say_where(listener)
                await front.load()
                gc.enable()
                ease_collector()
                engine.start()
                beside.append(asyncio.create_task(StandIn(hub.parts, heartbeat).run()))
                await _say_how_to_get_in(hub)
                await first(stop.wait(), serving, engine.ended)
            finally:
                engine.stop()
                front.close()
                server.should_exit = True
                await asyncio.wait({engine.ended}, timeout=LAST_RUNS)
                await serving
                for task in beside:
                    task.cancel()
    return _exit_code(engine, stopped=stop.is_set())


class _Server(uvicorn.Server):
    """A server that says when it is ready, and leaves signals to us: uvicorn would end the process by the signal."""

    def __init__(self, app: Front) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                http="h11",
                ws="none",
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                timeout_graceful_shutdown=LAST_REQUESTS,
            )
        )
        self.ready = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _say_where(listener: socket.socket) -> None:
    address = address_of(listener)
    sys.stdout.write(f"The hub is at {address}; its API is described at {address}/api/docs. Ctrl-C ends it.\n")
    sys.stdout.flush()
    if not is_loopback(listener):
        logger.warning(
            "Others than this machine reach the hub at %s, and over plain HTTP: tokens and orders can be read on the "
            "way. Put a server that speaks HTTPS in front of it, or set HUB_HOST to 127.0.0.1.",
            address,
        )


async def _say_how_to_get_in(hub: Hub) -> None:
    if not await hub.tokens.list():
        sys.stdout.write("Nobody has an access token yet; make one: hub tokens create NAME --scope admin\n")
        sys.stdout.flush()


def _exit_code(engine: EngineThread, *, stopped: bool) -> int:
    if not engine.ended.done():
        logger.error(
            "The engine did not end within %.0f s and is left behind; what it did is taken up again.", LAST_RUNS
        )
        return 1
    error = engine.ended.exception()
    if error is None:
        return 0 if stopped else 1
    if isinstance(error, HubError):
        sys.stderr.write(f"{error}\n")
        return STALLED if isinstance(error, StalledError) else 1
    logger.critical("The engine failed; start the hub again and report this.", exc_info=error)
    return 1
