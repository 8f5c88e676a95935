"""What orders do to the stock of the store, and what goes wrong with its writes."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub_threedcart.sandbox import API_ROOT, Sandbox, ThreeDCartShop

Ask = Any


def levels(shop: ThreeDCartShop) -> list[Decimal]:
    return [Decimal(item.stock) for _, item in shop.goods.items()]


async def put(client: httpx.AsyncClient, shop: ThreeDCartShop, *stocks: tuple[int, int]) -> httpx.Response:
    body = [{"SKUInfo": {"CatalogID": number, "Stock": stock}} for number, stock in stocks]
    return await client.put(f"{API_ROOT}/v2/Products", json=body, headers=dict(shop.headers))


async def test_an_order_lowers_the_stock_that_is_read(sandbox: Sandbox, ask: Ask) -> None:
    before = sandbox.shop.goods[0].stock
    sandbox.place(sku=sandbox.shop.goods[0].sku, quantity=3)
    (row,) = (await ask("/Products/11/skuinfo")).json()
    assert row["Stock"] == before - 3


async def test_an_order_of_a_variant_lowers_it_and_its_product(sandbox: Sandbox, ask: Ask) -> None:
    product = sandbox.shop.goods[1]
    order_id = sandbox.place(sku=product.variants[1].sku, quantity=2)
    (line,) = (await ask(f"/Orders/{order_id}")).json()[0]["OrderItemList"]
    (found,) = (await ask("/Products/12")).json()
    option = found["AdvancedOptionList"][1]
    assert (line["ItemID"], line["CatalogID"]) == (option["AdvancedOptionSufix"], 12)
    assert line["ItemOptions"] == f",{option['AdvancedOptionCode']}"
    assert line["ItemUnitStock"] == product.variants[1].stock
    assert option["AdvancedOptionStock"] == product.variants[1].stock - 2
    assert found["SKUInfo"]["Stock"] == product.stock - 2


def test_a_cancelled_order_gives_back_and_a_reinstated_one_takes_again(sandbox: Sandbox) -> None:
    before = levels(sandbox.shop)
    order_id = sandbox.place(sku=sandbox.shop.goods[1].variants[0].sku)
    taken = levels(sandbox.shop)
    sandbox.edit(order_id, status="cancelled")
    assert levels(sandbox.shop) == before != taken
    sandbox.edit(order_id, status="processing")
    assert levels(sandbox.shop) == taken


def test_a_store_that_does_not_restock_keeps_what_a_cancelled_order_took() -> None:
    sandbox = Sandbox(products=5, restock=False)
    order_id = sandbox.place(sku=sandbox.shop.goods[0].sku)
    taken = levels(sandbox.shop)
    for status in ("cancelled", "new"):
        sandbox.edit(order_id, status=status)
        assert levels(sandbox.shop) == taken


def test_a_cart_takes_nothing_until_it_is_an_order(sandbox: Sandbox) -> None:
    before = levels(sandbox.shop)
    order_id = sandbox.place(status="cart", sku=sandbox.shop.goods[0].sku)
    assert levels(sandbox.shop) == before
    sandbox.edit(order_id, status="unpaid")
    assert levels(sandbox.shop) == [before[0] - 1, *before[1:]]


def test_changed_lines_give_back_the_old_and_take_the_new(sandbox: Sandbox) -> None:
    first, third = sandbox.shop.goods[0], sandbox.shop.goods[2]
    order_id = sandbox.place(sku=first.sku, quantity=2)
    sandbox.edit(order_id, lines=[{"sku": third.sku, "quantity": 4}])
    assert (sandbox.shop.goods[0].stock, sandbox.shop.goods[2].stock) == (first.stock, third.stock - 4)


def test_of_a_bundle_its_parts_are_taken(sandbox: Sandbox) -> None:
    sandbox.place(members={"OrderItemList": [
        {"CatalogID": 16, "ItemQuantity": 2, "ItemOptions": ",500", "ItemCatalogIDOptions": ",500"},
        {"CatalogID": 11, "ItemQuantity": 2, "ItemOptions": ""},
    ]}, sku="BY-HAND")  # fmt: skip
    fresh = Sandbox(orders=0, products=12, clock="2024-05-20T12:00:00")
    changed = {
        number: sandbox.shop.goods[number - 11].stock - fresh.shop.goods[number - 11].stock for number in range(11, 23)
    }
    assert {number: change for number, change in changed.items() if change} == {11: -2}


@pytest.mark.parametrize(
    "line", ["x", {"CatalogID": None}, {"CatalogID": 11, "ItemQuantity": "three"}, {"CatalogID": 0}, {}], ids=str
)
def test_a_broken_line_takes_nothing(sandbox: Sandbox, line: Any) -> None:
    before = levels(sandbox.shop)
    sandbox.place(sku="BY-HAND", members={"OrderItemList": [line]})
    assert levels(sandbox.shop) == before


def test_orders_of_the_past_are_not_in_stock_any_more() -> None:
    shops = [Sandbox(orders=orders, products=10, clock="2024-05-20T12:00:00").shop for orders in (0, 30)]
    assert levels(shops[0]) == levels(shops[1])


@settings(max_examples=40)  # each example builds a store
@given(
    st.lists(
        st.tuples(st.sampled_from(["place", "cancelled", "new", "cart"]), st.integers(0, 5), st.integers(1, 9)),
        max_size=12,
    )
)
def test_the_stock_is_always_the_first_one_less_what_standing_orders_hold(steps: list[tuple[str, int, int]]) -> None:
    sandbox = Sandbox(products=6, clock="2024-05-20T12:00:00")
    first = {product.sku: product.stock for product in sandbox.shop.goods}
    orders: list[tuple[int, str, int]] = []
    states: dict[int, str] = {}
    for step, place, quantity in steps:
        if step == "place":
            sku = sandbox.shop.goods[place].sku
            order_id = sandbox.place(sku=sku, quantity=quantity)
            orders.append((order_id, sku, quantity))
            states[order_id] = "new"
        elif orders:
            order_id = orders[place % len(orders)][0]
            sandbox.edit(order_id, status=step)
            states[order_id] = step
    for order_id, sku, quantity in orders:
        parts = next(product.parts for product in sandbox.shop.goods if product.sku == sku)
        for taken in parts or (sku,):
            first[taken] -= 0 if states[order_id] in ("cancelled", "cart") else quantity
    bundles = {product.sku for product in sandbox.shop.goods if product.parts}
    for product in sandbox.shop.goods:
        if product.sku not in bundles:
            assert product.stock == first[product.sku]


def test_stores_with_shared_products_sell_the_same_under_their_own_ids() -> None:
    one, two = Sandbox(stores=2, products=30, shared_products=True, seed=5).shops.values()
    told = [[(item.sku, item.stock, item.price) for _, item in shop.goods.items()] for shop in (one, two)]
    assert told[0] == told[1]
    assert {key for key, _ in one.goods.items()}.isdisjoint(key for key, _ in two.goods.items())
    other = Sandbox(products=30, shared_products=True, seed=6).shop
    assert [product.sku for product in other.goods] == [product.sku for product in one.goods]


def test_without_that_they_do_not() -> None:
    one, two = Sandbox(stores=2, products=30).shops.values()
    assert [product.sku for product in one.goods] != [product.sku for product in two.goods]


async def test_refused_items_fail_alone(client: httpx.AsyncClient, sandbox: Sandbox) -> None:
    sku = sandbox.shop.goods[2].sku
    sandbox.break_down("refuse_item", item=sku, message="Locked")
    answer = await put(client, sandbox.shop, (11, 1), (13, 2))
    assert answer.status_code == 206
    assert answer.json()[1] == {"Key": "Error", "Value": "13", "Status": "400", "Message": "Locked"}
    assert sandbox.shop.goods[0].stock == 1
    assert sandbox.shop.goods[2].stock != 2


async def test_a_failure_may_be_told_in_other_ways(client: httpx.AsyncClient, sandbox: Sandbox) -> None:
    sandbox.break_down("refuse_item", item=11, key="CatalogID", status="500", call_status=200)
    answer = await put(client, sandbox.shop, (11, 1), (13, 2))
    assert answer.status_code == 200
    assert [(one["Key"], one["Status"]) for one in answer.json()] == [("CatalogID", "500"), ("CatalogID", "200")]


async def test_a_refused_single_call_has_no_list_of_results(client: httpx.AsyncClient, sandbox: Sandbox) -> None:
    sandbox.break_down("refuse_item", item=11)
    path = f"{API_ROOT}/v2/Products/11"
    answer = await client.put(path, json={"SKUInfo": {"Stock": 1}}, headers=dict(sandbox.shop.headers))
    assert (answer.status_code, answer.content) == (400, b"")


async def test_a_bulk_with_a_bad_item_is_refused_as_a_whole(client: httpx.AsyncClient, sandbox: Sandbox) -> None:
    sandbox.break_down("refuse_bulk", item=13)
    answers = [await put(client, sandbox.shop, *some) for some in ([(11, 1), (13, 2)], [(11, 1)], [(13, 2)])]
    assert [answer.status_code for answer in answers] == [400, 200, 400]
    assert sandbox.shop.goods[0].stock == 1


async def test_a_result_is_left_out(client: httpx.AsyncClient, sandbox: Sandbox) -> None:
    sandbox.break_down("drop_result", item=13)
    answer = await put(client, sandbox.shop, (11, 1), (13, 2))
    assert (answer.status_code, [one["Value"] for one in answer.json()]) == (200, ["11"])
    assert sandbox.shop.goods[2].stock == 2


async def test_a_sale_happens_between_two_writes(client: httpx.AsyncClient, sandbox: Sandbox) -> None:
    sandbox.break_down("order", method="PUT", path="*/products", skip=1, sku=sandbox.shop.goods[0].sku, quantity=2)
    await put(client, sandbox.shop, (11, 50))
    await put(client, sandbox.shop, (13, 1))
    assert sandbox.shop.goods[0].stock == 48


async def test_stock_is_set_and_told_by_sku(sandbox: Sandbox) -> None:
    sku = sandbox.shop.goods[0].sku
    sandbox.set_item(sku=sku, stock=77)
    assert sandbox.stock_of(sku) == 77
    with pytest.raises(KeyError):
        sandbox.stock_of("NONE")
