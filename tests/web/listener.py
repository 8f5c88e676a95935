"""One who listens to a stream of the API, as a server shows him to the application."""

import asyncio
import json
import re
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlencode

from starlette.types import ASGIApp, Message


class Listener:
    """Asks for the events of *app* as a stream, and keeps what is sent, unless he is *stalled*."""

    def __init__(self, app: ASGIApp, token: str, headers: dict[str, str] | None = None, **query: Any) -> None:
        self.status = 0
        self.headers: dict[str, str] = {}
        self.text = ""
        self._gone = asyncio.Event()
        given = {"accept": "text/event-stream", "authorization": f"Bearer {token}", **(headers or {})}
        self._scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": "GET",
            "scheme": "http",
            "path": "/api/v1/events",
            "root_path": "",
            "query_string": urlencode(query).encode(),
            "headers": [(name.lower().encode(), value.encode()) for name, value in given.items()],
        }
        self.whole = False
        self.stalled = False
        self._seen = False
        self._app = app

    @property
    def told(self) -> list[dict[str, Any]]:
        """The events that were sent so far, each under its id."""
        blocks = (re.split("\r\n|\r|\n", block) for block in self.text.split("\n\n"))
        found = [dict(line.split(": ", 1) for line in block) for block in blocks if block and block[0][:3] == "id:"]
        return [{**one, "id": int(one["id"]), "data": json.loads(one["data"])} for one in found]

    @property
    def ids(self) -> list[int]:
        return [one["id"] for one in self.told]

    def leave(self) -> None:
        self._gone.set()

    async def ended(self) -> None:
        """Wait until the application has done with him."""
        self._seen = True
        await self._serving

    async def __aenter__(self) -> Self:
        self._serving = asyncio.ensure_future(self._app(self._scope, self._receive, self._send))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.leave()
        if kind is None and not self._seen:
            await self._serving

    async def _receive(self) -> Message:
        await self._gone.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Message) -> None:
        if self.stalled:
            await asyncio.Event().wait()
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = {name.decode(): value.decode() for name, value in message["headers"]}
        else:
            self.text += message["body"].decode()
            self.whole = not message.get("more_body", False)
