"""How soon the hub knows of an order, and how soon all stores know of a sale, with a hundred stores."""

from __future__ import annotations

import asyncio
import json
import random
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import httpx

from benchmarks.figures import Figure
from benchmarks.lengths import length
from benchmarks.polls import share
from benchmarks.processes import HUB, ROOT, Server, free_port
from benchmarks.quarter import FULL, environment
from hub_core import Hub
from hub_core.settings import HubSettings

_STORES: Final = 100
_LONG: Final = 2
_PAST: Final = 3000
_LOOK: Final = 0.25
_SELDOM: Final = 2.0
"""The file is read seldom: whoever reads it keeps the hub from writing meanwhile."""
_GIVE_UP: Final = 120.0
_NEW_CONNECTIONS: Final = httpx.Limits(max_keepalive_connections=0)
_DEAD: Final = 1
"""The first store never answers."""
_ACKNOWLEDGED: Final = (
    "SELECT p.integration_id, p.ended_at FROM pushes p JOIN listings l ON l.id = p.listing_id "
    "WHERE p.flow = 'stock' AND l.sku = ? AND p.acknowledged = ? AND NOT p.in_flight"
)


@dataclass(slots=True)
class Quarter:
    """The sandbox, the hub beside it, and what became of what was done there. Times are in seconds."""

    town: dict[str, Any]
    ids: list[int]
    hub: httpx.AsyncClient
    stores: httpx.AsyncClient
    database: Path
    placed: dict[tuple[int, str], float] = field(default_factory=dict)
    seen: dict[tuple[int, str], float] = field(default_factory=dict)
    polled: set[tuple[int, str]] = field(default_factory=set)
    told: dict[int, list[float]] = field(default_factory=dict)
    until: float | None = None
    """When nothing more is waited for; None as long as orders come in."""

    async def place(self, number: int, *, hint: bool) -> None:
        """Let an order come in at a store, of something else than what is counted, and hint at it if asked to."""
        wish = {"store": self.town["stores"][number]["name"], "sku": self.town["skus"][1], "quantity": 1}
        placed = time.monotonic()
        answer = await self.stores.post("/_sandbox/orders", json=wish)
        (order,) = answer.raise_for_status().json()["ids"]
        key = (self.ids[number], str(order))
        self.placed[key] = placed
        if hint:
            address = f"/webhooks/{self.ids[number]}/{self.ids[number]}"
            (await self.hub.post(address, json=[{"OrderID": order}])).raise_for_status()
        else:
            self.polled.add(key)

    async def watch(self) -> None:
        """Ask the hub's API again and again which orders there are, in the end until all are there."""
        while self.placed.keys() - self.seen.keys() or self.until is None:
            if self.until is not None and time.monotonic() > self.until:
                return
            answer = await self.hub.get("/api/v1/orders", params={"limit": 100})
            now = time.monotonic()
            for order in answer.raise_for_status().json()["items"]:
                self.seen.setdefault((order["integration_id"], order["external_id"]), now)
            await asyncio.sleep(_LOOK)

    def ages(self, which: Callable[[tuple[int, str]], bool]) -> list[float]:
        """Give how long it took until orders could be read, the shortest first."""
        late = time.monotonic()
        return sorted(self.seen.get(key, late) - placed for key, placed in self.placed.items() if which(key))

    def acknowledged(self, level: int) -> dict[int, datetime]:
        """Tell which integrations' stores have taken a level, and when."""
        with closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True, timeout=60)) as connection:
            rows = connection.execute(_ACKNOWLEDGED, (self.town["skus"][0], str(level))).fetchall()
        return {one: datetime.fromisoformat(at).replace(tzinfo=UTC) for one, at in rows if at is not None}

    async def until_acknowledged(self, level: int) -> dict[int, datetime]:
        """Wait until all stores but the dead one have taken a level."""
        until = time.monotonic() + _GIVE_UP
        while len(found := await asyncio.to_thread(self.acknowledged, level)) < len(self.ids) - _DEAD:
            if time.monotonic() > until:
                break
            await asyncio.sleep(_SELDOM)
        return found


