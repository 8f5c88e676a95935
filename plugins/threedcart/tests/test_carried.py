"""The quick way of reading an order against the long one: whatever stands in it, both give the same."""

import json
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any
from unittest import mock
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example as with_example
from hypothesis import given
from hypothesis import strategies as st

from hub_core import Order, RejectedError
from hub_threedcart import mapping
from hub_threedcart.carried import ordinary
from hub_threedcart.mapping import read_order

Members = dict[str, Any]
ORDERS = (
    "orders_list_v1",
    "order_single_v1_array_of_one",
    "order_v2_full",
    "order_v2_two_shipments",
    "webhook_delivery_order",
)
PARTS = ("", "OrderItemList", "ShipmentList", "TransactionList", "PromotionList", "QuestionList")
FULL: Members = json.loads(Path(__file__).parent.joinpath("examples", "order_v2_full.json").read_text("utf-8"))[0]


def read(raw: bytes) -> Order | str:
    try:
        return read_order(raw, zone=ZoneInfo("America/New_York"), currency="USD", labels={4: "Sent"})
    except RejectedError as error:
        return str(error)


def read_the_long_way(raw: bytes) -> Order | str:
    with mock.patch.object(mapping, "ordinary", return_value=None):
        return read(raw)


def written(result: Order | str) -> Any:
    """The order as text, so that 20 and 20.00 differ, but not the places of its members."""
    return json.loads(result.model_dump_json()) if isinstance(result, Order) else result


def assert_same_both_ways(members: Members) -> None:
    raw = json.dumps(members).encode()
    quick, long = read(raw), read_the_long_way(raw)
    assert quick == long
    assert written(quick) == written(long)
    if isinstance(quick, Order):
        assert_sound(quick)


def assert_sound(order: Order) -> None:
    """Each part is what it would be if it had been checked, with all its members in their places."""
    assert Order.model_validate(order.model_dump()) == order
    addresses = [shipment.address for shipment in order.shipments]
    parts = (order.buyer, order.billing_address, *addresses, *order.lines, *order.shipments, *order.payments)
    for part in parts:
        assert list(part.__dict__) == list(type(part).model_fields)


@pytest.mark.parametrize("name", ORDERS)
def test_both_ways_give_the_same_for_each_example(name: str, example: Callable[[str], Any]) -> None:
    for members in example(name):
        assert_same_both_ways(members)


def test_an_order_of_documented_members_is_read_the_quick_way() -> None:
    assert ordinary(json.dumps(FULL).encode()) is not None


def test_an_order_with_a_member_that_nobody_knows_is_not() -> None:
    assert ordinary(json.dumps({**FULL, "GiftWrap": "red"}).encode()) is None


scalars = (
    st.sampled_from(["", " ", "0", "0.0", "7", "1.50", " 20 ", "true", "4/1/2024", "0001-01-01T00:00:00", "<b>x</b>"])
    | st.sampled_from([None, True, False, 0, 1, 7, -1, 10**20, 0.0, -0.0, 1.0, 2.5, 1e-7, 20.000000001, 1e16, 1e300])
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=6)
)
values = scalars | st.lists(scalars, max_size=2) | st.dictionaries(st.text(max_size=4), scalars, max_size=2)


@st.composite
def edited_orders(draw: st.DrawFn) -> Members:
    """The fullest example with a few members changed, taken out or added, in the order and in its parts."""
    members = deepcopy(FULL)
    for part in draw(st.lists(st.sampled_from(PARTS), max_size=4)):
        rows = members.get(part) if part else [members]
        if not isinstance(rows, list) or not rows:
            continue
        row = draw(st.sampled_from(rows))
        if not isinstance(row, dict):
            continue
        name = draw(st.sampled_from([*sorted(row), "Odd"]))
        if draw(st.booleans()):
            row[name] = draw(values)
        else:
            row.pop(name, None)
    items = members.get("OrderItemList")
    if isinstance(items, list) and draw(st.booleans()):
        members["OrderItemList"] = [*items, *deepcopy(items[:1])]
    return members


@given(members=edited_orders())
@with_example(members={**FULL, "OrderItemList": None})
@with_example(members={**FULL, "UserID": [0.0]})
@with_example(members={**FULL, "QuestionList": [{"QuestionTitle": "Gift?", "QuestionAnswer": 1.0}]})
def test_both_ways_give_the_same_whatever_stands_in_the_members(members: Members) -> None:
    assert_same_both_ways(members)
