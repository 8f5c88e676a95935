"""Amounts of money: exact, and always with their currency."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Final

from pydantic import AfterValidator

from hub_core.domain.currencies import DIGITS
from hub_core.domain.fact import Fact

_NOISE: Final = Decimal("0.000001")
_UNITS: Final = {currency: Decimal(1).scaleb(-digits) for currency, digits in DIGITS.items()}
_LARGEST: Final = Decimal(10) ** 15


def _currency(code: str) -> str:
    if code not in DIGITS:
        message = f"'{code}' is no currency; give a code of ISO 4217 such as USD or EUR"
        raise ValueError(message)
    return code


Currency = Annotated[str, AfterValidator(_currency)]


class Money(Fact):
    """An exact *amount* in one *currency*."""

    amount: Decimal
    currency: Currency


def exact(amount: Decimal, currency: str) -> Decimal:
    """Bring *amount* into its one written form: the currency's digits, more only where they mean something.

    So `145`, `145.0` and `145.00` are the same text, and the noise of binary arithmetic (below 10^-6) is gone.
    Raises ValueError where it is no amount that anybody could mean.
    """
    if not amount.is_finite() or abs(amount) >= _LARGEST:
        message = f"{amount} is no amount of money"
        raise ValueError(message)
    unit = _UNITS[currency]
    short = amount.quantize(unit)
    if short == amount:
        return short + 0
    cut = amount.quantize(_NOISE)
    short = cut.quantize(unit)
    return (short if short == cut else cut.normalize()) + 0


def written(amount: Decimal, currency: str | None) -> str:
    """Write a figure for a sentence: in the digits of its *currency*, or plainly where it has none."""
    return f"{amount if currency is None else exact(amount, currency):f}"


def money(amount: Decimal, currency: str) -> Money:
    """Make money of a figure as a shop sends it."""
    return Money(amount=exact(amount, currency), currency=currency)
