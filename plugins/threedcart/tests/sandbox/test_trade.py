"""What a generated store looks like, and what can be done to it."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Any

import pytest

from hub_threedcart.sandbox import Sandbox

Ask = Any
CLOCK = "2024-05-20T12:00:00"


def order(sandbox: Sandbox, order_id: int) -> dict[str, Any]:
    record = sandbox.shop.orders.get(order_id)
    assert record is not None
    members: dict[str, Any] = json.loads(record.text)
    return members


@pytest.fixture(scope="module")
def orders() -> list[dict[str, Any]]:
    sandbox = Sandbox(orders=1500, products=60, clock=CLOCK)
    return [order(sandbox, order_id) for order_id in sandbox.shop.orders.keys]


def test_the_same_seed_makes_the_same_store() -> None:
    first, again, other = (Sandbox(orders=20, clock=CLOCK, seed=seed) for seed in (7, 7, 8))
    texts = [[record.text for record in one.shop.orders.select("", lambda _: True)] for one in (first, again, other)]
    assert texts[0] == texts[1] != texts[2]
    assert first.shop.token == again.shop.token != other.shop.token


def test_order_ids_do_not_follow_the_time_of_order(orders: list[dict[str, Any]]) -> None:
    dates = [order["OrderDate"] for order in orders]
    assert dates != sorted(dates)


def test_some_orders_were_updated_before_they_were_placed(orders: list[dict[str, Any]]) -> None:
    assert any(order["LastUpdate"] < order["OrderDate"] for order in orders if order["OrderStatusID"] != 7)


def test_abandoned_carts_have_an_invoice_number_and_no_payment(orders: list[dict[str, Any]]) -> None:
    carts = [order for order in orders if order["OrderStatusID"] == 7]
    assert carts
    assert all(
        cart["InvoiceNumber"] and not cart["TransactionList"] and cart["BillingPaymentMethod"] == "" for cart in carts
    )


def test_the_ordinary_shipment_has_the_number_0_and_two_have_others(orders: list[dict[str, Any]]) -> None:
    numbers = {len(order["ShipmentList"]): order["ShipmentList"][0]["ShipmentID"] for order in orders}
    assert sorted(numbers) == [1, 2]
    assert numbers[1] == 0 < numbers[2]


def test_every_line_is_in_a_shipment_of_its_order(orders: list[dict[str, Any]]) -> None:
    for one in orders:
        shipments = {shipment["ShipmentID"] for shipment in one["ShipmentList"]}
        assert {line["ItemShipmentID"] for line in one["OrderItemList"]} <= shipments


def test_the_parts_of_a_bundle_name_the_line_of_their_parent(orders: list[dict[str, Any]]) -> None:
    parts = [
        (one, line)
        for one in orders
        for line in one["OrderItemList"]
        if line["ItemDescription"].startswith("Bundle Item")
    ]
    assert parts
    for one, part in parts:
        lines = {str(line["ItemIndexID"]): line for line in one["OrderItemList"]}
        parent = lines[part["ItemAdditionalField3"]]
        assert parent["ItemCatalogIDOptions"]
        assert (part["ItemUnitPrice"], part["ItemDateAdded"]) == (0, "0001-01-01T00:00:00")
        assert part["ItemDescription"].startswith(f"Bundle Item: {parent['ItemID']}<br>")


def test_options_stand_in_the_description_as_html(orders: list[dict[str, Any]]) -> None:
    texts = [line["ItemDescription"] for one in orders for line in one["OrderItemList"]]
    assert any(re.search(r'^[^<]+<br><b>Size:</b>&nbsp;M 40" - 43"$', text) for text in texts)
    assert any(re.search(r"<b>Engraving:</b>&nbsp;.* - \$-?\d", text) for text in texts)


def test_shipped_dates_and_tracking_codes_are_written_in_several_ways(orders: list[dict[str, Any]]) -> None:
    shipments = [shipment for one in orders for shipment in one["ShipmentList"]]
    dates = {re.sub(r"\d+", "9", shipment["ShipmentShippedDate"]) for shipment in shipments}
    assert {"", "9/9/9", "9/9/9 9:9:9 PM", "9/9/9 9:9:9 AM"} <= dates
    codes = {shipment["ShipmentTrackingCode"] for shipment in shipments} - {""}
    assert {len(code) == 50 for code in codes} == {True, False}


@pytest.mark.parametrize(
    "odd",
    [
        lambda one: any(value is None for value in one.values()),
        lambda one: "AlternateOrderID" not in one,
        lambda one: one.get("PaymentTokenID") == "0",
        lambda one: one["OrderDiscount"] < 0,
        lambda one: one["QuestionList"],
        lambda one: one.get("PromotionList"),
        lambda one: len(one["TransactionList"]) == 2,
        lambda one: any(t["TransactionMethod"] == "Gift Certificate" for t in one["TransactionList"]),
        lambda one: one["OrderStatusID"] == 12,
        lambda one: one["CustomerID"] == 0,
        lambda one: one["BillingFirstName"] != one["BillingFirstName"].strip(),
        lambda one: "<b>" in one["InternalComments"],
        lambda one: any(line["ItemOptionPrice"] < 0 and not line["ItemUnitPrice"] for line in one["OrderItemList"]),
    ],
    ids=[
        "null", "missing", "number as text", "rounding noise", "questions", "promotion", "paid twice", "gift",
        "status in no table", "guest", "padded name", "html comment", "discount line",
    ],
)  # fmt: skip
def test_oddities_of_real_orders_occur(orders: list[dict[str, Any]], odd: Any) -> None:
    assert any(odd(one) for one in orders)


def test_a_new_order_is_placed_now_on_the_stores_wall_clock() -> None:
    sandbox = Sandbox(products=5, clock=CLOCK)
    made = order(sandbox, sandbox.place())
    assert (made["OrderDate"], made["OrderStatusID"]) == ("2024-05-20T12:00:00", 1)
    assert made["LastUpdate"] <= made["OrderDate"]


def test_a_new_order_is_what_was_wished_for() -> None:
    sandbox = Sandbox(products=5, clock=CLOCK)
    lines = [{"sku": "A", "quantity": "3", "price": "2.50"}, {"sku": sandbox.shop.goods[0].sku}]
    order_id = sandbox.place(
        id=77,
        status="unpaid",
        placed_at=datetime(2024, 3, 10, 7, 30, tzinfo=UTC),
        lines=lines,
        members={"CustomerComments": None, "Surprise": 1},
        missing=["Referer"],
    )
    made = order(sandbox, order_id)
    assert (order_id, made["OrderID"], made["OrderStatusID"]) == (77, 77, 11)
    assert made["OrderDate"] == "2024-03-10T03:30:00"
    assert [(line["ItemID"], line["ItemQuantity"], line["CatalogID"]) for line in made["OrderItemList"]] == [
        ("A", 3.0, 0),
        (sandbox.shop.goods[0].sku, 1.0, 11),
    ]
    assert (made["CustomerComments"], made["Surprise"], "Referer" in made) == (None, 1, False)


def test_a_status_that_has_no_name_can_be_given_by_its_number() -> None:
    sandbox = Sandbox(products=5, clock=CLOCK)
    made = order(sandbox, sandbox.place(status=42))
    assert (made["OrderStatusID"], made["ShipmentList"][0]["ShipmentOrderStatus"]) == (42, 42)


def test_old_carts_become_orders_with_low_ids() -> None:
    sandbox = Sandbox(orders=100, products=5, clock=CLOCK)
    highest = sandbox.shop.orders.keys[-1]
    assert any(sandbox.place() < highest for _ in range(60))


def test_sending_an_order_moves_status_shipments_and_time() -> None:
    sandbox = Sandbox(products=5, clock=CLOCK)
    order_id = sandbox.place(sku="A")
    sandbox.shop.clock.advance(3600)
    sandbox.edit(order_id, status="shipped", tracking="1Z5")
    made = order(sandbox, order_id)
    (shipment,) = made["ShipmentList"]
    assert (made["OrderStatusID"], made["LastUpdate"]) == (4, "2024-05-20T13:00:00")
    assert (shipment["ShipmentOrderStatus"], shipment["ShipmentTrackingCode"]) == (4, "1Z5")
    assert shipment["ShipmentShippedDate"] == "5/20/2024"


def test_a_cart_becomes_an_order_now_and_keeps_its_old_update() -> None:
    sandbox = Sandbox(products=5, clock=CLOCK)
    order_id = sandbox.place(status="cart", sku="A")
    before = order(sandbox, order_id)["LastUpdate"]
    sandbox.shop.clock.advance(86_400)
    sandbox.edit(order_id, status="new")
    made = order(sandbox, order_id)
    assert (made["OrderStatusID"], made["OrderDate"], made["LastUpdate"]) == (1, "2024-05-21T12:00:00", before)
    assert made["BillingPaymentMethod"]


def test_changed_lines_change_the_total() -> None:
    sandbox = Sandbox(products=5, clock=CLOCK)
    order_id = sandbox.place(sku="A")
    sandbox.edit(order_id, lines=[{"sku": "B", "quantity": 4, "price": "2.5"}])
    made = order(sandbox, order_id)
    assert [line["ItemID"] for line in made["OrderItemList"]] == ["B"]
    assert made["OrderAmount"] == 10 + made["ShipmentList"][0]["ShipmentCost"]


async def test_a_broken_date_does_not_hide_the_order_from_its_day(sandbox: Sandbox, ask: Ask) -> None:
    order_id = sandbox.place(sku="A")
    sandbox.edit(order_id, members={"OrderDate": "yesterday-ish"})
    found = (await ask("/Orders", datestart="05/20/2024", dateend="05/20/2024")).json()
    assert [one["OrderDate"] for one in found] == ["yesterday-ish"]


@pytest.mark.parametrize(
    ("request_line", "body", "word"),
    [
        ("POST /orders", {"status": "lost"}, "lost"),
        ("POST /orders", {"id": 5}, "PATCH"),
        ("PATCH /orders/5", {"status": "shipped"}, "ShipmentList"),
        ("POST /stores/demo-store", {"nothing": "loudly"}, "404"),
        ("POST /stores/demo-store", {"labels": ["x"]}, "labels"),
        ("POST /stores/demo-store", {"colour": "red"}, "timezone_text"),
    ],
)
async def test_steering_nonsense_is_refused_with_a_sentence(
    sandbox: Sandbox, client: Any, request_line: str, body: dict[str, Any], word: str
) -> None:
    sandbox.place(id=5, members={"ShipmentList": "broken"})
    method, path = request_line.split()
    answer = await client.request(method, "/_sandbox" + path, json=body)
    assert answer.status_code == 422
    assert word in answer.json()["error"]


async def test_settings_are_changed_and_shown_over_http(client: Any) -> None:
    given = {"nothing": "array", "page_cap": 3, "empty_count": False, "currency": "CAD"}
    shown = (await client.post("/_sandbox/stores/demo-store", json=given)).json()
    assert {name: shown[name] for name in given} == given
    assert shown["address"] == "https://demo-store.3dcartstores.example"


@pytest.mark.parametrize(
    ("kind", "member", "value"),
    [
        ("broken_order", "OrderItemList", "broken"),
        ("broken_date", "OrderDate", "yesterday-ish"),
        ("broken_amount", "OrderAmount", "NaN"),
        ("broken_id", "OrderID", None),
        ("null_member", "BillingCompany", None),
        ("missing_member", "CustomerComments", "absent"),
    ],
)
async def test_an_order_on_a_page_is_broken(
    sandbox: Sandbox, ask: Ask, kind: str, member: str, value: str | None
) -> None:
    for _ in range(2):
        sandbox.place(sku="A")
    fault = sandbox.break_down(kind, record=1)
    await ask("/Orders", countonly=1)
    first, second = (await ask("/Orders")).json()
    assert second.get(member, "absent") == value != first[member]
    assert fault.fired == 1


async def test_a_quantity_becomes_a_word(sandbox: Sandbox, ask: Ask) -> None:
    sandbox.place(sku="A")
    sandbox.break_down("broken_quantity")
    assert (await ask("/Orders")).json()[0]["OrderItemList"][0]["ItemQuantity"] == "three"


async def test_a_count_lies(sandbox: Sandbox, ask: Ask) -> None:
    sandbox.break_down("lying_count", value=99)
    assert (await ask("/Orders", countonly=1)).json() == {"TotalCount": 99}


async def test_an_error_comes_under_200(sandbox: Sandbox, ask: Ask) -> None:
    sandbox.break_down("error_array")
    answer = await ask("/Orders")
    assert answer.status_code == 200
    assert answer.json() == [{"Key": "Error", "Value": "", "Status": "400", "Message": "Bad request"}]


async def test_the_same_page_comes_for_ever(sandbox: Sandbox, ask: Ask) -> None:
    sandbox.place(sku="A")
    sandbox.break_down("same_page")
    pages = [(await ask("/Orders", limit=1, offset=offset)).content for offset in (1, 2, 3)]
    assert pages[0] == pages[1] == pages[2]


async def test_orders_come_change_and_go_between_two_pages(sandbox: Sandbox, ask: Ask) -> None:
    for order_id in (10, 20):
        sandbox.place(id=order_id, sku="A")
    sandbox.break_down("insert_order", id=5, skip=1)
    sandbox.break_down("change_order", id=20, status="cancelled", skip=1)
    sandbox.break_down("delete_order", id=10, skip=1)
    seen = [[(one["OrderID"], one["OrderStatusID"]) for one in (await ask("/Orders")).json()] for _ in range(2)]
    assert seen == [[(10, 1), (20, 1)], [(5, 1), (20, 5)]]


async def test_a_right_is_missing_until_the_fault_is_taken_away(sandbox: Sandbox, ask: Ask) -> None:
    sandbox.break_down("missing_right", path="*/products*")
    assert [(await ask(path)).status_code for path in ("/Products", "/Products", "/OrderStatus")] == [401, 401, 200]
