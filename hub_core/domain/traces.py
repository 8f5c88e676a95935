"""What an order, read back, shows of a parcel that its store was told of. Pure rules: they decide what follows.

A store is told a second time only where the order shows for certain that the first time left no trace.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from enum import Enum

from hub_core.domain.fact import Fact
from hub_core.domain.fitting import shippable
from hub_core.domain.fulfilments import FulfilmentLine
from hub_core.domain.orders import Order, OrderStatus
from hub_core.domain.stock import NOTHING, plain


class Trace(Enum):
    """What can be seen of a parcel."""

    NONE = "the order is as it was before"
    BEGUN = "its tracking number stands there, but not all that belongs to it"
    WHOLE = "all of it is there"
    OTHER = "the order has changed, but not so that this parcel explains it"


class HeldLine(Fact):
    """How a line stood."""

    quantity: Decimal
    cancelled: Decimal
    shipped: Decimal
    shipment: str | None


class Holding(Fact):
    """What an order held before its store was told: the tracking number of each shipment, and how each line stood."""

    shipments: dict[str, str]
    lines: dict[str, HeldLine]


def holding_of(order: Order) -> Holding:
    """Note what an order holds."""
    return Holding(
        shipments={one.external_id: _number(one.tracking_number) for one in order.shipments},
        lines={
            one.external_id: HeldLine(
                quantity=plain(one.quantity),
                cancelled=plain(one.cancelled),
                shipped=plain(one.shipped),
                shipment=one.shipment,
            )
            for one in order.lines
        },
    )


def trace_of(order: Order, lines: Sequence[FulfilmentLine], tracking_number: str, before: Holding | None) -> Trace:
    """Tell what *order* shows of a parcel, compared with *before*, which is None where the store was never told."""
    now, number = holding_of(order), _number(tracking_number)
    here = {name for name, bears in now.shipments.items() if bears == number}
    if here and _is_shipped(order, now, lines, before):
        return Trace.WHOLE
    if here and (before is None or here - _bearers(before, number) or _moved(now, before, lines)):
        return Trace.BEGUN
    return Trace.NONE if before is None or now == before else Trace.OTHER


def _is_shipped(order: Order, now: Holding, lines: Sequence[FulfilmentLine], before: Holding | None) -> bool:
    whole = all(line.shipped >= line.quantity - line.cancelled for line in shippable(order))
    if order.status is not (OrderStatus.SHIPPED if whole else OrderStatus.PARTIALLY_SHIPPED):
        return False
    return all(_shipped(now, one) >= _shipped(before, one) + one.quantity for one in lines)


def _shipped(holding: Holding | None, line: FulfilmentLine) -> Decimal:
    held = None if holding is None else holding.lines.get(line.external_id)
    return NOTHING if held is None else held.shipped


def _bearers(holding: Holding, number: str) -> set[str]:
    return {name for name, bears in holding.shipments.items() if bears == number}


def _moved(now: Holding, before: Holding, lines: Sequence[FulfilmentLine]) -> bool:
    return any(now.lines.get(one.external_id) != before.lines.get(one.external_id) for one in lines)


def _number(text: str) -> str:
    return "".join(text.split()).casefold()
