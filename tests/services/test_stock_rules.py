"""What a line of an order takes from stock, and how stock moves when the order changes: the rules alone."""

from collections import defaultdict
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from hub_core.services.stock_of_orders import movements_between, must_settle, stake_of, wants_of
from hub_core.storage.order_lines import HeldLine

UNITS = st.integers(0, 5).map(str)
LINES = st.fixed_dictionaries(
    {
        "sku": st.sampled_from([None, "", "A", " A", "B"]),
        "listing": st.sampled_from([None, "x"]),
        "quantity": UNITS,
        "cancelled": UNITS,
        "shipped": UNITS,
        "bundle_parent": st.sampled_from([None, "0", "1"]),
        "fulfilled_by": st.sampled_from(["merchant", "channel"]),
    }
)
STATUSES = st.sampled_from(["pending", "open", "partially_shipped", "shipped", "cancelled", "on_hold"])
LINKED = {"x": "C"}


@st.composite
def order_documents(draw: st.DrawFn) -> dict[str, Any]:
    keys = draw(st.sets(st.sampled_from("0123"), max_size=4))
    return {"status": draw(STATUSES), "lines": [{"external_id": key, **draw(LINES)} for key in sorted(keys)]}


class Kept:
    """The lines of an order as the hub keeps them, and all that moved."""

    def __init__(self) -> None:
        self.held: dict[str, HeldLine] = {}
        self.last: dict[str, Any] | None = None
        self.moved: defaultdict[str, Decimal] = defaultdict(Decimal)

    def see(self, order: dict[str, Any]) -> None:
        for key, want in wants_of(order, self.last).items():
            before = self.held.get(key)
            sku = LINKED.get(want.listing or "", want.sku)
            if before is not None and not must_settle(want, before):
                sku = before.stock_sku
            stake = stake_of(want, sku)
            for moved, units in movements_between(before, stake).items():
                self.moved[moved] += units
            self.held[key] = HeldLine(want.sku, want.listing, stake.sku, stake.taken)
        self.last = order


def plainly(order: dict[str, Any], *, gone: bool = False) -> dict[str, Decimal]:
    """The rule as one would tell it to a person, line by line."""
    parents = [line["bundle_parent"] for line in order["lines"]]
    told = {}
    for line in order["lines"]:
        ordered, shipped = int(line["quantity"]) - int(line["cancelled"]), int(line["shipped"])
        units = max(shipped, 0 if gone or order["status"] == "cancelled" else ordered)
        is_none = line["fulfilled_by"] == "channel" or line["external_id"] in parents
        told[line["external_id"]] = Decimal(0 if is_none else units)
    return told


@given(order_documents())
def test_a_line_takes_what_is_ordered_and_not_cancelled_but_never_less_than_what_has_shipped(
    order: dict[str, Any],
) -> None:
    assert {key: want.units for key, want in wants_of(order).items()} == plainly(order)


@given(order_documents(), order_documents())
def test_a_line_that_left_its_order_takes_what_has_shipped(order: dict[str, Any], before: dict[str, Any]) -> None:
    wants = {key: want.units for key, want in wants_of(order, before).items()}
    assert wants == plainly(before, gone=True) | plainly(order)


@given(st.lists(order_documents(), min_size=1, max_size=6))
def test_whatever_comes_of_an_order_what_moved_is_what_its_lines_have_taken(orders: list[dict[str, Any]]) -> None:
    kept = Kept()
    for order in orders:
        kept.see(order)
    taken: defaultdict[str, Decimal] = defaultdict(Decimal)
    for line in kept.held.values():
        assert line.taken >= 0
        assert line.stock_sku is not None or line.taken == 0
        taken[line.stock_sku or ""] += line.taken
    assert {sku: -units for sku, units in kept.moved.items() if units} == {
        sku: units for sku, units in taken.items() if units
    }


@given(order_documents(), st.lists(order_documents(), max_size=3))
def test_an_order_that_is_as_it_was_has_taken_what_it_had(order: dict[str, Any], between: list[dict[str, Any]]) -> None:
    """Of lines that are in it: those that left it in between have shipped what they have."""
    kept, plain = Kept(), Kept()
    plain.see(order)
    for one in (order, *between, order):
        kept.see(one)
    keys = [line["external_id"] for line in order["lines"]]
    assert [kept.held[key] for key in keys] == [plain.held[key] for key in keys]


@given(order_documents())
def test_seen_twice_an_order_takes_once(order: dict[str, Any]) -> None:
    kept = Kept()
    kept.see(order)
    once = dict(kept.moved)
    kept.see(order)
    assert kept.moved == once
