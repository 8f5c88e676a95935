"""Measure, and say which goals are missed: `python -m benchmarks [NAME …] [--pairs N] [--orders N] [--long]`."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterator
from typing import Final

from benchmarks.budget import budget
from benchmarks.commands import serving, starts
from benchmarks.figures import Figure, table
from benchmarks.freshness import freshness
from benchmarks.hinting import hints
from benchmarks.lengths import LONG
from benchmarks.polls import polls
from benchmarks.recovery import recovery
from benchmarks.resting import rest
from benchmarks.soaking import soak
from benchmarks.taking_in import intake, memory, statements
from benchmarks.telling import levels, listings

MEASUREMENTS: Final[dict[str, Callable[[int, int], Iterator[Figure]]]] = {
    "intake": intake,
    "statements": statements,
    "memory": memory,
    "listings": listings,
    "levels": levels,
    "starts": starts,
    "serving": serving,
    "budget": budget,
    "recovery": recovery,
    "rest": rest,
    "polls": polls,
    "freshness": freshness,
    "hints": hints,
    "soak": soak,
}


def main(arguments: list[str] | None = None) -> int:
    """Measure what was named, or everything; give 1 where something is more than it must be."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure the hub's speed and memory.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"any of {', '.join(MEASUREMENTS)}; without, all")
    parser.add_argument("--pairs", type=int, default=5, help="how often each comparison is made (default 5)")
    parser.add_argument("--orders", type=int, default=10_000, help="how many orders the store has (default 10000)")
    parser.add_argument("--long", action="store_true", help="watch for minutes longer what goes on by itself")
    given = parser.parse_args(arguments)
    if given.long:
        os.environ[LONG] = "1"
    unknown = set(given.names) - MEASUREMENTS.keys()
    if unknown:
        parser.error(f"there is no measurement {', '.join(sorted(unknown))}; choose from {', '.join(MEASUREMENTS)}")
    figures: list[Figure] = []
    for name in given.names or MEASUREMENTS:
        print(f"measuring {name} ...", file=sys.stderr, flush=True)
        figures += MEASUREMENTS[name](given.orders, given.pairs)
    print(table(figures))
    return int(any(figure.missed for figure in figures))


if __name__ == "__main__":
    sys.exit(main())
