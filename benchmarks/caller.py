"""Stores that call the hub as often as they like: as few steps of the interpreter for a call as can be."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from itertools import count
from typing import Final, NamedTuple

_END: Final = b"\r\n\r\n"
_LENGTH: Final = b"content-length: "


class Call(NamedTuple):
    """What is posted to a path of the hub."""

    path: str
    body: bytes

    def text(self, port: int) -> bytes:
        """Write it as HTTP."""
        head = f"POST {self.path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\n"
        return f"{head}Content-Length: {len(self.body)}\r\n\r\n".encode() + self.body


class Answered(NamedTuple):
    """What became of a call: its status, and after how many seconds from when it was to be made."""

    status: int
    seconds: float


async def call(port: int, calls: Iterator[Call], a_second: float, seconds: float, lines: int = 20) -> list[Answered]:
    """Make calls at a steady rate over several lines, each of which waits for its answers."""
    answered: list[Answered] = []
    turns = count()
    began = time.monotonic()

    async def line() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while (due := next(turns) / a_second) < seconds:
            await asyncio.sleep(began + due - time.monotonic())
            if reader.at_eof():  # the hub lets go of lines that were silent for some seconds
                writer.close()
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(next(calls).text(port))
            answered.append(Answered(await _status(reader), time.monotonic() - began - due))
        writer.close()

    await asyncio.gather(*(line() for _ in range(lines)))
    return answered


async def _status(reader: asyncio.StreamReader) -> int:
    head = await reader.readuntil(_END)
    length = head.lower().partition(_LENGTH)[2].partition(b"\r")[0]
    await reader.readexactly(int(length or 0))
    return int(head[9:12])
