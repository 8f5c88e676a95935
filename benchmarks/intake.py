"""What the hub does with the same store: everything it writes, in the foreground.

Run as `python -m benchmarks.intake PORT FOLDER [URL]`; prints its figures as JSON.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from typing import Any

from sqlalchemy import event

from benchmarks.measuring import Stopwatch
from hub_core import Hub
from hub_core.engine.allocator import keep_memory
from hub_core.engine.collector import ease_collector


class StatementCount:
    """Counts the statements that a database is given."""

    def __init__(self, hub: Hub) -> None:
        self.count = 0
        event.listen(hub.parts.database.engine, "before_cursor_execute", self._counted)

    def _counted(self, *_: object) -> None:
        self.count += 1


async def measured(hub: Hub, integration: int, statements: StatementCount) -> dict[str, Any]:
    """Sync once and give what it took."""
    before = statements.count
    with Stopwatch() as watch:
        run = await hub.sync(integration)
    assert run.error is None, run.error
    counts = run.counts
    return {**watch.figures(), **counts.model_dump(), "statements": statements.count - before}


async def main(port: int, folder: str, url: str | None) -> None:
    """Connect the store and read it twice: fresh, then again."""
    os.environ |= {"HUB_HOME": folder, "HUB_ALLOW_PRIVATE_NETWORK": "1", "THREEDCART_RATE": "0"}
    os.environ["THREEDCART_API_URL"] = f"http://127.0.0.1:{port}/3dCartWebAPI"
    keep_memory()  # as the commands do
    ease_collector()
    async with Hub.open(url) as hub:
        settings = {"store_url": "https://bench.example", "timezone": "UTC", "currency": "USD"}
        shop = await hub.integrations.add("threedcart", name="Bench", settings=settings)
        await hub.integrations.authorize(shop.id, {"token": "ab" * 16, "private_key": "cd" * 16})
        statements = StatementCount(hub)
        figures = {name: await measured(hub, shop.id, statements) for name in ("fresh", "again")}
    print(json.dumps(figures))


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), sys.argv[2], sys.argv[3] if len(sys.argv) > 3 else None))
