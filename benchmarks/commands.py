"""How soon commands are there, and how much memory `hub serve` takes."""

from __future__ import annotations

import sqlite3
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.figures import Figure
from benchmarks.processes import HUB, Server, free_port, script, shop, wall
from benchmarks.store import environment

_LONGEST = 600.0
_LOOKS = 2
"""How often each command is started for every pair that is asked for: of times on a busy machine the least counts."""


def starts(orders: int, pairs: int) -> Iterator[Figure]:
    """Compare the help with the import of what it is written with, and the server with the smallest one there is."""
    del orders
    turns = range(_LOOKS * pairs)
    typer = [sys.executable, "-c", "import typer"]
    times = [(wall([HUB, "--help"]), wall(typer)) for _ in turns]
    ratio = min(one for one, _ in times) / min(other for _, other in times)
    yield Figure("`hub --help`, best of n", ratio, "x import typer", 3.0, 2.0, len(turns))
    with TemporaryDirectory() as folder:
        wall_of = [(_hello(), _serve(folder, "/health"), _serve(folder, "/api/v1/integrations")) for _ in turns]
    hello, health, api = (min(times) for times in zip(*wall_of, strict=True))
    yield Figure("`hub serve` to its first answer, best of n", health / hello, "x hello", 2.0, 1.5, len(turns))
    yield Figure("`hub serve` to the first answer of its API", api / hello, "x hello", n=len(turns))


def _hello() -> float:
    port = free_port()
    server = Server([sys.executable, "-m", "benchmarks.hello", str(port)], port)
    try:
        return server.first_answer("/")
    finally:
        server.stop()


def _serve(folder: str, path: str) -> float:
    port = free_port()
    server = Server([HUB, "serve"], port, {"HUB_HOME": folder, "HUB_PORT": str(port)})
    try:
        return server.first_answer(path)
    finally:
        server.stop()


def serving(orders: int, pairs: int) -> Iterator[Figure]:
    """Let `hub serve` take in a store by itself, and see how large it gets."""
    del pairs
    with shop(orders) as store, TemporaryDirectory() as folder:
        script("intake", store, folder, "--reads", 0)
        port = free_port()
        server = Server([HUB, "serve"], port, {**environment(store, folder), "HUB_PORT": str(port)})
        try:
            _wait_for(orders, Path(folder) / "hub.db")
        finally:
            peak = server.stop()
    yield Figure(f"`hub serve` while it takes in {orders:,} orders, peak", peak, "MB", 140, 110)


def _wait_for(orders: int, database: Path) -> None:
    until = time.monotonic() + _LONGEST
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=_LONGEST) as connection:
        while connection.execute("SELECT count(*) FROM orders").fetchone()[0] < orders:
            assert time.monotonic() < until, "hub serve takes nothing in"
            time.sleep(0.05)
    connection.close()
