"""A way to PostgreSQL that can be cut, as networks do."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from sqlalchemy.engine import make_url


class Proxy:
    """Passes on what comes in, until it is cut."""

    def __init__(self, url: str) -> None:
        """Lead to the server of a *url*, by the socket in whose folder it listens."""
        self._url = make_url(url)
        self._server: asyncio.Server | None = None
        self._ways: set[asyncio.StreamWriter] = set()
        self._port = 0

    @property
    def url(self) -> str:
        """The URL by which the database is reached this way."""
        by_tcp = self._url.set(host="127.0.0.1", port=self._port, query={})
        return by_tcp.render_as_string(hide_password=False)

    async def open(self) -> None:
        """Let through, again by the same port."""
        self._server = await asyncio.start_server(self._pass_on, "127.0.0.1", self._port)
        self._port = self._server.sockets[0].getsockname()[1]

    async def cut(self) -> None:
        """Let nothing through any more, and end what is under way."""
        assert self._server is not None
        self._server.close()
        for way in list(self._ways):
            way.transport.abort()
        await asyncio.sleep(0)

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there_reader, there = await asyncio.open_unix_connection(f"{self._url.query['host']}/.s.PGSQL.5432")
        both = {writer, there}
        self._ways |= both
        try:
            await asyncio.wait(
                [asyncio.ensure_future(_flow(reader, there)), asyncio.ensure_future(_flow(there_reader, writer))],
                return_when=asyncio.FIRST_COMPLETED,
            )
        finally:
            self._ways -= both
            for way in both:
                way.transport.abort()


async def _flow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(2**16):
            writer.write(data)
            await writer.drain()


@asynccontextmanager
async def proxy_to(url: str) -> AsyncIterator[Proxy]:
    proxy = Proxy(url)
    await proxy.open()
    try:
        yield proxy
    finally:
        await proxy.cut()
