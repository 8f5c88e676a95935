"""Events as they happen, as server-sent events: the form that the HTML standard gives them."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import TYPE_CHECKING, Final, cast

from starlette.exceptions import HTTPException
from starlette.responses import Response

from hub_core.domain.errors import HubError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence

    from starlette.types import Receive, Scope, Send

    from hub_core.domain.events import Event
    from hub_core.hub import Hub

logger = logging.getLogger("hub_core.web")

MEDIA_TYPE: Final = "text/event-stream"
HEARTBEAT: Final = 15.0
"""Seconds between comments that keep whatever lies on the way from ending a silent connection."""
_HEARTBEAT: Final = b": the hub is there\n\n"
LAST_WORD: Final = 0.5
"""Seconds for the end of a stream to be sent: who does not read it would hold up the server's own end."""
_FIRST: Final = b"retry: 2000\n\n"
_HEADERS: Final = {"X-Accel-Buffering": "no"}  # else nginx would hold events back


class LiveEvents(Response):
    """Tells the *wanted* events later than the number *after*, and goes on as new ones come.

    It ends when whoever listens goes away or is no longer admitted, when the server is *closing*, or where the database
    does not answer; whoever comes back with the number of the last event misses none.
    """

    def __init__(
        self,
        hub: Hub,
        after: int,
        *,
        wanted: Callable[[Event], bool],
        admit: Callable[[], Awaitable[None]],
        closing: asyncio.Event,
    ) -> None:
        super().__init__(headers=_HEADERS, media_type=MEDIA_TYPE)
        del self.headers["Content-Length"]
        self._hub = hub
        self._after = after
        self._wanted = wanted
        self._admit = admit
        self._closing = closing

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one listener."""
        del scope
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        await _send_part(send, _FIRST)
        work = (self._tell(send), self._keep_up(send), _left(receive), self._closing.wait())
        tasks = [asyncio.ensure_future(one) for one in work]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            ends = await asyncio.gather(*tasks, return_exceptions=True)
        _note(ends)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LAST_WORD):
                await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _tell(self, send: Send) -> None:
        following = cast("AsyncGenerator[Event, None]", self._hub.events.follow(self._after))
        async with contextlib.aclosing(following) as events:
            async for event in events:
                if self._wanted(event):
                    await _send_part(send, _written(event))

    async def _keep_up(self, send: Send) -> None:
        """Send the heartbeat, as long as the listener's token is in force."""
        while True:
            await self._hub.parts.clock.sleep(HEARTBEAT)
            await self._admit()
            await _send_part(send, _HEARTBEAT)


async def _send_part(send: Send, part: bytes) -> None:
    await send({"type": "http.response.body", "body": part, "more_body": True})


def _written(event: Event) -> bytes:
    return f"id: {event.id}\nevent: {event.type}\ndata: {event.model_dump_json()}\n\n".encode()


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _note(ends: Sequence[object]) -> None:
    """Tell the log why a stream broke off, if it did. Raises what is a mistake of the hub."""
    for end in ends:
        if isinstance(end, HubError):
            logger.warning("A stream of events ended: %s", end)
        elif isinstance(end, Exception) and not isinstance(end, HTTPException):
            raise end
