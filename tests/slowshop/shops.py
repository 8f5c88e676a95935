"""The slow shops themselves: a server in the test's process, and a diary of who asked for what."""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import EntryPoint
from typing import Any, NamedTuple

from hub_core import Hub
from hub_core.channels.registry import ChannelRegistry
from hub_core.domain.integrations import Integration

PATIENCE = 180


class Asked(NamedTuple):
    pid: int
    shop: str
    what: str
    page: int
    at: float


Answer = Callable[[Asked], Awaitable[Any]]


async def nothing(asked: Asked) -> Any:
    """Answer that there is nothing new."""
    return []


@dataclass
class SlowShops:
    """All of them. *answer* says what each question gets, and waits as long as it likes with that."""

    port: int
    answer: Answer = nothing
    diary: list[Asked] = field(default_factory=list)
    overlaps: int = 0
    _names: set[str] = field(default_factory=set)
    _at_it: Counter[tuple[str, str]] = field(default_factory=Counter)
    _news: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        question = await reader.readline()
        if not question:  # whoever asked was killed before
            writer.close()
            return
        asked = Asked(**json.loads(question), at=time.monotonic())
        self._names.add(asked.shop)
        flow = (asked.shop, asked.what)
        self.overlaps += self._at_it[flow] > 0
        self._at_it[flow] += 1
        async with self._news:
            self.diary.append(asked)
            self._news.notify_all()
        answering = asyncio.ensure_future(self.answer(asked))
        gone = asyncio.create_task(reader.read())
        try:
            await asyncio.wait({answering, gone}, return_when=asyncio.FIRST_COMPLETED)
            if answering.done():
                writer.write(json.dumps(answering.result()).encode() + b"\n")
        finally:
            self._at_it[flow] -= 1
            answering.cancel()
            gone.cancel()
            writer.close()

    @property
    def asked_shops(self) -> int:
        """Count the shops that were asked for anything."""
        return len(self._names)

    async def until(self, holds: Callable[[list[Asked]], Any], patience: float = PATIENCE) -> Any:
        """Wait until the diary says so, and give what it says."""
        async with asyncio.timeout(patience), self._news:
            while not (found := holds(self.diary)):
                await self._news.wait()
            return found


def order(external_id: str) -> dict[str, Any]:
    """An order that was placed just now."""
    return {
        "id": external_id,
        "placed_at": datetime.now(UTC).isoformat(),
        "lines": [{"id": f"{external_id}-1", "sku": "SKU-1", "quantity": "1", "price": "10.00"}],
    }


@asynccontextmanager
async def slow_shops() -> AsyncIterator[SlowShops]:
    shops = SlowShops(0)
    server = await asyncio.start_server(shops.serve, "127.0.0.1", 0)
    shops.port = server.sockets[0].getsockname()[1]
    async with server:
        yield shops


def slow_shop_registry() -> ChannelRegistry:
    return ChannelRegistry.load([EntryPoint("slowshop", "tests.slowshop.channel", "hub.channels")])


async def connected(hub: Hub, shops: SlowShops, name: str, **rules: Any) -> Integration:
    added = await hub.integrations.add("slowshop", name=name, settings={"port": shops.port, "shop": name}, rules=rules)
    return await hub.integrations.authorize(added.id, {"password": "sesame"})
