"""Amounts and quantities in their one written form, made once for each value, since the same ones recur."""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from hub_core import Money, money

_ONE: Final = Decimal(1)
_LARGEST: Final = Decimal(10) ** 15


class Locale(NamedTuple):
    """What the figures and times of a store are meant in."""

    currency: str
    zone: ZoneInfo


@lru_cache(maxsize=8192)
def amount(figure: Decimal, currency: str) -> Money:
    """Make money of *figure*. Raises ValueError where nobody could mean it."""
    return money(figure, currency)


@lru_cache(maxsize=1024)
def quantity(figure: Decimal) -> Decimal:
    """Bring a quantity into its shortest form, so that 2 and 2.0 are the same text.

    Raises ValueError where nobody could mean it.
    """
    if not figure.is_finite() or abs(figure) >= _LARGEST:
        raise ValueError(f"{figure} is no quantity")
    whole = figure.quantize(_ONE)
    return whole + 0 if whole == figure else figure.normalize()
