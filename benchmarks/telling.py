"""What it costs to read listings, set levels and tell the store: beside plain scripts, in calls and statements."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any, Final

from benchmarks.figures import Figure
from benchmarks.processes import script, shop

_PRODUCTS_AN_ORDER: Final = 3
"""The goals are for 30,000 products beside 10,000 orders."""
_BATCH: Final = 100
_PAGE: Final = 200


def listings(orders: int, pairs: int) -> Iterator[Figure]:
    """Compare the time for reading all listings, and for pushing every level, with the plain script's.

    The goals are for the rate, so for the time on the clock; processor time is told beside it.
    """
    products = orders * _PRODUCTS_AN_ORDER
    ratios: dict[tuple[str, str], list[float]] = {(what, by): [] for what in ("read", "push") for by in ("wall", "cpu")}
    found: dict[str, dict[str, Any]] = {}
    for turn in range(pairs):
        with TemporaryDirectory() as folder, shop(products, "goods_shop") as port, shop(products, "goods_shop") as own:
            runs = {"goods_plain": (port, f"{folder}/plain.db"), "goods": (own, f"{folder}/hub", products)}
            found = {module: script(module, *runs[module]) for module in sorted(runs, reverse=bool(turn % 2))}
        hub, plain = found["goods"], found["goods_plain"]
        assert hub["push"]["accepted"] == hub["writes"]["entries"] == plain["push"]["count"] == products, found
        for (what, by), taken in ratios.items():
            taken.append(hub[what][by] / plain[what][by])
    hub = found["goods"]
    for what, named in (("read", "listings"), ("push", "levels")):
        yield Figure(f"{what} {products:,} {named}, time", median(ratios[what, "wall"]), "x plain", 3.0, 2.0, pairs)
        yield Figure("… its CPU", median(ratios[what, "cpu"]), "x plain", n=pairs)
    yield Figure("calls for it", hub["writes"]["calls"], "", products / _BATCH)
    yield Figure("statements a page of listings", hub["read"]["statements"] / (products / _PAGE), "", 12)
    yield Figure("statements a batch of levels", hub["push"]["statements"] / (products / _BATCH), "", 12)


def levels(orders: int, pairs: int) -> Iterator[Figure]:
    """Compare the time for setting as many levels as there are orders with that of a plain insert."""
    ratios = []
    for _ in range(pairs):
        with TemporaryDirectory() as folder:
            taken = script("levels", f"{folder}/hub", orders)
            ratios.append(taken["hub"]["cpu"] / taken["plain"]["cpu"])
    yield Figure(f"set {orders:,} levels in one call, CPU", median(ratios), "x insert", 10.0, 7.0, pairs)
