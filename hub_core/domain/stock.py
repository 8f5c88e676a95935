"""Stock: what somebody set as the truth, what moved since, and what follows from it. Pure rules, no rows."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import ROUND_FLOOR, Decimal
from enum import StrEnum
from typing import Any, Final

from pydantic import AwareDatetime

from hub_core.domain.errors import InputError
from hub_core.domain.fact import Fact

NOTHING: Final = Decimal(0)
LONGEST_SKU: Final = 500
"""Characters: an index of PostgreSQL takes 2,700 bytes."""
_ONE: Final = Decimal(1)
_LAST_PLACE: Final = Decimal("0.001")
_LARGEST: Final = Decimal(10) ** 9
_SHOWN: Final = 60
_DIGITS: Final = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)")
"""What a person means as a number: neither an exponent nor a mark between digits."""


class Cause(StrEnum):
    """Why stock moved."""

    ORDER = "order"
    ADJUSTMENT = "adjustment"


class StockLevel(Fact):
    """The stock of one SKU. *available* is the *level* and all movements whose event is later than *after_event*.

    A SKU that only moved, and whose level nobody has set, has neither level nor available figure.
    """

    sku: str
    level: Decimal | None
    after_event: int | None
    available: Decimal | None
    changed_at: AwareDatetime | None


class Written(Fact):
    """What a call changed. *event* is the number that the change got, or the newest where nothing changed."""

    changed: int
    unchanged: int
    event: int


def sku_of(text: str | None) -> str | None:
    """Give a SKU as it is compared: trimmed, in its own case; None where nothing is left."""
    return (text or "").strip() or None


def checked_sku(text: object) -> str:
    """Give the SKU that somebody typed. Raises InputError where it can be none."""
    if not isinstance(text, str):
        raise InputError(f"A SKU is a text, but {_shown(text)} was given.", fields={"sku": "is no text"})
    sku = sku_of(text)
    if sku is None:
        raise InputError("A SKU is empty; name the article.", fields={"sku": "is empty"})
    if len(sku) > LONGEST_SKU:
        reason = f"has more than {LONGEST_SKU} characters"
    elif "\0" in sku or sku.encode(errors="replace").decode() != sku:
        reason = "holds a character that cannot be stored"
    else:
        return sku
    raise InputError(f"The SKU {_shown(sku)} {reason}.", fields={"sku": reason})


def checked_level(sku: str, value: object) -> Decimal:
    """Give the units that somebody set, from 0 on, with at most three decimal places. Raises InputError."""
    level = _checked_units(sku, value)
    if level < 0:
        raise _unfit(sku, value, "is below zero; oversold stock comes from orders and is never set")
    return level


def checked_adjustment(sku: str, value: object) -> Decimal:
    """Give the signed units by which somebody adjusts, with at most three decimal places. Raises InputError."""
    return _checked_units(sku, value)


def _checked_units(sku: str, value: object) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, (int, str, Decimal)):
        raise _unfit(sku, value, "is no number; give a whole number or a text such as '2.5'")
    text = value.strip() if isinstance(value, str) else None
    if text is not None and not _DIGITS.fullmatch(text):
        raise _unfit(sku, value, "is no number")
    units = Decimal(value if text is None else text)
    if not units.is_finite() or abs(units) >= _LARGEST:
        raise _unfit(sku, value, "is no number of units that anybody could mean")
    if units.quantize(_LAST_PLACE) != units:
        raise _unfit(sku, value, "has more than three decimal places")
    return plain(units)


def _unfit(sku: str, value: object, reason: str) -> InputError:
    return InputError(f"The stock {_shown(value)} of {_shown(sku)} {reason}.", fields={sku[:_SHOWN]: reason})


def _shown(value: object) -> str:
    if isinstance(value, str) and not value.isprintable():
        text = ascii(value)
    else:
        text = str(value) if isinstance(value, Decimal) else repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def plain(figure: Decimal) -> Decimal:
    """Give *figure* in its one written form, without trailing zeros or an exponent, so that equal ones look equal."""
    whole = figure.quantize(_ONE)
    return whole + 0 if whole == figure else figure.normalize()


def digits(figure: Decimal | None) -> str | None:
    """Write *figure* in its one form, as events and the audit log tell it; None where there is none."""
    return None if figure is None else f"{plain(figure):f}"


def wanted(line: Mapping[str, Any], *, order_cancelled: bool) -> Decimal:
    """Tell how many units a line of an order takes; *line* is that of an order document, or an OrderLine as one.

    The quantity less what was cancelled, nothing of a cancelled order, but never less than what has shipped. A line
    that the channel itself fulfils takes nothing. (That a bundle's parent takes nothing is told by its parts.)
    """
    if line["fulfilled_by"] != "merchant":
        return NOTHING
    quantity, cancelled, shipped = (Decimal(line[name]) for name in ("quantity", "cancelled", "shipped"))
    ordered = NOTHING if order_cancelled else quantity - cancelled
    return plain(max(ordered, shipped, NOTHING))


def stock_target(available: Decimal, *, buffer: Decimal, maximum: Decimal | None, fractions: bool) -> Decimal:
    """Tell what a store should be told: never below zero, whole units unless the listing allows *fractions*."""
    units = available - buffer
    if maximum is not None:
        units = min(units, maximum)
    units = max(units, NOTHING)
    return plain(units if fractions else units.to_integral_value(ROUND_FLOOR))
