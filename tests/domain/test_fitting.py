"""What of an order can be shipped."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub_core import ConflictError, FulfilmentLine, InputError, Order, OrderLine, money
from hub_core.domain.fitting import fitting, left, shippable

NOTHING = money(Decimal(0), "USD")


def line(name: str, quantity: Any = 1, **members: Any) -> OrderLine:
    return OrderLine(external_id=name, quantity=Decimal(quantity), unit_price=NOTHING, total=NOTHING, **members)


def order(*lines: OrderLine, status: str = "open", **members: Any) -> Order:
    money_members = dict.fromkeys(("total", "subtotal", "discount", "shipping", "tax"), NOTHING)
    told: dict[str, Any] = {
        "external_id": "X",
        "number": "X",
        "status": status,
        "channel_status": {"id": status},
        "placed_at": datetime(2026, 3, 10, tzinfo=UTC),
        "buyer": {},
        "billing_address": {},
        "lines": lines,
        **money_members,
        **members,
    }
    return Order.model_validate(told)


def units(name: str, quantity: Any) -> FulfilmentLine:
    return FulfilmentLine(external_id=name, quantity=Decimal(quantity))


FIGURES = st.decimals(0, 50, places=2)
LINES = st.lists(
    st.tuples(FIGURES, FIGURES, FIGURES, FIGURES, st.sampled_from(["merchant", "channel"])), min_size=1, max_size=5
)


@given(LINES, st.data())
def test_never_more_is_shipped_than_is_left(figures: list[tuple[Any, ...]], data: st.DataObject) -> None:
    lines = [
        line(str(place), quantity, cancelled=cancelled, shipped=shipped, fulfilled_by=who)
        for place, (quantity, cancelled, shipped, _, who) in enumerate(figures)
    ]
    under_way = {str(place): figure for place, (*_, figure, _) in enumerate(figures)}
    bought = order(*lines)
    wanted = data.draw(st.none() | st.dictionaries(st.sampled_from(sorted(under_way)), FIGURES, min_size=1))
    asked = None if wanted is None else [units(name, much) for name, much in wanted.items()]
    try:
        found = fitting(bought, asked, under_way)
    except InputError:
        return
    for one in found:
        held = lines[int(one.external_id)]
        rest = held.quantity - held.cancelled - held.shipped - under_way[one.external_id]
        assert one.quantity <= max(rest, Decimal(0))
        assert held.fulfilled_by == "merchant"
    if asked is None:
        rests = {each.external_id: left(bought, each, under_way) for each in shippable(bought)}
        assert {one.external_id: one.quantity for one in found} == {k: v for k, v in rests.items() if v}
    else:
        assert list(found) == asked


def test_all_that_is_left_is_shipped_where_no_line_is_named() -> None:
    bought = order(line("1", 5, cancelled=1, shipped=1), line("2"), line("3", fulfilled_by="channel"), line("4", 0))
    assert fitting(bought, None, {"1": Decimal(2), "2": Decimal(1)}) == (units("1", 1),)


def test_what_the_lines_say_goes_before_the_status() -> None:
    """A shop may call an order shipped with its first parcel, until it is told otherwise."""
    bought = order(line("1", shipped=1), line("2"), status="shipped")
    assert fitting(bought, None, {}) == (units("2", 1),)


def test_of_a_bundle_the_parts_are_shipped() -> None:
    bought = order(line("1"), line("2", bundle_parent="1"), line("3", bundle_parent="1"), line("4", bundle_parent="9"))
    assert [one.external_id for one in fitting(bought, None, {})] == ["2", "3", "4"]
    with pytest.raises(InputError, match=r"Line 1 is a bundle; name what of it is shipped: 2, 3\."):
        fitting(bought, [units("1", 1)], {})


def test_what_the_channel_sends_is_not_shipped_by_the_merchant() -> None:
    with pytest.raises(InputError, match=r"Line 1 is sent by the store itself\."):
        fitting(order(line("1", fulfilled_by="channel")), [units("1", 1)], {})


@pytest.mark.parametrize(
    ("bought", "under_way", "sentence"),
    [
        (order(line("1"), status="cancelled"), {}, "Order X is cancelled, so nothing of it is shipped."),
        (order(line("1"), status="shipped"), {}, "Everything of order X has been shipped already"),
        (order(line("1", shipped=1)), {}, "Everything of order X has been shipped already"),
        (order(line("1")), {"1": Decimal(1)}, "Everything of order X is under way already."),
    ],
)
def test_where_nothing_is_left_it_is_said_why(bought: Order, under_way: dict[str, Decimal], sentence: str) -> None:
    with pytest.raises(ConflictError) as refusal:
        fitting(bought, None, under_way)
    assert sentence in str(refusal.value)
