"""Setting many levels in one call, beside a plain bulk insert of as many rows.

Run as `python -m benchmarks.levels FOLDER LEVELS`; prints its figures as JSON.
"""

from __future__ import annotations

import asyncio
import json
import os
import sqlite3
import sys

from benchmarks.measuring import Stopwatch
from hub_core import Hub
from hub_core.engine.collector import ease_collector


def inserted(file: str, levels: dict[str, int]) -> dict[str, float]:
    """Insert as many rows by hand, as safely as the hub writes."""
    database = sqlite3.connect(file)
    database.execute("PRAGMA synchronous=FULL")
    database.execute("CREATE TABLE levels (sku TEXT PRIMARY KEY, level TEXT)")
    database.commit()
    with Stopwatch() as watch, database:
        database.executemany("INSERT INTO levels VALUES (?, ?)", [(sku, str(level)) for sku, level in levels.items()])
    return watch.figures()


async def main(folder: str, count: int) -> None:
    """Do both."""
    os.environ["HUB_HOME"] = folder
    ease_collector()
    levels = {f"SKU-{number:05d}": number for number in range(count)}
    async with Hub.open() as hub:
        await hub.stock.set({"warm": 1})
        with Stopwatch() as watch:
            await hub.stock.set(levels)
    print(json.dumps({"hub": watch.figures(), "plain": inserted(f"{folder}/plain.db", levels)}))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2])))
