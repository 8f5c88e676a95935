"""What the hub does with the same store: everything it writes, in the foreground.

Run as `python -m benchmarks.intake PORT URL [profile]`; prints its figures as JSON.
"""

from __future__ import annotations

import asyncio
import cProfile
import json
import os
import sys
from pathlib import Path
from typing import Any

from benchmarks.measuring import Stopwatch


async def main(port: int, url: str, *, profiled: bool) -> None:
    """Connect the store and read it twice: fresh, then again."""
    os.environ["HUB_HOME"] = str(Path(url.removeprefix("sqlite:///")).parent)
    os.environ |= {"HUB_ALLOW_PRIVATE_NETWORK": "1", "THREEDCART_RATE": "0"}
    os.environ["THREEDCART_API_URL"] = f"http://127.0.0.1:{port}/3dCartWebAPI"
    from sqlalchemy import event

    from hub_core import Hub
    from hub_core.collector import ease_collector

    ease_collector()  # as the commands do

    figures: dict[str, Any] = {}
    async with Hub.open(url) as hub:
        settings = {"store_url": "https://bench.example", "timezone": "UTC", "currency": "USD"}
        shop = await hub.integrations.add("threedcart", name="Bench", settings=settings)
        await hub.integrations.authorize(shop.id, {"token": "ab" * 16, "private_key": "cd" * 16})
        statements = 0

        def count(*_: object) -> None:
            nonlocal statements
            statements += 1

        event.listen(hub.parts.database.engine, "before_cursor_execute", count)
        for name in ("fresh", "again"):
            statements = 0
            profiler = cProfile.Profile()
            if profiled:
                profiler.enable()
            with Stopwatch() as watch:
                run = await hub.sync(shop.id)
            if profiled:
                profiler.disable()
                profiler.dump_stats(f"{name}.profile")
            assert run.error is None, run.error
            figures[name] = {
                **watch.figures(),
                "orders": run.counts.created + run.counts.unchanged,
                "created": run.counts.created,
                "pages": run.counts.pages,
                "statements": statements,
            }
        figures["held"] = len([None async for _ in hub.orders.find(limit=None)]) if "count" in sys.argv else None
    print(json.dumps(figures))


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), sys.argv[2], profiled="profile" in sys.argv))
