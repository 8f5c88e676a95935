"""Stores on the loopback interface that answer exactly the bytes they are told, and a clock that never waits."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

NOW = datetime(2024, 5, 6, 10, 0, tzinfo=UTC)

Answering = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
Reply = bytes | Answering


class FakeClock:
    """Time that passes only by sleeping, and at once."""

    def __init__(self) -> None:
        self.slept: list[float] = []

    def now(self) -> datetime:
        return NOW + timedelta(seconds=sum(self.slept))

    def monotonic(self) -> float:
        return sum(self.slept)

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)


@dataclass
class FakeBudget:
    """Answers what it is told to, and remembers what it was asked."""

    waits: list[float] = field(default_factory=list)
    taken: list[str] = field(default_factory=list)
    refusals: list[tuple[str, float]] = field(default_factory=list)

    async def take(self, name: str, cost: int) -> float:
        self.taken += [name] * cost
        return self.waits.pop(0) if self.waits else 0.0

    async def throttled(self, name: str, retry_after: float) -> None:
        self.refusals.append((name, retry_after))


@dataclass
class LoopbackStore:
    """Gives its replies in order, the last again and again."""

    replies: Sequence[Reply]
    port: int = 0
    heads: list[bytes] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            self.heads.append(await reader.readuntil(b"\r\n\r\n"))
            reply = self.replies[min(len(self.heads), len(self.replies)) - 1]
            if isinstance(reply, bytes):
                writer.write(reply)
                await writer.drain()
            else:
                await reply(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the hub hung up, as some tests want it to


@asynccontextmanager
async def listening(answer: Answering, tls: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """Run a server that treats each connection with *answer*; gives its port, and ends when all are treated."""
    tasks: list[asyncio.Task[None]] = []

    async def treat(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await answer(reader, writer)
        finally:
            writer.close()
            with suppress(ConnectionError, ssl.SSLError):
                await writer.wait_closed()

    def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.append(asyncio.create_task(treat(reader, writer)))

    server = await asyncio.start_server(take, "127.0.0.1", 0, ssl=tls)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await asyncio.gather(*tasks)


@asynccontextmanager
async def serving(*replies: Reply) -> AsyncIterator[LoopbackStore]:
    """Run a store that gives *replies*, each on a connection of its own."""
    store = LoopbackStore(replies)
    async with listening(store.answer) as store.port:
        yield store


async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer nothing until the other side hangs up."""
    await reader.read()


def reply(body: bytes = b"[]", *headers: str, status: str = "200 OK") -> bytes:
    """Write down a whole answer."""
    lines = (f"HTTP/1.1 {status}", "connection: close", f"content-length: {len(body)}", *headers)
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body
