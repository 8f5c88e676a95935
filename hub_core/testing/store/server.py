"""The server of a sandbox: the stores' own address, and below `/_sandbox` what steers them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from starlette.applications import Starlette
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from hub_core.testing.store.api import StoreApi
from hub_core.testing.store.steering import STEERING_ROOT, steering_routes
from hub_core.testing.store.wire import Wish


class StoreServer:
    """An ASGI app for the stores of *api*.

    With *new_order_every* it lets an order come in at each store again and again, by the real clock. *routes* are what
    else a platform can be steered by, below `/_sandbox`.
    """

    def __init__(self, api: StoreApi[Any], new_order_every: float | None = None, routes: Sequence[Route] = ()) -> None:
        self.api = api
        self.new_order_every = new_order_every
        self._steering = Starlette(routes=[*steering_routes(api), *routes], lifespan=self._lifespan)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        steered = scope["type"] != "http" or scope["path"].startswith(STEERING_ROOT)
        await (self._steering if steered else self.api)(scope, receive, send)

    @asynccontextmanager
    async def _lifespan(self, _: Starlette) -> AsyncIterator[None]:
        task = asyncio.create_task(self._trade_on(self.new_order_every)) if self.new_order_every else None
        yield
        if task:
            task.cancel()

    async def _trade_on(self, seconds: float) -> None:
        while True:
            await asyncio.sleep(seconds)
            for shop in self.api.shops.values():
                self.api.wire.place(shop, Wish())
