"""`hub worker`: a process that syncs beside others on one PostgreSQL database, and does nothing else."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
import threading
from typing import TYPE_CHECKING, Final

from hub_core.domain.clock import SystemClock
from hub_core.domain.errors import HubError, StalledError
from hub_core.engine.allocator import ease_allocator
from hub_core.engine.collector import ease_collector
from hub_core.engine.watch import STALLED
from hub_core.engine.watchdog import Heartbeat, Watchdog
from hub_core.hub import Hub
from hub_core.logs import set_up_logging
from hub_core.process import first, on_signal

if TYPE_CHECKING:
    from hub_core.channels.registry import ChannelRegistry
    from hub_core.engine.engine import Engine
    from hub_core.settings import HubSettings

logger = logging.getLogger("hub_core.engine")

LAST_RUNS: Final = 12.0
"""Seconds after which a process that does not end is ended: the engine gives its flows 8."""


def run(settings: HubSettings, registry: ChannelRegistry) -> int:
    """Sync the stores of the channels in *registry* until a signal ends it, and give the exit code."""
    ease_allocator()
    set_up_logging(settings.log_format)
    try:
        return asyncio.run(_work(settings, registry))
    except HubError as error:
        sys.stderr.write(f"{error}\n")
        return 1


async def _work(settings: HubSettings, registry: ChannelRegistry) -> int:
    stop = asyncio.Event()
    with on_signal(stop.set, at_once=_end_in_any_case):
        async with Hub.open(settings=settings, registry=registry) as hub:
            ease_collector()
            engine = hub.engine("worker")
            beating = asyncio.create_task(_beat())
            await engine.start()
            breaking = asyncio.create_task(engine.broken())
            _say(engine, registry)
            try:
                await first(stop.wait(), breaking)
            finally:
                await engine.stop()
                beating.cancel()
                await asyncio.wait({breaking, beating})
    return 0 if stop.is_set() else _exit_code(breaking)


async def _beat() -> None:
    """Give a sign of life, and let a thread say what holds the loop while there is none."""
    clock = SystemClock()
    heartbeat = Heartbeat(clock)
    Watchdog(heartbeat).watch_from_thread(clock)
    await heartbeat.beat()


def _exit_code(breaking: asyncio.Task[None]) -> int:
    """Say what ended a loop of the engine."""
    error = None if breaking.cancelled() else breaking.exception()
    if isinstance(error, StalledError):
        logger.critical("%s", error)
        return STALLED
    logger.critical("The engine failed; start the worker again and report this.", exc_info=error)
    return 1


def _say(engine: Engine, registry: ChannelRegistry) -> None:
    channels, slots = ", ".join(registry.channels), engine.slots.figures.slots
    sys.stdout.write(f"This worker syncs stores of {channels}, up to {slots} at once. Ctrl-C ends it.\n")
    sys.stdout.flush()


def _end_in_any_case() -> None:
    """End the process also where a plugin holds its only loop; what it did is taken up again elsewhere."""

    def end() -> None:
        logger.error("The engine did not end within %.0f s; what it did is taken up again elsewhere.", LAST_RUNS)
        os._exit(1)

    timer = threading.Timer(LAST_RUNS, end)
    timer.daemon = True
    timer.start()
