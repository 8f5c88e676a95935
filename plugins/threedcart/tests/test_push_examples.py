"""Every exchange of the examples that writes products, through the hub's own client."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import httpx
import pytest
import respx

from hub_core import Accepted, PriceChange, Refused, StockChange, StockChanges, Store, money
from hub_threedcart.channel import push_prices, push_stock

API = "https://apirest.3dcart.com/3dCartWebAPI/v2"
Example = Callable[[str], Any]


def _exchange(api: respx.MockRouter, exchange: dict[str, Any]) -> respx.Route:
    """Let the platform answer like the example; written one by one or many together, results look the same."""
    path = exchange["request"]["path"].partition("/v2/")[2]
    many = path.removesuffix("/11").removesuffix("/5")
    answer = exchange["response"]
    return api.put(f"{API}/{many}").mock(return_value=httpx.Response(answer["status"], json=answer["body"]))


async def _stock(store: Store, *changes: tuple[str, int], parent: str | None = None) -> dict[str, Any]:
    each = [StockChange(listing, "S", Decimal(units)) for listing, units in changes]
    groups = [StockChanges(parent, tuple(each))] if parent else [StockChanges(None, (one,)) for one in each]
    return {one.listing: one async for page in push_stock(store, groups) for one in page}


async def test_the_stock_of_many_products(api: respx.MockRouter, example: Example, store: Store) -> None:
    route = _exchange(api, example("put_products_bulk_stock"))
    outcomes = await _stock(store, ("11", 55), ("12", 0))
    assert outcomes == {"11": Accepted("11"), "12": Accepted("12")}
    (asked,) = [json.loads(call.request.content) for call in route.calls]
    sent = [entry["SKUInfo"] for entry in example("put_products_bulk_stock")["request"]["body"]]
    assert asked == [
        {"SKUInfo": {"CatalogID": one["CatalogID"], "Stock": one["Stock"]}} for one in sent
    ]  # without the SKU, by which a product is not known for certain


async def test_the_stock_of_one_product(api: respx.MockRouter, example: Example, store: Store) -> None:
    route = _exchange(api, example("put_product_single_stock"))
    assert await _stock(store, ("11", 53)) == {"11": Accepted("11")}
    assert json.loads(route.calls.last.request.content) == [{"SKUInfo": {"CatalogID": 11, "Stock": 53}}]


async def test_products_of_which_one_does_not_exist(api: respx.MockRouter, example: Example, store: Store) -> None:
    exchange = example("put_products_bulk_partial_206")
    route = _exchange(api, exchange)
    outcomes = await _stock(store, ("11", 54), ("999999", 3))
    assert outcomes == {
        "11": Accepted("11"),
        "999999": Refused("999999", "3DCart has no product 999999 any more; read the listings again."),
    }
    assert json.loads(route.calls.last.request.content) == exchange["request"]["body"]
    assert route.call_count == 1


async def test_the_stock_of_many_variants(api: respx.MockRouter, example: Example, store: Store) -> None:
    exchange = example("put_advanced_options_bulk")
    route = _exchange(api, exchange)
    parent = api.put(f"{API}/Products").respond(json=[{"Key": "CatalogID", "Value": "11", "Status": "200"}])
    outcomes = await _stock(store, ("11/5", 9), ("11/6", 40), parent="11")
    assert outcomes == {"11/5": Accepted("11/5"), "11/6": Accepted("11/6")}
    assert json.loads(route.calls.last.request.content) == exchange["request"]["body"]
    assert json.loads(parent.calls.last.request.content) == [{"SKUInfo": {"CatalogID": 11, "Stock": 49}}]


async def test_the_stock_of_one_variant(api: respx.MockRouter, example: Example, store: Store) -> None:
    route = _exchange(api, example("put_advanced_option_single"))
    api.put(f"{API}/Products").respond(json=[{"Key": "CatalogID", "Value": "11", "Status": "200"}])
    assert await _stock(store, ("11/5", 9), parent="11") == {"11/5": Accepted("11/5")}
    assert json.loads(route.calls.last.request.content) == [{"AdvancedOptionCode": "5", "AdvancedOptionStock": 9}]


async def test_the_price_of_a_product_without_its_sale(api: respx.MockRouter, example: Example, store: Store) -> None:
    route = _exchange(api, example("put_products_bulk_price"))
    change = PriceChange("11", "TEE", money(Decimal(21), "USD"))
    assert [list(page) async for page in push_prices(store, [change])] == [[Accepted("11")]]
    assert json.loads(route.calls.last.request.content) == [{"SKUInfo": {"CatalogID": 11, "Price": 21}}]


@pytest.mark.parametrize(
    ("told", "figure"), [(("12", None), 15), (("11", None), 60), (("11/6", "11"), 42)], ids=range(3)
)
async def test_what_the_examples_hold_is_found_when_it_is_read_back(
    told: tuple[str, str | None], figure: int, api: respx.MockRouter, example: Example, store: Store
) -> None:
    api.put(url__startswith=f"{API}/Products").respond(200)
    for row in example("products_skuinfo_list"):
        api.get(f"{API}/Products/{row['CatalogID']}/skuinfo").respond(json=[row])
    api.get(f"{API}/Products/11/AdvancedOptions").respond(json=example("advanced_options_list"))
    api.put(f"{API}/Products/11/AdvancedOptions").respond(200)
    listing, parent = told
    changes = [StockChanges(parent, (StockChange(listing, "S", Decimal(figure)),))]
    bare = replace(store, settings=store.settings.model_copy(update={"write_parent_stock": False}))
    assert [one async for page in push_stock(bare, changes) for one in page] == [Accepted(listing)]
