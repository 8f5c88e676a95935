"""What programs that run for long have in common: a signal ends them, or the end of something that should run on."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator

_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT)


@contextlib.contextmanager
def on_signal(act: Callable[[], object], at_once: Callable[[], object] | None = None) -> Iterator[None]:
    """Call *act* in the running loop for each signal that asks the process to end, and *at_once* before, anywhere."""
    loop = asyncio.get_running_loop()

    def handle(number: int, frame: Any) -> None:
        del number, frame
        if at_once is not None:
            at_once()
        loop.call_soon_threadsafe(act)

    before = {number: signal.signal(number, handle) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


async def first(waiting: Coroutine[Any, Any, Any], *running: asyncio.Future[Any]) -> None:
    """Wait for one thing, or until something that should run on ends."""
    awaited = asyncio.ensure_future(waiting)
    try:
        await asyncio.wait({awaited, *running}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        awaited.cancel()
