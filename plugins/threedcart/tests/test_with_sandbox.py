"""The whole way: the hub's client over loopback HTTP to a store that behaves like 3DCart's."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from decimal import Decimal
from typing import Any

import pytest

from hub_core import (
    Accepted,
    Listing,
    Outcome,
    PriceChange,
    Refused,
    RetryLater,
    Sibling,
    StockChange,
    StockChanges,
    Store,
    StoreHttp,
    UnavailableError,
    money,
)
from hub_core.testing import NoBudget
from hub_core.testing.clock import VirtualClock
from hub_core.testing.store.serving import serve
from hub_threedcart.channel import check_store, fetch_listings, push_prices, push_stock
from hub_threedcart.sandbox import API_ROOT, Sandbox
from hub_threedcart.settings import ThreeDCartApplication, ThreeDCartCredentials, ThreeDCartSettings

UNITS = 7
Key = tuple[int, int | None]


@pytest.fixture
def sandbox() -> Sandbox:
    return Sandbox(products=40, clock="2024-05-20T12:00:00", rate=False)


@pytest.fixture
async def shop(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, store: Store) -> AsyncIterator[Store]:
    """The hub's way to the first store of the sandbox."""
    with serve(sandbox) as root:
        monkeypatch.setenv("THREEDCART_API_URL", f"{root}{API_ROOT}")
        async with StoreHttp(budget=NoBudget(), clock=VirtualClock(), allow_private=True) as http:
            yield _store(sandbox, store, http)


def _store(sandbox: Sandbox, store: Store, http: StoreHttp) -> Store:
    there = sandbox.shop
    keys = {"public_key": "12" * 16, "private_key": there.private_key}
    return Store(
        http=http,
        settings=ThreeDCartSettings(store_url=there.address),
        application=ThreeDCartApplication.model_validate(keys),
        credentials=ThreeDCartCredentials.model_validate({"token": there.token}),
        timezone=store.timezone,
        currency="USD",
    )


def _key(listing: Listing) -> Key:
    handle: Any = listing.handle
    return (handle["catalog"], int(handle["code"]) if "code" in handle else None)


async def _listings(shop: Store) -> list[Listing]:
    return [
        one async for page in fetch_listings(shop, None) for record in page.records for one in page.read(record.raw)
    ]


def _changes(listings: Sequence[Listing]) -> list[StockChanges]:
    """Ask for the same units of all products, and of the first variant of each."""
    groups: dict[str, list[Listing]] = {}
    for listing in listings:
        groups.setdefault(listing.parent or listing.external_id, []).append(listing)
    return [
        StockChanges(
            members[0].parent,
            (StockChange(members[0].external_id, "S", Decimal(UNITS), members[0].handle),),
            tuple(Sibling(one.external_id, one.handle, one.stock) for one in members[1:]),
        )
        for members in groups.values()
    ]


async def _push(shop: Store, changes: Sequence[StockChanges]) -> dict[str, Outcome]:
    return {one.listing: one async for page in push_stock(shop, changes) for one in page}


def _puts(sandbox: Sandbox) -> list[str]:
    return [one["path"].rpartition("/v2/")[2] for one in sandbox.shop.meter.log if one["method"] == "PUT"]


async def test_everything_that_the_store_sells_becomes_a_listing_with_its_stock_and_price(
    sandbox: Sandbox, shop: Store
) -> None:
    goods = sandbox.shop.goods
    expected = {
        key: (Decimal(item.stock), item.price)
        for key, item in goods.items()
        if key[1] is not None or not goods[key[0] - goods[0].number].variants
    }
    found = {_key(one): (one.stock, one.price and one.price.amount) for one in await _listings(shop)}
    assert found == expected
    assert any(key[1] for key in found)


async def test_what_is_told_is_what_the_store_has_then_with_the_fewest_requests(sandbox: Sandbox, shop: Store) -> None:
    changes = _changes(await _listings(shop))
    outcomes = await _push(shop, changes)
    assert {type(one) for one in outcomes.values()} == {Accepted}
    families = [group for group in changes if group.parent]
    assert len(_puts(sandbox)) == len(families) + 1
    for product in sandbox.shop.goods:
        units = [max(0, one.stock) for one in product.variants]
        assert product.stock == (sum(units) if units else UNITS)
        assert not units or units[0] == UNITS


async def test_one_refused_and_one_unmentioned_item_among_many_are_told_apart(sandbox: Sandbox, shop: Store) -> None:
    changes = [group for group in _changes(await _listings(shop)) if not group.parent]
    refused, unmentioned = changes[3].changes[0].listing, changes[5].changes[0].listing
    sandbox.break_down("refuse_item", item=int(refused), count=None, options={"call_status": 400})
    sandbox.break_down("drop_result", item=int(unmentioned), count=None)
    outcomes = await _push(shop, changes)
    assert len(outcomes) == len(changes)
    assert [one for one, outcome in outcomes.items() if outcome != Accepted(one)] == [refused]
    assert isinstance(outcomes[refused], Refused)


async def test_after_a_lost_reply_the_same_figures_are_sent_again_without_harm(sandbox: Sandbox, shop: Store) -> None:
    changes = [group for group in _changes(await _listings(shop)) if not group.parent]
    fault = sandbox.break_down("lose_reply", method="PUT")
    with pytest.raises(UnavailableError):
        await _push(shop, changes)
    assert (fault.fired, len(_puts(sandbox))) == (1, 1)
    outcomes = await _push(shop, changes)
    assert {type(one) for one in outcomes.values()} == {Accepted}
    assert {sandbox.shop.goods.get(int(one)).stock for one in outcomes} == {UNITS}  # type: ignore[union-attr]


async def test_variants_wait_for_the_sum_of_a_product_that_is_refused(sandbox: Sandbox, shop: Store) -> None:
    (family, *_) = [group for group in _changes(await _listings(shop)) if group.parent]
    sandbox.break_down("refuse_item", item=int(family.parent or 0), path="*/Products", count=None)
    outcomes = await _push(shop, [family])
    assert [type(one) for one in outcomes.values()] == [RetryLater]


async def test_prices_are_what_the_store_asks_then(sandbox: Sandbox, shop: Store) -> None:
    listings = await _listings(shop)
    changes = [
        PriceChange(one.external_id, "S", money(Decimal("9.95"), "USD"), one.parent, one.handle) for one in listings
    ]
    outcomes = {one.listing: one async for page in push_prices(shop, changes) for one in page}
    assert outcomes == {one.external_id: Accepted(one.external_id) for one in listings}
    assert {one.price and one.price.amount for one in await _listings(shop)} == {Decimal("9.95")}


async def test_a_store_tells_whether_products_may_be_written(sandbox: Sandbox, shop: Store) -> None:
    assert (await check_store(shop)).missing_permissions == ()
    assert not sandbox.shop.writes.writes
    sandbox.shop.rights -= {"products:write", "orders:write"}
    assert (await check_store(shop)).missing_permissions == ("Orders: write", "Products: write")
