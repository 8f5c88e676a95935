"""Where requests come in: each gets an id, a limit and an answer, whatever happens behind it."""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING, Final
from uuid import uuid4

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException

from hub_core.domain.acting import Actor, acting
from hub_core.domain.logged import logged_with
from hub_core.web.errors import problem

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

logger = logging.getLogger("hub_core.web")

LARGEST_BODY: Final = 1_000_000
"""Bytes of a request's body."""
_TOO_LARGE = f"The body is larger than {LARGEST_BODY:,} bytes; send less at a time."
_SECRET_PATH = re.compile(r"(/(?:callbacks|webhooks)/[^/]*/).+", re.DOTALL)
_FAULT = "The hub made a mistake and has written it to its log; tell whoever runs it this request's id."
_HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


class Boundary:
    """Wraps the whole application."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        exchange = _Exchange(receive, send)
        request_id = exchange.request_id
        with logged_with(request_id=request_id), acting(Actor(request_id=request_id)):
            if _announced_length(scope) > LARGEST_BODY:
                await problem(413, _TOO_LARGE)(scope, receive, exchange.send)
                return
            try:
                await self._app(scope, exchange.receive, exchange.send)
            except Exception:
                logger.exception("%s %s failed", scope["method"], _shown(scope["path"]))
                if exchange.answered:
                    raise
                await problem(500, _FAULT, request_id=request_id)(scope, receive, exchange.send)


class _Exchange:
    """One request and its answer."""

    def __init__(self, receive: Receive, send: Send) -> None:
        self.request_id = uuid4().hex
        self.answered = False
        self._receive = receive
        self._send = send
        self._received = 0

    async def receive(self) -> Message:
        message = await self._receive()
        self._received += len(message.get("body", b""))
        if self._received > LARGEST_BODY:
            raise HTTPException(413, _TOO_LARGE)
        return message

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.answered = True
            headers = MutableHeaders(scope=message)
            headers["X-Request-Id"] = self.request_id
            for name, value in _HEADERS.items():
                headers.setdefault(name, value)
        await self._send(message)


def _shown(path: str) -> str:
    """Give a path without the secret that opens it."""
    return _SECRET_PATH.sub(r"\1…", path)


def _announced_length(scope: Scope) -> int:
    length = Headers(scope=scope).get("content-length", "0")
    return int(length) if length.isdecimal() else 0
