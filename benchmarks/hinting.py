"""Ten thousand hints a minute: how soon they are answered, what that takes, and what becomes of everything else."""

from __future__ import annotations

import asyncio
import json
import random
import sqlite3
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, Final, NamedTuple

import httpx

from benchmarks.caller import Answered, Call, call
from benchmarks.figures import Figure
from benchmarks.freshness import quarter
from benchmarks.lengths import length
from benchmarks.polls import share
from benchmarks.watching import cpu, memory_mb, tree

_STORES: Final = 20
_ORDERS: Final = 10
"""Orders that came in at each store before it calls."""
_A_MINUTE: Final = 10_000
_WARM_UP: Final = 25.0
_GIVE_UP: Final = 180.0


class Flood(NamedTuple):
    """What was seen of it."""

    answered: list[Answered]
    seconds: float
    cpu: float
    before: float
    peak: float
    read_after: float
    missing: int


def hints(orders: int, pairs: int) -> Iterator[Figure]:
    """Let twenty stores call at once, each of orders that it has and of many that it has not."""
    del orders, pairs
    with quarter(_STORES, 0) as (town, added, server, address):
        time.sleep(_WARM_UP)
        seen = asyncio.run(_flooded(town, added, server.pid, address))
    statuses = Counter(one.status for one in seen.answered)
    waits = sorted(one.seconds for one in seen.answered)
    rate = len(waits) / seen.seconds * 60
    yield Figure("hints answered", rate, "/min", n=len(waits))
    yield Figure("… not with 200", len(waits) - statuses[200], "", 0, n=len(waits))
    yield Figure("… 95 % of them within", share(waits, 0.95), "s", 1.0, n=len(waits))
    yield Figure("… CPU for each", seen.cpu / len(waits) * 1000, "ms")
    yield Figure("… memory beyond that before, at most", seen.peak - seen.before, "MB", 50)
    yield Figure("… until all orders were read", seen.read_after, "s")
    yield Figure("… orders that were not read", seen.missing, "", 0, n=_STORES * _ORDERS)


async def _flooded(town: dict[str, Any], added: dict[str, Any], pid: int, address: str) -> Flood:
    placed = await _placed(town, added)
    seconds, port = length(20, 60), int(address.rpartition(":")[2])
    before, used, began = memory_mb(pid), cpu(list(tree(pid))), time.monotonic()
    peak = [before]
    watching = asyncio.create_task(_watch(pid, peak))
    answered = await call(port, _calls(added["ids"], placed), _A_MINUTE / 60, seconds)
    took, spent = time.monotonic() - began, cpu(list(tree(pid))) - used
    file, orders = Path(added["folder"]) / "hub.db", sum(map(len, placed.values()))
    missing = await asyncio.to_thread(_until_read, file, orders)
    watching.cancel()
    return Flood(answered, took, spent, before, max(peak), time.monotonic() - began - took, missing)


async def _placed(town: dict[str, Any], added: dict[str, Any]) -> dict[int, list[int]]:
    """Let orders come in at all stores."""
    placed = {}
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{town['port']}", timeout=60) as stores:
        for one, store in zip(added["ids"], town["stores"], strict=True):
            wish = {"store": store["name"], "sku": town["skus"][1], "quantity": 1, "count": _ORDERS}
            placed[one] = (await stores.post("/_sandbox/orders", json=wish)).raise_for_status().json()["ids"]
    return placed


def _calls(ids: list[int], placed: dict[int, list[int]]) -> Iterator[Call]:
    """Give calls without end: half of them of orders that there are, the same again and again."""
    while True:
        one = random.choice(ids)
        order = random.choice(placed[one]) if random.random() < 0.5 else random.randrange(10**6, 10**9)
        yield Call(f"/webhooks/{one}/{one}", json.dumps([{"OrderID": order}]).encode())


async def _watch(pid: int, peak: list[float]) -> None:
    while True:
        peak.append(memory_mb(pid))
        await asyncio.sleep(0.5)


def _until_read(file: Path, orders: int) -> int:
    """Wait until all orders are there, and tell how many are not in the end."""
    until = time.monotonic() + _GIVE_UP
    while (missing := orders - _orders_in(file)) and time.monotonic() < until:
        time.sleep(1)
    return missing


def _orders_in(file: Path) -> int:
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True, timeout=60)) as connection:
        return int(connection.execute("SELECT count(*) FROM orders").fetchone()[0])
