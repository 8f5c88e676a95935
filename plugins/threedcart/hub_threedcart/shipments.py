"""The parts of a delivery, and the payments, as the members of a Shipment or a Payment."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from hub_core import OrderStatus
from hub_threedcart.carried import SHIPMENT_MEMBERS, TRANSACTION_MEMBERS, carrier
from hub_threedcart.dates import moment
from hub_threedcart.extras import SHIPMENT, TRANSACTION, extras
from hub_threedcart.figures import Locale, amount
from hub_threedcart.parsing import Tree
from hub_threedcart.statuses import CART, meaning
from hub_threedcart.wire import WireOrder, WireShipment, WireTransaction

_carried_by_shipment: Final = carrier(SHIPMENT_MEMBERS)
_carried_by_payment: Final = carrier(TRANSACTION_MEMBERS)


def shipments_of(order: WireOrder, trees: Sequence[Tree] | None, locale: Locale) -> list[dict[str, Any]]:
    """Make the shipments of *order*; *trees* are the same ones with all that was sent, where they are not whole."""
    wires = order.shipment_list
    extras_of = map(_carried_by_shipment, wires) if trees is None else (extras(tree, SHIPMENT) for tree in trees)
    keys = _free([str(wire.shipment_id) for wire in wires])
    return [_shipment(key, wire, extra, order, locale) for key, wire, extra in zip(keys, wires, extras_of, strict=True)]


def _free(keys: list[str]) -> list[str]:
    """Tell shipments with the same id apart, which should not be, but must not lose one."""
    if len(set(keys)) == len(keys):
        return keys
    taken: dict[str, None] = {}
    for key in keys:
        turn, free = 1, key
        while free in taken:
            turn += 1
            free = f"{key}/{turn}"
        taken[free] = None
    return list(taken)


def _shipment(key: str, wire: WireShipment, extra: dict[str, Any], order: WireOrder, locale: Locale) -> dict[str, Any]:
    status = wire.shipment_order_status
    if status and status != order.order_status_id:
        extra["ShipmentOrderStatus"] = str(status)
    return {
        "external_id": key,
        "address": {
            "first_name": wire.shipment_first_name,
            "last_name": wire.shipment_last_name,
            "company": wire.shipment_company,
            "street": wire.shipment_address,
            "street2": wire.shipment_address2,
            "city": wire.shipment_city,
            "state": wire.shipment_state,
            "postal_code": wire.shipment_zip_code,
            "country": wire.shipment_country,
            "phone": wire.shipment_phone,
            "email": wire.shipment_email,
        },
        "method": wire.shipment_method_name.strip(),
        "cost": amount(+wire.shipment_cost, locale.currency),
        "tracking_number": wire.shipment_tracking_code.strip(),
        "shipped_at": _moment_or_kept(wire.shipment_shipped_date, locale.zone, "ShipmentShippedDate", extra),
        "status": _status(status, order),
        "extra": extra,
    }


def _status(status: int, order: WireOrder) -> OrderStatus:
    """Tell how a shipment stands: by its own status, or by the order's where it has none that means anything."""
    return meaning(order.order_status_id or 0) if status in (0, CART) else meaning(status)


def has_left(shipment: dict[str, Any], order: OrderStatus) -> bool:
    """Tell whether the goods of a *shipment* are on their way; of a cancelled one too, where a trace shows it.

    A cancellation puts its own status in the place of `shipped`; the shipped date and the tracking number stay.
    """
    status = shipment["status"]
    if status is OrderStatus.SHIPPED:
        return True
    traced = shipment["shipped_at"] is not None or bool(shipment["tracking_number"])
    return traced and OrderStatus.CANCELLED in (status, order)


def payments_of(wires: Sequence[WireTransaction], trees: Sequence[Tree] | None, locale: Locale) -> list[dict[str, Any]]:
    """Make a payment of each transaction. The platform may list the same payment twice, and so does this."""
    extras_of = map(_carried_by_payment, wires) if trees is None else (extras(tree, TRANSACTION) for tree in trees)
    keys = _free([str(wire.transaction_index_id) for wire in wires])
    return [_payment(key, wire, extra, locale) for key, wire, extra in zip(keys, wires, extras_of, strict=True)]


def _payment(key: str, wire: WireTransaction, extra: dict[str, Any], locale: Locale) -> dict[str, Any]:
    own = wire.transaction_id.strip()
    reference = wire.transaction_reference.strip()
    if own and reference:
        extra["TransactionReference"] = reference
    return {
        "external_id": key,
        "method": wire.transaction_method.strip(),
        "kind": wire.transaction_type.strip(),
        "amount": amount(+wire.transaction_amount, locale.currency),
        "at": _moment_or_kept(wire.transaction_date_time, locale.zone, "TransactionDateTime", extra),
        "reference": own or reference,
        "captured": None if wire.transaction_captured is None else wire.transaction_captured != 0,
        "extra": extra,
    }


def _moment_or_kept(text: str, zone: ZoneInfo, name: str, extra: dict[str, Any]) -> datetime | None:
    """Give a time, or keep its text as it is: staff may type in what they like."""
    if not text:
        return None
    try:
        return moment(text, zone)
    except ValueError:
        extra[name] = text.strip()
        return None
