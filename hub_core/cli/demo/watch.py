"""Telling each order as it comes in, and what stores are told of it, from a thread beside the server."""

import asyncio
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from hub_core.cli.output import complain, say, written
from hub_core.cli.running import names_of
from hub_core.domain.errors import HubError

if TYPE_CHECKING:
    from hub_core.domain.events import Event
    from hub_core.domain.orders import StoredOrder
    from hub_core.settings import HubSettings

_SEEN = {"order.created": "", "order.updated": "(changed)"}


@contextmanager
def watching(settings: "HubSettings") -> Iterator[None]:
    """Print each order as it arrives, and each figure that a store is told, as long as the `with` lasts."""
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
            teller = _Teller(await names_of(hub))
            async for event in hub.events.follow(0):
                if event.type in _SEEN and event.order_id is not None:
                    say(teller.order(await hub.orders.get(event.order_id), _SEEN[event.type]))
                elif event.type == "stock.pushed":
                    say(teller.stock(event))
                sys.stdout.flush()
    except HubError as error:
        complain(f"The demo no longer shows orders: {error}")


class _Teller:
    """Makes lines of what happened, and remembers who sold what last."""

    def __init__(self, names: dict[int, str]) -> None:
        self._names = names
        self._sold: dict[str, tuple[int, str]] = {}

    def order(self, order: "StoredOrder", remark: str) -> str:
        """Tell an order."""
        for line in order.lines:
            if line.sku and not order.history:
                self._sold[line.sku] = (order.integration_id, f"{line.quantity:f}")
        who = order.buyer.name or order.buyer.email or "a guest"
        shop = self._names.get(order.integration_id, "")
        told = f"  order {order.number:<8} {shop:<11} {who:<24} {written(order.total):>14}  {order.status} {remark}"
        return told.rstrip()

    def stock(self, event: "Event") -> str:
        """Tell what a store was told, and whose sale made it so."""
        shop = self._names.get(event.integration_id or 0, "")
        told = f"{shop} is now told {event.data.get('to')}"
        seller, quantity = self._sold.get(event.sku or "", (None, ""))
        if seller in (None, event.integration_id):
            return f"  stock {told} of {event.sku}"
        return f"  stock {self._names.get(seller or 0, '')} sold {quantity} of {event.sku}: {told}"
