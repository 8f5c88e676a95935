"""The rules of prices."""

from decimal import Decimal

import pytest

from hub_core.domain.errors import InputError
from hub_core.domain.money import Money
from hub_core.domain.prices import change_percent, checked_price


@pytest.mark.parametrize(
    ("amount", "currency", "reason"),
    [
        ("0", "USD", "above 0"),
        ("-1", "USD", "above 0"),
        ("1.005", "USD", "more than the 2 decimal places"),
        ("1.5", "JPY", "more than the 0 decimal places"),
        ("1e12", "USD", "anybody could mean"),
    ],
)
def test_a_price_that_can_be_none_is_refused_with_the_reason(amount: str, currency: str, reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        checked_price("SKU-1", Money(amount=Decimal(amount), currency=currency))


def test_a_price_has_the_digits_of_its_currency() -> None:
    assert str(checked_price("SKU-1", Money(amount=Decimal("12.5"), currency="USD")).amount) == "12.50"
    assert str(checked_price("SKU-1", Money(amount=Decimal("1.250"), currency="KWD")).amount) == "1.250"


def test_a_change_is_told_in_percent_of_what_was_before() -> None:
    assert change_percent(Decimal(10), Decimal(13)) == 30
    assert change_percent(Decimal(10), Decimal(7)) == 30
    assert change_percent(Decimal(0), Decimal(7)) is None
