"""What `hub serve` answers with: at once to monitors, and in full when the API has been loaded.

Loading it takes as long as all else at the start, and nothing of it is needed to say that the hub is alive.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from hub_core.web import create_app
from hub_core.web.health import HealthCheck

if TYPE_CHECKING:
    from fastapi import FastAPI
    from starlette.types import Receive, Scope, Send

    from hub_core.hub import Hub


class Front:
    """An ASGI application; whoever asks for more than health waits until `load` is through."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._check = HealthCheck(hub)
        self._whole: asyncio.Future[FastAPI] = asyncio.get_running_loop().create_future()

    async def load(self) -> None:
        """Load the API, in a thread: the health of the hub can be asked for meanwhile."""
        self._whole.set_result(await asyncio.to_thread(create_app, self._hub))

    def close(self) -> None:
        """End the answers that would go on for ever, as the server is to stop."""
        if self._whole.done():
            self._whole.result().state.closing.set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if (
            not self._whole.done()
            and scope["type"] == "http"
            and (scope["method"], scope["path"]) == ("GET", "/health")
        ):
            response = await self._check.respond()
            await response(scope, receive, send)
            return
        whole = await asyncio.shield(self._whole)
        await whole(scope, receive, send)
