"""How late flows are, and what a look at a store costs, with so many stores in which nothing happens."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from tempfile import TemporaryDirectory
from typing import Final, NamedTuple

import sqlalchemy as sa

from benchmarks.figures import Figure
from benchmarks.lengths import length
from benchmarks.probe import Start, starts, waiting
from benchmarks.processes import HUB, Server, free_port, script, shop
from benchmarks.store import environment
from benchmarks.watching import cpu, memory_mb, tree
from hub_core.domain.integrations import Flow
from tests.postgres import PostgresServer

_WARM_UP: Final = 65.0
"""A minute in which stores are asked twice: once when they were added to be, then at the moment that is their own."""
_TWO: Final = ("serve", "worker")
_DURABLE: Final = ""
"""No settings: a database whose commits survive a power cut, as those of the hub's users should."""


@dataclass(frozen=True, slots=True)
class Load:
    """So many *stores*, each read every *interval* seconds, by processes of these *kinds*."""

    stores: int
    interval: int
    kinds: tuple[str, ...] = ("serve",)
    postgresql: bool = False
    seconds: float = 120.0

    @property
    def name(self) -> str:
        """Say what it is."""
        where = f"PostgreSQL, {len(self.kinds)} processes" if self.postgresql else "SQLite"
        return f"{self.stores:,} stores every {self.interval} s, {where}"


class Seen(NamedTuple):
    """What was seen of a load for so many *seconds*: what was begun, how late what was not is, and what it took."""

    begun: list[Start]
    waiting: list[float]
    seconds: float
    hub_cpu: float
    database_cpu: float
    memory: float

    @property
    def late(self) -> list[float]:
        """Give the seconds by which each was late, the earliest first."""
        return sorted([*(start.late for start in self.begun), *self.waiting])

    @property
    def polls(self) -> int:
        """Tell how often a store was looked at for orders."""
        return sum(start.flow == Flow.ORDERS.value for start in self.begun)

    def each(self, cpu: float) -> float:
        """Give a part of the processor time in milliseconds a look."""
        return cpu / self.polls * 1000


def share(ordered: list[float], part: float) -> float:
    """Give what *part* of the values do not exceed."""
    return ordered[min(len(ordered) - 1, int(len(ordered) * part))]


@contextmanager
def database(folder: str, *, postgresql: bool) -> Iterator[tuple[str, list[int]]]:
    """Make a database, and give its address and the processes that serve it."""
    if not postgresql:
        yield f"sqlite:///{folder}/hub.db", []
        return
    server = PostgresServer(_DURABLE)
    try:
        yield server.url(server.create()), [server.pid]
    finally:
        server.stop()


def seen(load: Load) -> Seen:
    """Let the hub look after the stores of a *load*, and watch."""
    with ExitStack() as stack:
        folder = stack.enter_context(TemporaryDirectory())
        port = stack.enter_context(shop(0, "still_shop"))
        url, serving = stack.enter_context(database(folder, postgresql=load.postgresql))
        script("fleet", port, folder, load.stores, load.interval, "--url", url)
        hub = [stack.enter_context(_running(kind, port, folder, url)) for kind in load.kinds]
        time.sleep(_WARM_UP)
        return _watched(load, url, [server.pid for server in hub], serving)


@contextmanager
def _running(kind: str, store: int, folder: str, url: str) -> Iterator[Server]:
    port = free_port()
    env = {**environment(store, folder), "HUB_PORT": str(port), "HUB_DATABASE_URL": url}
    server = Server([HUB, kind], port, env)
    try:
        if kind == "serve":
            server.first_answer("/health")
        yield server
    finally:
        server.stop()


def _watched(load: Load, url: str, hub: list[int], serving: list[int]) -> Seen:
    engine = sa.create_engine(url)
    begin, before = datetime.now(UTC), [cpu(_all(hub)), cpu(_all(serving))]
    time.sleep(load.seconds)
    end, after = datetime.now(UTC), [cpu(_all(hub)), cpu(_all(serving))]
    memory = max(map(memory_mb, hub))
    try:
        with engine.connect() as connection:
            begun, late = starts(connection, begin, end), waiting(connection)
    finally:
        engine.dispose()
    hub_cpu, database_cpu = (two - one for one, two in zip(before, after, strict=True))
    return Seen(begun, late, (end - begin).total_seconds(), hub_cpu, database_cpu, memory)


def _all(pids: list[int]) -> list[int]:
    return [one for pid in pids for one in tree(pid)]


def polls(orders: int, pairs: int) -> Iterator[Figure]:
    """See whether every store has its turn, and what that costs with few, with many and with very many."""
    del orders, pairs
    costs = []
    for load in (
        Load(1_000, 60, seconds=length(120, 180)),
        Load(100, 60, _TWO, postgresql=True, seconds=length(60, 180)),
        Load(2_000, 60, _TWO, postgresql=True, seconds=length(120, 180)),
        Load(10_000, 300, _TWO, postgresql=True, seconds=length(120, 330)),
    ):
        found = seen(load)
        yield from _figures(load, found)
        costs.append(found.each(found.hub_cpu + found.database_cpu))
    yield Figure("a look with 10,000 stores beside one with 100, CPU", costs[3] / costs[1], "x", 1.5)


def _figures(load: Load, found: Seen) -> Iterator[Figure]:
    late = found.late
    yield Figure(f"{load.name}: late, median", share(late, 0.5), "s", n=len(late))
    yield Figure("… 95 %", share(late, 0.95), "s", n=len(late))
    yield Figure("… at most", late[-1], "s", load.interval, n=len(late))
    yield Figure("… looks a second", found.polls / found.seconds, "/s", n=found.polls)
    yield Figure("… CPU a look, hub", found.each(found.hub_cpu), "ms")
    if load.postgresql:
        yield Figure("… CPU a look, PostgreSQL", found.each(found.database_cpu), "ms")
    yield Figure("… of a core, all together", 100 * (found.hub_cpu + found.database_cpu) / found.seconds, "%")
    yield Figure("… memory, largest process", found.memory, "MB")
