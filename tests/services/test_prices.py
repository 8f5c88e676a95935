"""Setting prices, and what stores are to be told of them."""

from decimal import Decimal

import pytest

from hub_core import Hub, InputError, Money
from hub_core.services.prices import price_of
from hub_core.storage.tables import prices
from tests.hubs import connected, rows, told
from tests.services.listed import listed, target


def usd(amount: str) -> Money:
    return Money(amount=Decimal(amount), currency="USD")


def eur(amount: str) -> Money:
    return Money(amount=Decimal(amount), currency="EUR")


async def test_a_sku_has_one_price_in_each_currency(hub: Hub) -> None:
    written = await hub.prices.set([("A", usd("12.5")), ("A", eur("11"))])
    assert (written.changed, written.unchanged) == (2, 0)
    found = [(price.sku, str(price.price.amount), price.price.currency) async for price in hub.prices.find()]
    assert found == [("A", "11.00", "EUR"), ("A", "12.50", "USD")]


async def test_a_price_that_is_the_same_already_changes_nothing(hub: Hub) -> None:
    first = await hub.prices.set([("A", usd("12.5"))])
    again = await hub.prices.set([("A", usd("12.50"))])
    assert (again.changed, again.unchanged, again.event) == (0, 1, first.event)
    assert await told(hub, "price.set") == [
        {"type": "price.set", "price": "12.5", "before": None, "currency": "USD"},
    ]


async def test_a_store_is_told_the_price_in_its_own_currency_only(hub: Hub) -> None:
    shop = await connected(hub)
    (dollars,), (euros,) = listed(hub, shop.id, "A"), listed(hub, shop.id, "A", external_id="other", currency="EUR")
    await hub.prices.set([("A", usd("12.5"))])
    assert (target(hub, dollars, "prices"), target(hub, euros, "prices")) == (Decimal("12.5"), None)
    await hub.prices.set([("A", eur("11"))])
    assert [target(hub, one, "prices") for one in (dollars, euros)] == [Decimal("12.5"), 11]


async def test_all_faults_are_told_and_nothing_is_half_done(hub: Hub) -> None:
    with pytest.raises(InputError, match="above 0") as bad:
        await hub.prices.set([("A", usd("1")), ("B", usd("-1")), ("C", usd("1.005"))])
    assert set(bad.value.fields) == {"B", "C"}
    assert rows(hub, prices) == []


async def test_two_prices_in_one_currency_are_refused(hub: Hub) -> None:
    with pytest.raises(InputError, match="is given twice"):
        await hub.prices.set([("A", usd("1")), ("A ", usd("2"))])


@pytest.mark.parametrize(("amount", "currency"), [("x", "USD"), ("", "USD"), ("1", "XYZ"), ("1", "")])
def test_what_is_typed_and_is_no_price_is_refused(amount: str, currency: str) -> None:
    with pytest.raises(InputError, match="'A'"):
        price_of("A", amount, currency)


def test_a_price_is_typed_with_its_currency_in_any_case() -> None:
    assert price_of("A", " 12.50 ", "usd") == usd("12.50")
