"""The table of currencies."""

import re
from typing import Any

import pytest

from hub_core.domain import currencies
from hub_core.domain.currencies import DIGITS


@pytest.mark.parametrize(
    ("currency", "digits"), [("USD", 2), ("EUR", 2), ("HUF", 2), ("JPY", 0), ("ISK", 0), ("KWD", 3)]
)
def test_a_currency_has_its_digits(currency: str, digits: int) -> None:
    assert DIGITS[currency] == digits


def test_codes_are_three_capital_letters() -> None:
    assert all(re.fullmatch("[A-Z]{3}", code) for code in DIGITS)


def test_no_currency_stands_in_two_lists() -> None:
    lists: Any = (currencies._TWO_DIGITS, currencies._NO_DIGITS, currencies._THREE_DIGITS)
    assert sum(len(codes.split()) for codes in lists) == len(DIGITS)
