"""What the hub does with the same store: everything it writes, in the foreground.

Run as `python -m benchmarks.intake PORT FOLDER`; prints its figures as JSON.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
from itertools import pairwise
from statistics import median
from typing import Any

from sqlalchemy import event

from benchmarks.measuring import Stopwatch
from benchmarks.store import connect, environment
from hub_core import Hub
from hub_core.engine.allocator import keep_memory
from hub_core.engine.collector import ease_collector

_WRITES = re.compile(r"\s*(?:INSERT INTO|UPDATE|DELETE FROM) (\w+)")
_OF_A_PAGE = "UPDATE searches SET cursor"
"""What is written once a page."""
_OF_A_RUN = {"runs", "searches", "flow_state"}
"""What any run writes, whatever it finds."""


class Statements:
    """Counts the statements that a database is given, and the rows that they write beside those of the run."""

    def __init__(self, hub: Hub) -> None:
        self.count = self.rows = 0
        self.pages: list[int] = []
        event.listen(hub.parts.database.engine, "after_cursor_execute", self._counted)

    def _counted(self, connection: object, cursor: Any, statement: str, *_: object) -> None:
        del connection
        self.count += 1
        if statement.startswith(_OF_A_PAGE):
            self.pages.append(self.count)
        write = _WRITES.match(statement)
        if write and write[1] not in _OF_A_RUN:
            self.rows += max(cursor.rowcount, 0)

    def each(self) -> float | None:
        """Tell how many statements a page takes: the median, since the hub also looks twice a second for a stop."""
        return median(after - before for before, after in pairwise(self.pages)) if len(self.pages) > 1 else None


async def measured(hub: Hub, integration: int, statements: Statements) -> dict[str, Any]:
    """Sync once and give what it took."""
    rows, newest = statements.rows, await hub.events.newest()
    statements.pages.clear()
    with Stopwatch() as watch:
        run = await hub.sync(integration)
    assert run.error is None, run.error
    told = run.counts.model_dump()
    written = statements.rows - rows - await of_the_run(hub, newest)
    return {**watch.figures(), **told, "statements": statements.each(), "rows_written": written}


async def of_the_run(hub: Hub, newest: int) -> int:
    """Count the events later than the *newest* that tell of the run itself: a few, whatever it finds."""
    kinds = ("run.started", "run.progressed", "run.finished")
    return sum([len(await hub.events.after(newest, limit=1000, type=kind)) for kind in kinds])


async def main(port: int, folder: str, url: str | None, reads: int) -> None:
    """Connect the store and read it, the first time fresh."""
    os.environ |= environment(port, folder)
    keep_memory()  # as the commands do
    ease_collector()
    async with Hub.open(url) as hub:
        integration = await connect(hub)
        statements = Statements(hub)
        names = ("fresh", "again")[:reads]
        figures = {name: await measured(hub, integration, statements) for name in names}
    print(json.dumps(figures))


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("port", type=int)
    parser.add_argument("folder")
    parser.add_argument("--url")
    parser.add_argument("--reads", type=int, default=2)
    given = parser.parse_args()
    asyncio.run(main(given.port, given.folder, given.url, given.reads))
