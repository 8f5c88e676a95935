"""`hub prices` and `hub prices set`."""

import pytest

from tests.cli.conftest import HubCommand


def test_a_price_is_set_and_listed(hub: HubCommand) -> None:
    assert hub("prices", "set", "A", "12.5", "usd").out == "A: 12.50 USD from now on.\n"
    assert hub("prices", "set", "A", "12.50", "USD").out == "A: 12.50 USD as before; nothing was changed.\n"
    assert hub("prices", "set", "A", "1500", "JPY", "--json").json == {"changed": 1, "unchanged": 0, "event": 2}
    heading, *rows = hub("prices").out.splitlines()
    assert heading.split() == ["SKU", "PRICE", "SET"]
    assert [row.split()[:3] for row in rows] == [["A", "1500", "JPY"], ["A", "12.50", "USD"]]


def test_options_choose_among_them(hub: HubCommand) -> None:
    for sku in ("A", "BA", "C"):
        hub("prices", "set", sku, "1", "USD")
    assert [price["sku"] for price in hub("prices", "--sku", "A", "--json").json] == ["A", "BA"]
    assert [price["sku"] for price in hub("prices", "--limit", "1", "--json").json] == ["A"]


def test_without_prices_it_says_how_to_set_one(hub: HubCommand) -> None:
    ended = hub("prices")
    assert (ended.code, ended.out) == (0, "")
    assert "hub prices set SKU AMOUNT CURRENCY" in ended.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("A", "-3", "USD"), "must be above 0"),
        (("A", "0", "USD"), "must be above 0"),
        (("A", "x", "USD"), "is no number"),
        (("A", "3.999", "USD"), "more than the 2 decimal places of USD"),
        (("A", "3", "XYZ"), "'XYZ' is no currency"),
        (("", "3", "USD"), "A SKU is empty"),
    ],
)
def test_what_cannot_be_is_said_in_a_sentence(hub: HubCommand, arguments: tuple[str, ...], said: str) -> None:
    ended = hub("prices", "set", *arguments)
    assert (ended.code, ended.out) == (1, "")
    assert said in ended.err
    assert len(ended.err.splitlines()) == 1
    assert hub("prices", "--json").json == []
