"""Prices: one for each SKU and currency; a store gets the one in its own, and none is converted."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from pydantic import AwareDatetime

from hub_core.domain.currencies import DIGITS
from hub_core.domain.errors import InputError
from hub_core.domain.fact import Fact
from hub_core.domain.money import Money, money

_HUNDRED: Final = Decimal(100)
_LARGEST: Final = Decimal(10) ** 9
_SHOWN: Final = 60


class Price(Fact):
    """What a SKU costs in one currency."""

    sku: str
    price: Money
    changed_at: AwareDatetime


def change_percent(before: Decimal, after: Decimal) -> Decimal | None:
    """Tell by how many percent a price changes, without its sign; None where it was nothing before."""
    return None if before == 0 else abs(after - before) * _HUNDRED / abs(before)


def checked_price(sku: str, price: Money) -> Money:
    """Give a price that somebody set, above 0 and in no more digits than its currency has. Raises InputError."""
    amount = price.amount
    digits = DIGITS[price.currency]
    if not amount.is_finite() or not 0 < amount < _LARGEST:
        reason = "must be above 0" if amount.is_finite() and amount <= 0 else "is no price that anybody could mean"
    elif amount != amount.quantize(Decimal(1).scaleb(-digits)):
        reason = f"has more than the {digits} decimal places of {price.currency}"
    else:
        return money(amount, price.currency)
    raise InputError(f"The price {amount} {price.currency} of {sku!r} {reason}.", fields={sku[:_SHOWN]: reason})
