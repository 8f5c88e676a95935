"""What the hub does with many products: reads them, sets their levels, and tells the store.

Run as `python -m benchmarks.goods PORT FOLDER PRODUCTS`; prints its figures as JSON.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from typing import Any

import httpx

from benchmarks.intake import Statements
from benchmarks.measuring import Stopwatch
from benchmarks.store import connect, environment
from hub_core import Hub
from hub_core.engine.allocator import keep_memory
from hub_core.engine.collector import ease_collector

SKUS_A_CALL = 10_000


async def levels(hub: Hub, products: int, more: int) -> None:
    """Set a level for every product, ten thousand in a call."""
    for start in range(1, products + 1, SKUS_A_CALL):
        numbers = range(start, min(start + SKUS_A_CALL, products + 1))
        await hub.stock.set({f"SKU-{number:05d}": number % 90 + more for number in numbers})


async def synced(hub: Hub, integration: int, kind: str, statements: Statements) -> dict[str, Any]:
    """Run one flow and give what it took."""
    before = statements.count
    with Stopwatch() as watch:
        run = await hub.sync(integration, kind)
    assert run.error is None, run.error
    return {**watch.figures(), **run.counts.model_dump(), "statements": statements.count - before}


async def main(port: int, folder: str, products: int) -> None:
    """Connect the store, read what it offers, and tell it other levels."""
    os.environ |= environment(port, folder)
    keep_memory()  # as the commands do
    ease_collector()
    figures: dict[str, Any] = {}
    async with Hub.open() as hub:
        integration = await connect(hub)
        statements = Statements(hub)
        await hub.sync(integration, "orders")
        figures["read"] = await synced(hub, integration, "listings", statements)
        await levels(hub, products, more=1)
        await hub.sync(integration, "orders")
        figures["push"] = await synced(hub, integration, "stock", statements)
    async with httpx.AsyncClient() as client:
        figures["writes"] = (await client.get(f"http://127.0.0.1:{port}/3dCartWebAPI/v2/writes")).json()
    print(json.dumps(figures))


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), sys.argv[2], int(sys.argv[3])))
