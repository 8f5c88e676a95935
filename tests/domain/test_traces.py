"""What an order shows of a parcel that its store was told of."""

from decimal import Decimal
from typing import Any

import pytest

from hub_core import FulfilmentLine, Order, money
from hub_core.domain.traces import Trace, holding_of, trace_of
from tests.domain.test_fitting import line, order

LINES = (FulfilmentLine(external_id="1", quantity=Decimal(1)),)


def shipment(name: str, number: str, status: str = "shipped") -> dict[str, Any]:
    cost = money(Decimal(0), "USD")
    return {"external_id": name, "tracking_number": number, "status": status, "address": {}, "cost": cost}


def held(shipped: int = 0, where: str | None = "0", status: str = "open", **numbers: str) -> Order:
    shipments = [shipment(name.removeprefix("s"), number) for name, number in numbers.items()]
    return order(line("1", 2, shipped=shipped, shipment=where), line("2"), status=status, shipments=shipments)


BEFORE = held(s0="")


@pytest.mark.parametrize(
    ("now", "trace"),
    [
        (held(s0=""), Trace.NONE),
        (held(s0="", status="on_hold"), Trace.NONE),
        (held(s0="T1"), Trace.BEGUN),
        (held(s0=" t1  "), Trace.BEGUN),
        (held(s0="", s9="T1"), Trace.BEGUN),
        (held(s0="", s9="T1", where="9"), Trace.BEGUN),
        (held(1, "9", s0="", s9="T1"), Trace.BEGUN),
        (held(1, "9", "partially_shipped", s0="", s9="T1"), Trace.WHOLE),
        (held(1, "9", "shipped", s0="", s9="T1"), Trace.BEGUN),
        (held(2, "0", "partially_shipped", s0="T1"), Trace.WHOLE),
        (held(s0="T2"), Trace.OTHER),
        (held(1, s0=""), Trace.OTHER),
        (held(s0="", s9="T2"), Trace.OTHER),
        (held(2, status="shipped", s0=""), Trace.OTHER),
    ],
)
def test_what_is_seen_after_a_lost_answer(now: Order, trace: Trace) -> None:
    assert trace_of(now, LINES, "T1", holding_of(BEFORE)) is trace


@pytest.mark.parametrize(
    ("now", "trace"),
    [
        (held(s0=""), Trace.NONE),
        (held(1, s0="T2"), Trace.NONE),
        (held(s0="T1"), Trace.BEGUN),
        (held(1, status="partially_shipped", s0="T1"), Trace.WHOLE),
    ],
)
def test_what_is_seen_before_anything_was_told(now: Order, trace: Trace) -> None:
    assert trace_of(now, LINES, "T1", None) is trace


def test_goods_that_are_added_to_a_parcel_that_was_there_leave_no_trace_until_they_moved() -> None:
    before = held(1, "9", "partially_shipped", s0="", s9="T1")
    assert trace_of(before, LINES, "T1", holding_of(before)) is Trace.NONE
    after = held(2, "9", "partially_shipped", s0="", s9="T1")
    assert trace_of(after, LINES, "T1", holding_of(before)) is Trace.WHOLE


def test_what_an_order_held_is_written_down_and_read_again() -> None:
    holding = holding_of(held(1, s0="T 1", s9="t2"))
    assert type(holding).model_validate_json(holding.model_dump_json()) == holding
    assert holding.shipments == {"0": "t1", "9": "t2"}
