"""Stock levels from a CSV file."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from hub_core.domain.errors import InputError
from hub_core.domain.stock import checked_level, checked_sku
from hub_core.services.sheets.faults import Fault, refuse
from hub_core.services.sheets.figures import Mark
from hub_core.services.sheets.reading import Given, Reading


@dataclass(frozen=True, slots=True)
class LevelSheet:
    """Levels by SKU, and the line of each. *ignored* columns were not read; *notes* are for the person to know."""

    levels: dict[str, Decimal]
    lines: dict[str, int]
    ignored: tuple[str, ...]
    notes: tuple[str, ...]


def read_levels(source: Path | bytes, *, decimal: Mark | None = None) -> LevelSheet:
    """Read the levels in a file. Raises InputError with a sentence for each faulty line.

    *decimal* is the mark before decimals, where the figures themselves do not tell.
    """
    reading = Reading(source, ("SKU", "quantity"))
    levels: dict[str, Decimal] = {}
    lines: dict[str, int] = {}
    faults: list[Fault] = []
    for given in reading.figures("quantity", decimal):
        try:
            sku, units = _level(given)
        except InputError as error:
            faults.append(Fault(given.line, str(error)))
            continue
        if sku in lines:
            faults.append(Fault(given.line, f"The SKU {sku!r} stands in line {lines[sku]} already; leave out one."))
        lines.setdefault(sku, given.line)
        levels[sku] = units
    refuse(faults)
    return LevelSheet(levels, lines, reading.ignored, reading.notes)


def _level(given: Given) -> tuple[str, Decimal]:
    sku = checked_sku(given.sku)
    return sku, checked_level(sku, given.number())
