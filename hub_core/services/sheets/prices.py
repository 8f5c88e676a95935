"""Prices from a CSV file."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from hub_core.domain.currencies import DIGITS
from hub_core.domain.errors import InputError
from hub_core.domain.money import Money
from hub_core.domain.prices import checked_price
from hub_core.domain.stock import checked_sku
from hub_core.services.sheets.faults import Fault, refuse, shown
from hub_core.services.sheets.figures import Mark
from hub_core.services.sheets.reading import Given, Reading


@dataclass(frozen=True, slots=True)
class PriceSheet:
    """Prices by SKU and currency, and the line of each; *ignored* and *notes* as of a LevelSheet."""

    prices: dict[tuple[str, str], Money]
    lines: dict[tuple[str, str], int]
    ignored: tuple[str, ...]
    notes: tuple[str, ...]


def read_prices(source: Path | bytes, *, currency: str | None = None, decimal: Mark | None = None) -> PriceSheet:
    """Read the prices in a file. Raises InputError with a sentence for each faulty line.

    *currency* is that of all prices, where no column tells it; where one does, it must be the same.
    """
    reading = Reading(source, ("SKU", "price", "currency"))
    reading.columns.need("SKU")
    reading.columns.need("price")
    wanted = None if currency is None else _code(currency)
    if wanted is None and reading.columns.currency is None:
        reading.columns.need("currency", " (or give --currency)")
    prices: dict[tuple[str, str], Money] = {}
    lines: dict[tuple[str, str], int] = {}
    faults: list[Fault] = []
    for given in reading.figures("price", decimal):
        try:
            sku, price = _price(given, wanted, reading.columns.currency)
        except InputError as error:
            faults.append(Fault(given.line, str(error)))
            continue
        key = (sku, price.currency)
        if key in lines:
            said = f"The price of {sku!r} in {price.currency} stands in line {lines[key]} already; leave out one."
            faults.append(Fault(given.line, said))
        lines.setdefault(key, given.line)
        prices[key] = price
    refuse(faults)
    return PriceSheet(prices, lines, reading.ignored, reading.notes)


def _price(given: Given, wanted: str | None, of_column: str | None) -> tuple[str, Money]:
    sku = checked_sku(given.sku)
    cell = given.cells.get("currency", "") or of_column or wanted or ""
    if not cell:
        raise InputError(f"The currency of {shown(sku)} is empty; write a code such as USD or EUR.")
    code = _code(cell, f" of {shown(sku)}")
    if wanted not in (None, code):
        raise InputError(f"The price of {shown(sku)} is in {code}, but {wanted} was asked for.")
    return sku, checked_price(sku, Money(amount=Decimal(given.number()), currency=code))


def _code(text: str, whose: str = "") -> str:
    code = text.strip().upper()
    if code not in DIGITS:
        raise InputError(f"The currency {shown(text)}{whose} is none; give a code of ISO 4217 such as USD or EUR.")
    return code
