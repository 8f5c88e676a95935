"""A busy hub that is watched for a while: whether anything of it grows."""

from __future__ import annotations

import asyncio
import random
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from tempfile import NamedTemporaryFile
from typing import Any, Final, NamedTuple

import httpx

from benchmarks.figures import Figure
from benchmarks.freshness import quarter
from benchmarks.lengths import length
from benchmarks.watching import descriptors, memory_mb, threads
from hub_core import Hub
from hub_core.settings import HubSettings

_STORES: Final = 20
_LONG: Final = 1
_WARM_UP: Final = 45.0
_LOOK: Final = 2.0
_FAULTS: Final = ("status", "delay", "broken_order", "error_array")
_FEW: Final = 8
"""Tasks and descriptors more or less from one moment to the next, as flows come and go."""

_THREADS: Final = 2
"""Threads more: each pool of them fills up when it is first used that much, and stays so."""


class Sample(NamedTuple):
    """What the process holds at a moment."""

    memory: float
    descriptors: float
    threads: float
    tasks: float


def soak(orders: int, pairs: int) -> Iterator[Figure]:
    """Let orders come in, figures go out, stores fail and be disabled, and compare the end with the beginning."""
    del orders, pairs
    with NamedTemporaryFile() as tasks:
        command = (sys.executable, "-m", "benchmarks.counted", tasks.name)
        with quarter(_STORES, _LONG, command) as (town, added, server, address):
            time.sleep(_WARM_UP)
            samples = asyncio.run(_busy(town, added, address, _Watch(server.pid, Path(tasks.name))))
    part = len(samples) // 3
    first, last = (Sample(*map(median, zip(*some, strict=True))) for some in (samples[:part], samples[-part:]))
    more = Sample(*(late - early for early, late in zip(first, last, strict=True)))
    yield Figure("memory, last third beyond the first", more.memory, "MB", 10, n=len(samples))
    yield Figure("… descriptors", more.descriptors, "", _FEW, n=len(samples))
    yield Figure("… threads", more.threads, "", _THREADS, n=len(samples))
    yield Figure("… tasks", more.tasks, "", _FEW, n=len(samples))
    yield Figure("… memory in the end", last.memory, "MB", n=len(samples))


class _Watch(NamedTuple):
    """The process that is watched, and the file that tells how many tasks it has."""

    pid: int
    tasks: Path

    async def samples(self, seconds: float) -> list[Sample]:
        """Look at it again and again."""
        until, taken = time.monotonic() + seconds, []
        while time.monotonic() < until:
            count = int(self.tasks.read_text() or 0)
            taken.append(Sample(memory_mb(self.pid), descriptors(self.pid), threads(self.pid), count))
            await asyncio.sleep(_LOOK)
        return taken


async def _busy(town: dict[str, Any], added: dict[str, Any], address: str, watch: _Watch) -> list[Sample]:
    headers, seconds = {"Authorization": f"Bearer {added['token']}"}, length(180, 900)
    lines = httpx.Limits(max_keepalive_connections=0)
    async with (
        httpx.AsyncClient(base_url=address, headers=headers, timeout=60, limits=lines) as hub,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{town['port']}", timeout=60, limits=lines) as stores,
        Hub.open(settings=HubSettings(home=Path(added["folder"]))) as own,
    ):
        until = time.monotonic() + seconds
        async with asyncio.TaskGroup() as group:
            samples = group.create_task(watch.samples(seconds))
            group.create_task(_orders(town, added, stores, hub, until))
            group.create_task(_troubles(town, stores, until))
            group.create_task(_switches(added["ids"], hub, until))
            group.create_task(_sales(town["skus"][0], own, until))
        return samples.result()


async def _orders(
    town: dict[str, Any], added: dict[str, Any], stores: httpx.AsyncClient, hub: httpx.AsyncClient, until: float
) -> None:
    """Let orders come in, with a hint at half of them."""
    while time.monotonic() < until:
        number = random.randrange(_STORES)
        wish = {"store": town["stores"][number]["name"], "quantity": 1, "sku": random.choice(town["skus"])}
        (order,) = (await stores.post("/_sandbox/orders", json=wish)).raise_for_status().json()["ids"]
        if random.random() < 0.5:
            one = added["ids"][number]
            (await hub.post(f"/webhooks/{one}/{one}", json=[{"OrderID": order}])).raise_for_status()
        (await hub.get("/api/v1/orders", params={"limit": 20})).raise_for_status()
        await asyncio.sleep(0.5)


async def _troubles(town: dict[str, Any], stores: httpx.AsyncClient, until: float) -> None:
    """Let a store fail in one way or another, for some requests."""
    kinds = [kind for kind in (await stores.get("/_sandbox")).json()["kinds"] if kind in _FAULTS]
    while time.monotonic() < until:
        store = random.choice(town["stores"])["name"]
        fault = {"kind": random.choice(kinds), "store": store, "count": 3, "status": 500, "seconds": 5}
        (await stores.post("/_sandbox/faults", json=fault)).raise_for_status()
        await asyncio.sleep(3)


async def _switches(ids: list[int], hub: httpx.AsyncClient, until: float) -> None:
    """Disable a store for a moment."""
    while time.monotonic() < until:
        path = f"/api/v1/integrations/{random.choice(ids)}"
        for on in (False, True):
            (await hub.patch(path, json={"enabled": on})).raise_for_status()
            await asyncio.sleep(2)


async def _sales(sku: str, own: Hub, until: float) -> None:
    """Take a unit away, which all stores are told."""
    while time.monotonic() < until:
        await own.stock.adjust({sku: -1})
        await asyncio.sleep(4)
