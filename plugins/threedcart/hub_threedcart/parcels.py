"""What has to be done at a store so that it shows a parcel.

It is decided from the order as it stands, so that a second look goes on where the first was cut short.

| What is shipped | Steps |
|---|---|
| all lines of one or more shipments | the tracking number, day and carrier are written there |
| only some lines of a shipment | a further shipment is made, which bears them, and the lines are moved to it |
| goods of a parcel whose number a shipment bears | the lines are moved to that one |

After that, the order gets its status: 4 where everything has left, else 3. Of all these steps only the making of a
shipment cannot be repeated; it comes first, and is known again by its tracking number.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final
from zoneinfo import ZoneInfo

from hub_core import Fulfilment, Order, OrderLine, OrderStatus, RejectedError, Shipment
from hub_threedcart.dates import as_day
from hub_threedcart.statuses import PARTIAL, SHIPPED
from hub_threedcart.targets import number

_UNTOLD: Final = re.compile(r"[^A-Za-z0-9 .()\-]+")
"""Characters that the platform has refused in the name of a method."""
_LONGEST_METHOD: Final = 150
_LONGEST_NUMBER: Final = 100
_LONGEST_LAST_NAME: Final = 50
_ADDRESS: Final = {
    "first_name": "ShipmentFirstName",
    "last_name": "ShipmentLastName",
    "company": "ShipmentCompany",
    "street": "ShipmentAddress",
    "street2": "ShipmentAddress2",
    "city": "ShipmentCity",
    "state": "ShipmentState",
    "postal_code": "ShipmentZipCode",
    "country": "ShipmentCountry",
    "phone": "ShipmentPhone",
    "email": "ShipmentEmail",
}


@dataclass(frozen=True, slots=True)
class Steps:
    """What is still to be done: *made* is a shipment to be made, *told* what shipments are told, *moved* are lines.

    *shipment* is where lines go that are moved, None for the one that is made. *status* is what the order has then.
    """

    status: int
    made: dict[str, Any] | None = None
    told: Sequence[dict[str, Any]] = ()
    moved: Sequence[dict[str, Any]] = ()
    shipment: int | None = None


def steps_of(one: Fulfilment, zone: ZoneInfo) -> Steps:
    """Decide. Raises RejectedError, in a sentence for the merchant, where the platform cannot show such a parcel."""
    order = one.order
    if len(one.tracking_number) > _LONGEST_NUMBER:
        raise RejectedError(f"3DCart takes at most {_LONGEST_NUMBER} characters of a tracking number.")
    going = _going(one)
    bearer = _bearer(order, one.tracking_number)
    if bearer is not None:
        return _goes_on(order, going, bearer, _told(one, zone))
    wholes = _wholes(order, going)
    if wholes:
        told = [{"ShipmentID": _whole(shipment), **_told(one, zone)} for shipment in wholes]
        return Steps(_status(order, going), told=told)
    source = _source(order, going)
    made = {**_address(order, source), **_told(one, zone)}
    return Steps(_status(order, going), made=made, moved=[_moved(line) for line in going])


def _goes_on(order: Order, going: Sequence[OrderLine], bearer: Shipment, told: dict[str, Any]) -> Steps:
    """Go on with a shipment that bears the tracking number."""
    names = {line.external_id for line in going}
    strangers = [
        line.external_id
        for line in order.lines
        if line.shipment == bearer.external_id and line.external_id not in names and not line.shipped
    ]
    if strangers and bearer.status is not OrderStatus.SHIPPED:
        raise RejectedError(
            f"Shipment {bearer.external_id} bears this tracking number already, but also holds lines that are not "
            f"shipped now: {', '.join(strangers)}. Part them in the shop, or ship them together."
        )
    number_of = _whole(bearer.external_id)
    again = [] if bearer.status is OrderStatus.SHIPPED else [{"ShipmentID": number_of, **told}]
    moved = [_moved(line) for line in going if line.shipment != bearer.external_id]
    return Steps(_status(order, going), told=again, moved=moved, shipment=number_of)


def _going(one: Fulfilment) -> list[OrderLine]:
    """Give the lines that go, and the bundles of which nothing stays behind then."""
    lines = {line.external_id: line for line in one.order.lines}
    units = {line.external_id: line.quantity for line in one.lines}
    gone = [name for name in units if name not in lines]
    if gone:
        raise RejectedError(f"The order has no line {gone[0]} any more; read the order again.")
    for name, much in units.items():
        if much != lines[name].quantity:
            raise RejectedError(
                f"3DCart keeps the units of a line in one shipment, so {much:f} of {lines[name].quantity:f} of line "
                f"{name} cannot be shipped alone. Ship the whole line, or part it into two lines in the shop first."
            )
    for parent in lines.values():
        parts = [line for line in lines.values() if line.bundle_parent == parent.external_id]
        if parts and all(part.external_id in units or part.shipped for part in parts):
            units.setdefault(parent.external_id, parent.quantity)
    return [line for line in one.order.lines if line.external_id in units]


def _bearer(order: Order, tracking_number: str) -> Shipment | None:
    wanted = _plain(tracking_number)
    return next((one for one in order.shipments if _plain(one.tracking_number) == wanted), None)


def _wholes(order: Order, going: Sequence[OrderLine]) -> list[str]:
    """Name the shipments that are made of what goes, if it makes whole ones; none where some of a shipment stays."""
    names = {line.external_id for line in going}
    shipments = {line.shipment for line in going}
    for line in order.lines:
        if line.shipment in shipments and line.external_id not in names and line.quantity > 0:
            return []
    found = [one for one in order.shipments if one.external_id in shipments]
    if None in shipments or not found:
        return []
    _check_address(found)
    for one in found:
        if one.tracking_number:
            raise RejectedError(
                f"Shipment {one.external_id} bears another tracking number already; look whether these goods have "
                "left, and take the number away in the shop if not."
            )
    return [one.external_id for one in found]


def _source(order: Order, going: Sequence[OrderLine]) -> Shipment | None:
    """Give the shipment whose address the goods go to. Raises RejectedError where there are several addresses."""
    found = [one for one in order.shipments if one.external_id in {line.shipment for line in going}]
    _check_address(found)
    return found[0] if found else next(iter(order.shipments), None)


def _check_address(shipments: Sequence[Shipment]) -> None:
    if any(one.address != shipments[0].address for one in shipments):
        raise RejectedError("These lines go to different addresses; ship them one address at a time.")


def _address(order: Order, source: Shipment | None) -> dict[str, Any]:
    address = order.billing_address if source is None else source.address
    written = {name: getattr(address, field) for field, name in _ADDRESS.items()}
    last_name = address.last_name.strip() or address.company.strip() or address.first_name.strip() or order.number
    written["ShipmentLastName"] = last_name[:_LONGEST_LAST_NAME]  # the platform wants one
    return {name: text for name, text in written.items() if text.strip()}


def _told(one: Fulfilment, zone: ZoneInfo) -> dict[str, Any]:
    """Write what a shipment is told of its parcel; a member that is empty or null is better not sent."""
    method = " ".join(_UNTOLD.sub(" ", one.carrier).split())[:_LONGEST_METHOD]
    return {
        "ShipmentTrackingCode": one.tracking_number,
        "ShipmentShippedDate": as_day(one.shipped_at.astimezone(zone)),
        **({"ShipmentMethodName": method} if method else {}),
        "ShipmentOrderStatus": SHIPPED,
    }


def _moved(line: OrderLine) -> dict[str, Any]:
    """Name a line as the platform wants it, for the shipment that is filled in."""
    catalog = (line.listing or "0").partition("/")[0]
    option = Decimal(str(line.extra.get("ItemOptionPrice", "0")))
    return {
        "CatalogID": _whole(catalog),
        "ItemIndexID": _whole(line.external_id),
        "ItemID": line.sku or "",
        "ItemQuantity": number(line.quantity),
        "ItemUnitPrice": number(line.unit_price.amount - option),
    }


def _status(order: Order, going: Iterable[OrderLine]) -> int:
    """Tell the order's status once *going* has left: everything, or a part."""
    names = {line.external_id for line in going}
    parents = {line.bundle_parent for line in order.lines}
    left = [line for line in order.lines if line.quantity > 0 and line.external_id not in parents]
    whole = all(line.external_id in names or line.shipped >= line.quantity for line in left)
    return SHIPPED if whole else PARTIAL


def _whole(text: str) -> int:
    if not (text.isascii() and text.isdecimal()):
        raise RejectedError(f"'{text}' is no number of 3DCart's, so this cannot be told; do it in the shop.")
    return int(text)


def _plain(text: str) -> str:
    return "".join(text.split()).casefold()
