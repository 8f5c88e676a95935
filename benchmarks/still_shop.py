"""Any number of stores of 3DCart's shape in which nothing happens, so that looking is all that is measured.

Run as `python -m benchmarks.still_shop`; it prints its port. How often the stores were asked is told at `/asked`.
"""

from __future__ import annotations

import asyncio
import json

_NOTHING = b"HTTP/1.1 404 Not Found\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: 0\r\n\r\n"
_END = b"\r\n\r\n"


class StillShop(asyncio.Protocol):
    """Answers one connection: whatever is asked for, there is none."""

    asked = 0

    def __init__(self) -> None:
        self._came = b""
        self._transport: asyncio.BaseTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way back."""
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer the requests that are there as a whole; none of them has a body."""
        *requests, self._came = (self._came + data).split(_END)
        assert isinstance(self._transport, asyncio.Transport)
        for request in requests:
            self._transport.write(self._answer(request))

    def _answer(self, request: bytes) -> bytes:
        if request.startswith(b"GET /asked "):
            body = json.dumps({"asked": StillShop.asked}).encode()
            return b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body) + body
        StillShop.asked += 1
        return _NOTHING


async def main() -> None:
    """Serve until killed."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(StillShop, "127.0.0.1", 0, backlog=4096)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
