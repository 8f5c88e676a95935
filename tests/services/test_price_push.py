"""Telling stores prices: regular against regular, within limits, and not too much at once without a person."""

from decimal import Decimal

import pytest

from hub_core.domain.errors import ConflictError, NotFoundError
from hub_core.domain.integrations import Flow
from tests.hubs import told
from tests.stockshop.desk import StockDesk


async def ruled(desk: StockDesk, **rules: object) -> None:
    await desk.hub.integrations.change(desk.integration.id, rules=rules)


async def test_a_price_is_told_in_the_stores_currency_only(desk: StockDesk) -> None:
    desk.shop.articles["b"].currency = "EUR"
    await desk.read_listings()
    await desk.prices(a="11.00", b="11.00")
    run = await desk.push(Flow.PRICES)
    assert (run.counts.accepted, desk.shop.figures("a"), desk.shop.figures("b")) == (1, [Decimal("11.00")], [])
    (said,) = await told(desk.hub, "price.pushed")
    assert (said["external_id"], said["from"], said["to"]) == ("a", "10", "11")


async def test_many_prices_before_the_push_become_one_send(desk: StockDesk) -> None:
    for price in ("10.50", "10.75", "11.25"):
        await desk.prices(a=price)
    await desk.push(Flow.PRICES)
    assert desk.shop.figures("a") == [Decimal("11.25")]


async def test_a_price_that_changes_by_more_than_goes_without_a_person_is_held(desk: StockDesk) -> None:
    await desk.prices(a="13.01", b="13.00")
    run = await desk.push(Flow.PRICES)
    assert (run.counts.waiting, desk.shop.figures("a"), desk.shop.figures("b")) == (1, [], [13])
    listing = await desk.hub.listings.get(desk.listing("a")["id"])
    assert (listing.state, "confirm" in listing.reason) == ("held", True)
    assert not await desk.is_due(Flow.PRICES)


async def test_prices_are_written_in_the_digits_of_their_currency(desk: StockDesk) -> None:
    await desk.prices(a="12.50", b="13.50")
    await ruled(desk, price_floor="12.60")
    await desk.push(Flow.PRICES)
    below, too_much = [await desk.hub.listings.get(desk.listing(name)["id"]) for name in "ab"]
    assert below.reason.startswith("12.50 USD is below the floor of 12.60;")
    assert too_much.reason.startswith("13.50 USD changes the price of 10.00 by 35 %")


async def test_a_price_that_was_changed_in_the_store_is_written_in_the_digits_of_its_currency(desk: StockDesk) -> None:
    await desk.prices(a="10.00")
    desk.shop.articles["a"].price = Decimal("10.5")
    await desk.read_listings()
    assert desk.row("a", Flow.PRICES)["reason"] == "The store was found to have 10.50 where 10.00 was expected."


async def test_a_held_price_goes_once_it_is_confirmed(desk: StockDesk) -> None:
    await desk.prices(a="20.00")
    await desk.push(Flow.PRICES)
    await desk.hub.listings.confirm(desk.listing("a")["id"])
    await desk.push(Flow.PRICES)
    assert desk.shop.figures("a") == [20]
    (said,) = await told(desk.hub, "price.confirmed")
    assert (said["from"], said["to"]) == ("10", "20")


async def test_a_price_is_confirmed_ahead_of_the_push_that_would_hold_it(desk: StockDesk) -> None:
    await desk.prices(a="20.00")
    await desk.hub.listings.confirm(desk.listing("a")["id"])
    await desk.push(Flow.PRICES)
    assert desk.shop.figures("a") == [20]


async def test_a_confirmation_does_not_count_for_another_price(desk: StockDesk) -> None:
    await desk.prices(a="20.00")
    await desk.push(Flow.PRICES)
    await desk.hub.listings.confirm(desk.listing("a")["id"])
    await desk.prices(a="90.00")
    await desk.push(Flow.PRICES)
    assert desk.shop.figures("a") == []


async def test_nothing_is_confirmed_where_nothing_is_held(desk: StockDesk) -> None:
    with pytest.raises(ConflictError, match="nothing is to be done"):
        await desk.hub.listings.confirm(desk.listing("a")["id"])
    with pytest.raises(NotFoundError):
        await desk.hub.listings.confirm(999)


@pytest.mark.parametrize(("price", "word"), [("9.49", "floor"), ("10.51", "ceiling")])
async def test_a_price_beyond_a_limit_is_not_sent(desk: StockDesk, price: str, word: str) -> None:
    await ruled(desk, price_floor="9.5", price_ceiling="10.5")
    await desk.prices(a=price, b="10.50")
    await desk.push(Flow.PRICES)
    assert (desk.shop.figures("a"), desk.shop.figures("b")) == ([], [Decimal("10.5")])
    assert (desk.stands("a", Flow.PRICES)[2], word in desk.row("a", Flow.PRICES)["reason"]) == ("limit", True)


async def test_a_price_that_was_changed_in_the_store_is_said_once_and_mended(desk: StockDesk) -> None:
    await desk.prices(a="11.00")
    await desk.push(Flow.PRICES)
    desk.shop.articles["a"].price = Decimal("12.00")
    desk.clock.advance(5)
    await desk.read_listings()
    await desk.push(Flow.PRICES)
    assert desk.shop.articles["a"].price == 11
    assert [said["from"] for said in await told(desk.hub, "price.drifted")] == ["12"]
