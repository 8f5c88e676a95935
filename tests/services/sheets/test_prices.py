"""Prices from CSV files."""

import pytest

from hub_core.domain.errors import InputError
from hub_core.domain.money import Money
from hub_core.services.sheets import read_prices


def _read(text: str, currency: str | None = None) -> dict[tuple[str, str], str]:
    prices = read_prices(text.encode(), currency=currency).prices
    assert all(isinstance(price, Money) for price in prices.values())
    return {key: str(price.amount) for key, price in prices.items()}


@pytest.mark.parametrize(
    ("text", "currency"),
    [
        ("sku,price,currency\nA,12.5,usd\n", None),
        ("sku;Preis;Währung\nA;12,50;USD\n", None),
        ("sku,Price (USD)\nA,12.50\n", None),
        ("sku,price\nA,12.50\n", "usd"),
        ("sku,price,currency\nA,12.50,USD\n", "USD"),
        ("sku,price,currency\nA,12.50,\n", "USD"),
    ],
)
def test_the_currency_stands_in_a_column_in_its_name_or_is_given(text: str, currency: str | None) -> None:
    assert _read(text, currency) == {("A", "USD"): "12.50"}


def test_a_sku_may_have_a_price_in_each_currency() -> None:
    text = "sku,amount,currency\nA,12.50,USD\nA,11,EUR\nA,1500,JPY\n"
    assert _read(text) == {("A", "USD"): "12.50", ("A", "EUR"): "11.00", ("A", "JPY"): "1500"}


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("A,1.9999,USD", "has more than the 2 decimal places of USD"),
        ("A,1.5,JPY", "has more than the 0 decimal places of JPY"),
        ("A,0,USD", "must be above 0"),
        ("A,-1,USD", "must be above 0"),
        ("A,1,XXX", "The currency 'XXX' of 'A' is none; give a code of ISO 4217"),
        ("A,1,", "The currency of 'A' is empty"),
        ("A,,USD", "The price of 'A' is empty"),
        ("A,10000000000,USD", "no price that anybody could mean"),
        ("B,2,USD", "The price of 'B' in USD stands in line 2 already"),
    ],
)
def test_each_fault_is_a_sentence_that_names_the_line(row: str, said: str) -> None:
    with pytest.raises(InputError) as raised:
        _read(f"sku,price,currency\nB,1,USD\n{row}\n")
    assert str(raised.value).startswith("Line 3: ")
    assert said in str(raised.value)


def test_another_currency_than_the_one_asked_for_is_refused() -> None:
    with pytest.raises(InputError, match="Line 2: The price of 'A' is in USD, but EUR was asked for"):
        _read("sku,price,currency\nA,1,USD\n", "EUR")


@pytest.mark.parametrize(
    ("text", "currency", "said"),
    [
        ("sku,price\nA,1\n", None, r"no column for the currency: .* 'Currency' \(or give --currency\)"),
        ("sku,qty\nA,1\n", None, "no column for the price"),
        ("sku,price\nA,1\n", "EURO", "The currency 'EURO' is none"),
        ("sku,Price USD,Price EUR\nA,1,2\n", None, "Several columns may be the price: 'Price USD' and 'Price EUR'"),
    ],
)
def test_a_file_that_tells_too_little_is_refused(text: str, currency: str | None, said: str) -> None:
    with pytest.raises(InputError, match=said):
        _read(text, currency)
