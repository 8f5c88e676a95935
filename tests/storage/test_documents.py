"""An order is written down as pydantic would write it, and only where it is JSON."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

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
from hub_core.storage.documents import document_of

COST = money(Decimal("20.5"), "USD")
MOMENT = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)


class NoModel:
    """Something that has members, but is no part of an order."""

    def __init__(self) -> None:
        self.name = "x"


def order(**extra: Any) -> Order:
    return Order(
        external_id="1",
        number="AB-1",
        status=OrderStatus.SHIPPED,
        channel_status=ChannelStatus(id="4", label='Größe "M"'),
        placed_at=MOMENT,
        total=COST,
        subtotal=COST,
        discount=COST,
        shipping=COST,
        tax=COST,
        buyer=Buyer(name="Maya"),
        billing_address=Address(city="Springfield"),
        lines=(
            OrderLine(
                external_id="11",
                options=(LineOption(name="Size", value="M"),),
                quantity=Decimal("2.50"),
                unit_price=COST,
                total=COST,
            ),
        ),
        shipments=(
            Shipment(external_id="0", address=Address(), cost=COST, status=OrderStatus.OPEN, shipped_at=MOMENT),
        ),
        payments=(Payment(external_id="5", amount=COST, captured=True, at=MOMENT),),
        discounts=(Discount(amount=COST),),
        taxes=(Tax(amount=COST),),
        comments=(Comment(author="customer", text="a\nb"),),
        warnings=("odd",),
        extra=extra,
    )


def test_a_document_is_what_pydantic_would_write() -> None:
    whole = order(text="a", flag=True, nested={"list": ["b", {"c": None}]}, part=Address(city="X"))
    assert document_of(whole) == whole.model_dump_json().encode()


@pytest.mark.parametrize("value", [object(), NoModel(), NoModel], ids=["object", "instance", "class"])
def test_what_is_no_json_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="a value that JSON does not have"):
        document_of(order(odd=[value]))
