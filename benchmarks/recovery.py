"""How soon `hub serve` is back after it was killed, and how soon it ends when it is asked to."""

from __future__ import annotations

import asyncio
import signal
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.figures import Figure
from benchmarks.processes import HUB, Server, free_port, script, shop
from benchmarks.store import environment
from hub_core import Hub
from hub_core.settings import HubSettings

_ORDERS = 30_000
_LONGEST = 60.0
_PAGES = "SELECT coalesce(sum(lease), 0), (SELECT coalesce(max(api_calls), 0) FROM runs) FROM flow_state"


class Home:
    """A hub at home in *folder*, whose only store is read for a long time, two requests a second."""

    def __init__(self, folder: str, port: int) -> None:
        self._env = {**environment(port, folder), "THREEDCART_RATE": "1/2"}
        self._file = Path(folder) / "hub.db"
        script("intake", port, folder, "--reads", 0)

    @contextmanager
    def serving(self) -> Iterator[Server]:
        """Start it, wait for its first answer, and see that it does not outlive what is measured."""
        port = free_port()
        server = Server([HUB, "serve"], port, {**self._env, "HUB_PORT": str(port)})
        try:
            self.answered_after = server.first_answer("/health")
            yield server
        finally:
            server.end(signal.SIGKILL)

    def until(self, reached: Callable[[int, int], bool]) -> float:
        """Wait until the leases that were given and the requests of a run are as wanted, and give the seconds."""
        began = time.perf_counter()
        with closing(sqlite3.connect(f"file:{self._file}?mode=ro", uri=True, timeout=_LONGEST)) as connection:
            while not reached(*connection.execute(_PAGES).fetchone()):
                assert time.perf_counter() - began < _LONGEST, "the flow does not go on"
                time.sleep(0.02)
        return time.perf_counter() - began

    def now(self) -> tuple[int, int]:
        """Give the leases that were given, and the requests of the run."""
        with closing(sqlite3.connect(f"file:{self._file}?mode=ro", uri=True, timeout=_LONGEST)) as connection:
            leases, calls = connection.execute(_PAGES).fetchone()
        return int(leases), int(calls)

    async def disable(self) -> float:
        """Disable the store from another process, and give the seconds until its run has ended."""
        async with Hub.open(f"sqlite:///{self._file}", settings=HubSettings(home=self._file.parent)) as hub:
            began = time.perf_counter()
            await hub.integrations.disable("Bench")
            while (await hub.runs.page(limit=1))[0].state != "stopped":
                assert time.perf_counter() - began < _LONGEST, "the run does not end"
                await asyncio.sleep(0.02)
            return time.perf_counter() - began


def recovery(orders: int, pairs: int) -> Iterator[Figure]:
    """Kill it, stop it and disable its store in the middle of a long read; of several times the longest counts."""
    del orders
    turns = [_turn() for _ in range(pairs)]
    names = (
        ("killed, to the first answer of the next", 3.0),
        ("killed, until the flow goes on", 10.0),
        ("SIGTERM in the middle of a read, to the end", 2.0),
        ("SIGTERM at rest, to the end", 2.0),
        ("disabled, until the run has ended", 1.0),
    )
    for (name, must), times in zip(names, zip(*turns, strict=True), strict=True):
        yield Figure(f"{name}, longest of n", max(times), "s", must, n=pairs)


def _turn() -> tuple[float, ...]:
    with shop(_ORDERS) as port, TemporaryDirectory() as folder:
        home = Home(folder, port)
        with home.serving() as server:
            home.until(lambda _, calls: calls >= 6)
            server.end(signal.SIGKILL)
        leases, _ = home.now()
        killed = time.perf_counter()
        with home.serving() as server:
            answered = home.answered_after
            home.until(lambda given, _: given > leases)
            resumed = time.perf_counter() - killed
            home.until(lambda _, calls: calls >= 2)
            stopped = server.end(signal.SIGTERM)
        with home.serving() as server:
            leases, _ = home.now()
            home.until(lambda given, _: given > leases)
            disabled = asyncio.run(home.disable())
            rested = server.end(signal.SIGTERM)
    return answered, resumed, stopped, rested, disabled
