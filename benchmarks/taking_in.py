"""What it costs to take orders in: beside a plain script, in statements, in rows and in memory."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.figures import Figure
from benchmarks.processes import script, shop


def intake(orders: int, pairs: int) -> Iterator[Figure]:
    """Compare processor time with the plain script's, each time within seconds of it."""
    ratios: dict[str, list[float]] = {"fresh": [], "again": []}
    with shop(orders) as port:
        for turn in range(pairs):
            with TemporaryDirectory() as folder:
                runs = {"plain": (port, f"{folder}/plain.db"), "intake": (port, f"{folder}/hub")}
                order = sorted(runs, reverse=bool(turn % 2))  # so that neither is always the first
                found = {module: script(module, *runs[module]) for module in order}
            for read, taken in ratios.items():
                assert found["intake"][read]["read"] >= orders, found
                assert found["plain"][read]["orders"] == orders, found
                taken.append(found["intake"][read]["cpu"] / found["plain"][read]["cpu"])
    yield Figure(f"take in {orders:,} orders, CPU", median(ratios["fresh"]), "x plain", 2.0, 1.4, pairs)
    yield Figure("the same orders again, CPU", median(ratios["again"]), "x plain", 0.6, 0.4, pairs)


def statements(orders: int, pairs: int) -> Iterator[Figure]:
    """Count the statements of two reads of different length, and what a second look at the same orders writes."""
    del pairs
    few, many = (_taken(count) for count in (max(orders // 2, 601), orders))
    each = [taken["fresh"]["statements"] for taken in (few, many)]
    yield Figure("statements a page", max(each), "", 12, 8)
    yield Figure(f"… more of them with {orders:,} orders than with half", each[1] - each[0], "", 0)
    yield Figure("rows that unchanged orders write", many["again"]["rows_written"], "", 0)


def memory(orders: int, pairs: int) -> Iterator[Figure]:
    """Compare the peak memory of a long read with that of a short one."""
    del pairs
    few, many = orders * 3 // 10, orders * 10
    more = _taken(many)["again"]["peak_mb"] - _taken(few)["again"]["peak_mb"]
    yield Figure(f"peak memory of {many:,} orders beyond that of {few:,}", more, "MB", 30)


def _taken(orders: int) -> dict[str, Any]:
    with shop(orders) as port, TemporaryDirectory() as folder:
        return script("intake", port, f"{folder}/hub")