@contextmanager
def _town(stores: int, long: int) -> Iterator[dict[str, Any]]:
    command = [sys.executable, "-m", "benchmarks.town", str(stores), str(long), str(_PAST)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            yield json.loads(process.stdout.readline())
        finally:
            process.terminate()


def _added(town: dict[str, Any], folder: str, port: int, long: int) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.quarter", folder, str(port), str(long), town["skus"][0]]
    done = subprocess.run(
        command, cwd=ROOT, input=json.dumps(town).encode(), stdout=subprocess.PIPE, check=True, timeout=120
    )
    added: dict[str, Any] = json.loads(done.stdout)
    return added


@contextmanager
def quarter(
    stores: int, long: int, command: Sequence[str] = (HUB,)
) -> Iterator[tuple[dict[str, Any], dict[str, Any], Server, str]]:
    """Serve a sandbox of many stores and a hub that knows them; give what each said, and the hub's address."""
    with _town(stores, long) as town, TemporaryDirectory() as folder:
        port = free_port()
        added = {**_added(town, folder, port, long), "folder": folder}
        server = Server([*command, "serve"], port, environment(town, folder, port))
        try:
            server.first_answer("/health")
            yield town, added, server, f"http://127.0.0.1:{port}"
        finally:
            server.stop()


async def _measured(town: dict[str, Any], added: dict[str, Any], address: str, seconds: float) -> Quarter:
    headers = {"Authorization": f"Bearer {added['token']}"}
    async with (
        httpx.AsyncClient(base_url=address, headers=headers, timeout=60, limits=_NEW_CONNECTIONS) as hub,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{town['port']}", timeout=60) as stores,
        Hub.open(settings=HubSettings(home=Path(added["folder"]))) as own,
    ):
        here = Quarter(town, added["ids"], hub, stores, Path(added["folder"]) / "hub.db")
        dead = {"kind": "delay", "store": town["stores"][0]["name"], "seconds": 600, "count": None}
        await here.until_acknowledged(int(FULL))
        (await stores.post("/_sandbox/faults", json=dead)).raise_for_status()
        watching = asyncio.create_task(here.watch())
        async with asyncio.TaskGroup() as group:
            group.create_task(_orders(here, seconds, hint=False))
            group.create_task(_orders(here, seconds, hint=True))
            group.create_task(_sales(here, own, seconds))
        here.until = time.monotonic() + _GIVE_UP
        await watching
        return here


async def _orders(here: Quarter, seconds: float, *, hint: bool) -> None:
    """Place an order every second or so, at any store that is neither dead nor being read back."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        await here.place(random.randrange(_DEAD, len(here.ids) - _LONG), hint=hint)
        await asyncio.sleep(random.uniform(0.5, 1.5))


async def _sales(here: Quarter, own: Hub, seconds: float) -> None:
    """Take a unit away, and see when each store knows; again and again."""
    until, level = time.monotonic() + seconds, int(FULL)
    while time.monotonic() < until:
        level -= 1
        changed = datetime.now(UTC)
        await own.stock.adjust({here.town["skus"][0]: -1})
        found = await here.until_acknowledged(level)
        for one in here.ids[_DEAD:]:
            here.told.setdefault(one, []).append((found.get(one, datetime.now(UTC)) - changed).total_seconds())
        await asyncio.sleep(3)


def freshness(orders: int, pairs: int) -> Iterator[Figure]:
    """Place orders and take stock away while two stores are read back and one is dead."""
    del orders, pairs
    with quarter(_STORES, _LONG) as (town, added, _, address):
        here = asyncio.run(_measured(town, added, address, length(75, 300)))
    by_poll, by_hint = here.ages(here.polled.__contains__), here.ages(lambda key: key not in here.polled)
    yield Figure("order placed to readable, by polls, 95 %", share(by_poll, 0.95), "s", 60, n=len(by_poll))
    yield Figure("… median", share(by_poll, 0.5), "s", n=len(by_poll))
    yield Figure("… by hints, 95 %", share(by_hint, 0.95), "s", 5, n=len(by_hint))
    yield Figure("… median", share(by_hint, 0.5), "s", n=len(by_hint))
    for name, which in (("all stores", here.ids[_DEAD:-_LONG]), ("stores that are read back", here.ids[-_LONG:])):
        told = sorted(seconds for one in which for seconds in here.told[one])
        yield Figure(f"sale to acknowledged, {name}, 95 %", share(told, 0.95), "s", 10, n=len(told))
        yield Figure("… median", share(told, 0.5), "s", n=len(told))
