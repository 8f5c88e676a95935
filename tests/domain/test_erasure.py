"""What is left of an order that was erased of its personal data."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from hub_core.domain.erasure import changes_without_person, without_person
from hub_core.domain.money import money
from hub_core.domain.orders import (
    Address,
    Buyer,
    ChannelStatus,
    Comment,
    Discount,
    LineOption,
    Order,
    OrderLine,
    OrderStatus,
    Payment,
    Shipment,
    Tax,
)
from hub_core.domain.revisions import changes_between

TEN = money(Decimal(10), "USD")
THEN = datetime(2026, 3, 10, 12, tzinfo=UTC)
WORD = "canary"
PLACE = Address(**dict.fromkeys(Address.model_fields, WORD))
WHOLE = Order(
    external_id="e1",
    number="N1",
    status=OrderStatus.OPEN,
    channel_status=ChannelStatus(id="1", label="New"),
    placed_at=THEN,
    updated_at=THEN,
    total=TEN,
    subtotal=TEN,
    discount=TEN,
    shipping=TEN,
    tax=TEN,
    buyer=Buyer(**dict.fromkeys(Buyer.model_fields, WORD)),
    billing_address=PLACE,
    lines=(
        OrderLine(
            external_id="l.1",
            sku="RED",
            listing="p1",
            name=WORD,
            options=(LineOption(name=WORD, value=WORD),),
            quantity=Decimal(2),
            cancelled=Decimal(1),
            unit_price=TEN,
            total=TEN,
            shipment="s1",
            bundle_parent="l.0",
            extra={WORD: WORD},
        ),
    ),
    shipments=(
        Shipment(
            external_id="s1",
            address=PLACE,
            method="Post",
            cost=TEN,
            tracking_number=WORD,
            shipped_at=THEN,
            status=OrderStatus.SHIPPED,
            extra={WORD: WORD},
        ),
    ),
    payments=(
        Payment(external_id="p1", method="Card", kind="sale", amount=TEN, at=THEN, reference=WORD, extra={WORD: WORD}),
    ),
    discounts=(Discount(name=WORD, code=WORD, amount=TEN),),
    taxes=(Tax(name="VAT", amount=TEN),),
    comments=(Comment(author="customer", text=WORD),),
    warnings=(WORD,),
    extra={WORD: WORD},
)
GONE = {
    Order: {"buyer", "billing_address", "comments", "warnings", "extra"},
    OrderLine: {"name", "options", "extra"},
    Shipment: {"address", "tracking_number", "extra"},
    Payment: {"reference", "extra"},
    Discount: {"name", "code"},
}
PARTS: dict[str, Any] = {"lines": OrderLine, "shipments": Shipment, "payments": Payment, "discounts": Discount}


def test_of_the_person_nothing_is_left() -> None:
    assert WORD in WHOLE.model_dump_json()
    assert WORD not in without_person(WHOLE).model_dump_json()


def test_everything_else_stays_as_it_was() -> None:
    left = without_person(WHOLE)
    for name in Order.model_fields.keys() - GONE[Order] - PARTS.keys():
        assert getattr(left, name) == getattr(WHOLE, name), name


@pytest.mark.parametrize("part", PARTS)
def test_of_each_part_everything_else_stays_too(part: str) -> None:
    kind = PARTS[part]
    (left,), (whole,) = getattr(without_person(WHOLE), part), getattr(WHOLE, part)
    for name in kind.model_fields:
        kept = getattr(left, name) == getattr(whole, name)
        assert kept is (name not in GONE[kind]), name


def test_erasing_twice_changes_nothing_more() -> None:
    once = without_person(WHOLE)
    assert without_person(once) == once


def test_what_changed_tells_of_figures_only() -> None:
    line, shipment = WHOLE.lines[0], WHOLE.shipments[0]
    later = WHOLE.model_copy(
        update={
            "status": OrderStatus.SHIPPED,
            "buyer": Buyer(name=f"other {WORD}"),
            "comments": (),
            "lines": (
                line.model_copy(
                    update={
                        "quantity": Decimal(3),
                        "extra": {"external_id": WORD},
                        "name": f"other {WORD}",
                        "sku": None,
                    }
                ),
                line.model_copy(update={"external_id": "l.2"}),
            ),
            "shipments": (shipment.model_copy(update={"external_id": "s2"}),),
        }
    )
    changes = changes_between(WHOLE.model_dump(mode="json"), later.model_dump(mode="json"))
    left = changes_without_person([change.model_dump(mode="json") for change in changes])
    assert WORD not in repr(left)
    assert [change["field"] for change in left] == [change.field for change in changes]
    said = {change["field"]: change["sentence"] for change in left}
    assert said["buyer"] == "buyer: erased"
    assert said["lines.l.1.name"] == "line l.1: name: erased"
    assert said["lines.l.1.quantity"] == "line l.1: quantity: 2 → 3"
    assert said["lines.l.1.sku"] == "line l.1: sku: RED → nothing"
    assert said["status"] == "status: open → shipped"
    whole = {change["field"]: change for change in left}
    assert whole["lines.l.2"]["after"]["quantity"] == "2"
    assert whole["shipments.s1"]["before"]["cost"] == {"amount": "10.00", "currency": "USD"}
