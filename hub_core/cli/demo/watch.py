"""Telling each order as it comes in, from a thread beside the server."""

import asyncio
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from hub_core.cli.output import complain, say, written
from hub_core.domain.errors import HubError

if TYPE_CHECKING:
    from hub_core.domain.orders import StoredOrder
    from hub_core.settings import HubSettings

_SEEN = {"order.created": "", "order.updated": "(changed)"}


@contextmanager
def watching(settings: "HubSettings") -> Iterator[None]:
    """Print each order of the hub as it arrives, as long as the `with` lasts."""
    loop = asyncio.new_event_loop()
    task = loop.create_task(_watch(settings))
    thread = threading.Thread(target=_run, args=(loop, task), name="hub-demo-watch", daemon=True)
    thread.start()
    try:
        yield
    finally:
        loop.call_soon_threadsafe(task.cancel)
        thread.join()
        loop.close()


def _run(loop: asyncio.AbstractEventLoop, task: "asyncio.Task[None]") -> None:
    with suppress(asyncio.CancelledError):
        loop.run_until_complete(task)
    loop.run_until_complete(loop.shutdown_default_executor())


async def _watch(settings: "HubSettings") -> None:
    from hub_core.hub import Hub

    try:
        async with Hub.open(settings=settings) as hub:
            async for event in hub.events.follow(0):
                if event.type in _SEEN and event.order_id is not None:
                    say(_line(await hub.orders.get(event.order_id), _SEEN[event.type]))
                    sys.stdout.flush()
    except HubError as error:
        complain(f"The demo no longer shows orders: {error}")


def _line(order: "StoredOrder", remark: str) -> str:
    who = order.buyer.name or order.buyer.email or "a guest"
    return f"  order {order.number:<8} {who:<28} {written(order.total):>14}  {order.status} {remark}".rstrip()
