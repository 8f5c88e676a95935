"""Answers that do not arrive as answers should."""

from __future__ import annotations

import asyncio

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

_NEVER_WHOLE = b"[" + b" " * 65_536


class DroppedResponse(Response):
    """A connection that breaks off after *sent* bytes of the body, or before anything was sent."""

    def __init__(self, body: bytes = _NEVER_WHOLE, sent: int = 0) -> None:
        super().__init__(body)
        self.sent = sent

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - what ASGI asks for
        """Begin to answer, and break off."""
        # An ASGI app cannot break a connection off: the server's own transport can. It belongs to the object of
        # which *send* is a method.
        transport = getattr(getattr(send, "__self__", None), "transport", None)
        if self.sent:
            await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
            await send({"type": "http.response.body", "body": self.body[: self.sent], "more_body": True})
        if transport is None:
            raise ConnectionResetError("The sandbox dropped this connection, as it was told to.")
        if self.sent:
            transport.close()
        else:
            transport.abort()
        while (await receive())["type"] != "http.disconnect":
            pass


class DripResponse(Response):
    """A good answer that comes *size* bytes at a time, with a pause of *seconds* before each."""

    def __init__(self, good: Response, size: int, seconds: float) -> None:
        super().__init__(good.body, good.status_code, dict(good.headers))
        self.size = size
        self.seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - what ASGI asks for
        """Send the answer slowly."""
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        body = bytes(self.body)
        for start in range(0, len(body), self.size):
            await asyncio.sleep(self.seconds)
            await send({"type": "http.response.body", "body": body[start : start + self.size], "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})
