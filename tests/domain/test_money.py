"""Amounts: exact, and one written form for each."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from hub_core.domain.currencies import DIGITS
from hub_core.domain.money import Money, exact, money

NOISE = Decimal("0.000001")

currencies = st.sampled_from(sorted(DIGITS))
amounts = st.decimals(min_value=-(10**14), max_value=10**14, places=6, allow_nan=False, allow_infinity=False)
any_amounts = st.decimals(min_value=-(10**14), max_value=10**14, allow_nan=False, allow_infinity=False)


@given(amount=amounts, currency=currencies)
def test_an_amount_of_up_to_six_places_keeps_its_value(amount: Decimal, currency: str) -> None:
    assert exact(amount, currency) == amount


@given(amount=any_amounts, currency=currencies)
def test_what_lies_below_six_places_is_noise_and_rounded(amount: Decimal, currency: str) -> None:
    assert abs(exact(amount, currency) - amount) <= NOISE / 2


@given(amount=any_amounts, currency=currencies)
def test_the_written_form_stays_once_it_is_made(amount: Decimal, currency: str) -> None:
    once = exact(amount, currency)
    assert str(exact(once, currency)) == str(once)


@given(amount=amounts, currency=currencies)
def test_an_amount_is_written_the_same_however_the_store_wrote_it(amount: Decimal, currency: str) -> None:
    spellings = {str(amount), f"{amount:E}", f"{amount:f}000", str(amount.normalize())}
    assert len({str(exact(Decimal(text), currency)) for text in spellings}) == 1


@given(amount=any_amounts, currency=currencies)
def test_an_amount_has_the_digits_of_its_currency_and_more_only_where_they_mean_something(
    amount: Decimal, currency: str
) -> None:
    written = exact(amount, currency).as_tuple()
    assert isinstance(written.exponent, int)
    digits = -written.exponent
    assert digits == DIGITS[currency] or (digits > DIGITS[currency] and written.digits[-1] != 0)


@given(amount=any_amounts, currency=currencies)
def test_nothing_is_ever_minus_nothing(amount: Decimal, currency: str) -> None:
    written = exact(amount, currency)
    assert written != 0 or not written.is_signed()


@given(cents=st.integers(min_value=-(10**9), max_value=10**9))
def test_the_noise_of_binary_arithmetic_is_gone(cents: int) -> None:
    assert exact(Decimal(cents / 100), "USD") == Decimal(cents) / 100
    assert exact(Decimal(cents / 100 + 0.1 - 0.1), "USD") == Decimal(cents) / 100


@pytest.mark.parametrize(
    ("amount", "currency", "written"),
    [
        ("145", "USD", "145.00"),
        ("145.0", "USD", "145.00"),
        ("1.45E+2", "USD", "145.00"),
        ("145.0000", "JPY", "145"),
        ("1E+3", "JPY", "1000"),
        ("0.375", "USD", "0.375"),
        ("0.3750", "USD", "0.375"),
        ("1.5", "KWD", "1.500"),
        ("0.30000000000000004", "USD", "0.30"),
        ("-0.000000000001", "USD", "0.00"),
        ("-0", "JPY", "0"),
    ],
)
def test_examples_of_the_written_form(amount: str, currency: str, written: str) -> None:
    assert str(money(Decimal(amount), currency).amount) == written


@pytest.mark.parametrize("amount", ["NaN", "sNaN", "Infinity", "-Infinity", "1E+15", "-1E+15", "1E+999"])
def test_what_nobody_can_mean_is_no_amount(amount: str) -> None:
    with pytest.raises(ValueError, match="is no amount of money"):
        money(Decimal(amount), "USD")


@pytest.mark.parametrize("currency", ["", "usd", "$", "XXX", "DM"])
def test_an_unknown_currency_is_refused_with_examples(currency: str) -> None:
    with pytest.raises(ValidationError, match="is no currency; give a code of ISO 4217 such as USD or EUR"):
        Money(amount=Decimal(1), currency=currency)


def test_money_reads_back_from_its_json() -> None:
    price = money(Decimal("12.5"), "USD")
    assert price.model_dump_json() == '{"amount":"12.50","currency":"USD"}'
    assert Money.model_validate_json(price.model_dump_json()) == price
