"""Figures with their goals, as a table."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple


class Figure(NamedTuple):
    """What was measured *n* times, what it *must* not exceed, and what it should *aim* at."""

    name: str
    value: float
    unit: str
    must: float | None = None
    aim: float | None = None
    n: int = 1

    @property
    def missed(self) -> bool:
        """Tell whether it is more than it must be."""
        return self.must is not None and self.value > self.must

    def cells(self) -> tuple[str, ...]:
        """Write it as a row."""
        return (self.name, *(_written(one, self.unit) for one in (self.value, self.must, self.aim)), str(self.n))


HEAD = ("", "measured", "must", "aim", "n")


def _written(value: float | None, unit: str) -> str:
    if value is None:
        return ""
    return f"{value:.0f}" if unit == "" else f"{value:.1f} {unit}" if unit == "MB" else f"{value:.2f} {unit}"


def table(figures: Iterable[Figure]) -> str:
    """Write *figures* below one another; a missed goal is marked."""
    rows = [HEAD, *((*figure.cells()[:-1], figure.cells()[-1] + " MISSED" * figure.missed) for figure in figures)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(
            [row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))]
        )
        for row in rows
    )
