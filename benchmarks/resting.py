"""What `hub serve` takes while nothing happens."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from benchmarks.figures import Figure
from benchmarks.lengths import length
from benchmarks.polls import Load, Seen, seen

_STORES: Final = 100
_DAY: Final = 86_400


def rest(orders: int, pairs: int) -> Iterator[Figure]:
    """Watch it with a hundred stores, looked at every minute and hardly ever: the difference is what looking takes."""
    del orders, pairs
    seconds = length(60, 180)
    looking, alone = (seen(Load(_STORES, every, seconds=seconds)) for every in (60, _DAY))
    yield Figure(f"at rest, {_STORES} stores looked at every minute", _part(looking), "%", 5.0)
    yield Figure("… without the looks", _part(alone), "%")
    yield Figure("… memory", looking.memory, "MB", 150)


def _part(found: Seen) -> float:
    """Tell which part of a core was used."""
    return 100 * (found.hub_cpu + found.database_cpu) / found.seconds
