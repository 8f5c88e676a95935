"""Orders that are written: shipments, which lines they bear, and statuses."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from starlette.responses import Response

from hub_core.testing.store import Wish, Write
from hub_threedcart.sandbox import answers, steer
from hub_threedcart.sandbox.bodies import BadBodyError, members_of, parsed, whole_number
from hub_threedcart.sandbox.reading import Asked
from hub_threedcart.sandbox.shop import ThreeDCartShop
from hub_threedcart.sandbox.spelling import dump, stamp
from hub_threedcart.sandbox.writing import failed, result, results

_NAMES: Final = (
    "FirstName LastName Company Address Address2 City State ZipCode Country Phone Email MethodName ShippedDate "
    "TrackingCode InternalComment Alias"
)
_TEXTS: Final = [f"Shipment{name}" for name in _NAMES.split()]
_WHOLE: Final = ("ShipmentOrderStatus", "ShipmentBoxes", "ShipmentMethodID")
_METHOD: Final = re.compile(r"[A-Za-z0-9 .()\-]*")
_UPDATED: Final = "updated successfully"
_CREATED: Final = "Created successfully"

Change = Callable[[ThreeDCartShop, dict[str, Any], Write], bool]


def shipment_list(shop: ThreeDCartShop, order: int, body: bytes) -> list[Write]:
    """Read the body of `PUT /Orders/{orderid}/Shipments`; each entry names its shipment by `ShipmentID`."""
    del shop
    return [_of_shipment(order, whole_number(one.get("shipmentid")), one) for one in _list(body)]


def one_shipment(shop: ThreeDCartShop, order: int, code: str, body: bytes) -> list[Write]:
    """Read the body of `PUT /Orders/{orderid}/Shipments/{shipmentid}`."""
    del shop
    if not code.isdecimal():
        raise BadBodyError("a number")
    return [_of_shipment(order, int(code), members_of(parsed(body)))]


def new_shipment(shop: ThreeDCartShop, order: int, body: bytes) -> list[Write]:
    """Read the body of `POST /Orders/{orderid}/Shipments`, which must bear a last name."""
    del shop
    write = _of_shipment(order, None, members_of(parsed(body)))
    if not str(write.values.get("ShipmentLastName", "")).strip():
        raise BadBodyError("a last name")
    return [write]


def item_list(shop: ThreeDCartShop, order: int, body: bytes) -> list[Write]:
    """Read the body of `PUT /Orders/{orderid}/Items`; of an item only its shipment can be changed here."""
    del shop
    return [
        Write(
            f"{order}/{whole_number(one.get('itemindexid'))}",
            None,
            str(one.get("itemid", "")),
            {"ItemIndexID": one["itemindexid"], "ItemShipmentID": whole_number(one.get("itemshipmentid"))},
        )
        for one in _list(body)
    ]


def one_order(shop: ThreeDCartShop, order: int, body: bytes) -> list[Write]:
    """Read the body of `PUT /Orders/{orderid}`; of an order only its status can be changed here."""
    del shop
    status = members_of(parsed(body)).get("orderstatusid")
    return [Write(str(order), None, "", {} if status is None else {"OrderStatusID": whole_number(status)})]


def write_shipments(asked: Asked, writes: Sequence[Write]) -> Response:
    """Change shipments of an order; a status of theirs moves the order's."""
    return _write(asked, writes, "ShipmentID", _change_shipment)


def add_shipment(asked: Asked, writes: Sequence[Write]) -> Response:
    """Make a further shipment of an order."""
    (write,) = writes
    if write.refused or asked.shop.orders.get(asked.key) is None:
        return _refused(write)
    number = asked.shop.numbers.take("shipment")
    _edit(asked, write, lambda shop, members, one: _add(shop, members, one, number))
    told = [] if write.untold else [result("ShipmentID", str(number), 201, _CREATED)]
    return answers.answer(dump(told), 201)


def write_items(asked: Asked, writes: Sequence[Write]) -> Response:
    """Move lines of an order to other shipments."""
    return _write(asked, writes, "ItemIndexID", _change_item)


def write_order(asked: Asked, writes: Sequence[Write]) -> Response:
    """Change an order."""
    return _write(asked, writes, "OrderID", _change_order)


def _list(body: bytes) -> list[dict[str, Any]]:
    entries = parsed(body)
    if not isinstance(entries, list) or not entries:
        raise BadBodyError("a list")
    return [members_of(entry) for entry in entries]


def _of_shipment(order: int, number: int | None, given: Mapping[str, Any]) -> Write:
    """Read a shipment as strictly as the platform was seen to: neither nulls nor a cost, nor odd signs in a method."""
    if "shipmentcost" in given or any(value is None for value in given.values()):
        raise BadBodyError("no cost, and no null")
    values: dict[str, Any] = {name: _text(given[name.lower()]) for name in _TEXTS if name.lower() in given}
    values |= {name: whole_number(given[name.lower()]) for name in _WHOLE if name.lower() in given}
    if not _METHOD.fullmatch(str(values.get("ShipmentMethodName", ""))):
        raise BadBodyError("a method of plain characters")
    named = f"{order}/{'new' if number is None else number}"
    return Write(named, None, "", values if number is None else {"ShipmentID": number, **values})


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise BadBodyError("a text")
    return value


def _write(asked: Asked, writes: Sequence[Write], key: str, change: Change) -> Response:
    if asked.shop.orders.get(asked.key) is None:
        return answers.answer(b"", 404)
    told = []
    for write in writes:
        done = not write.refused and _edit(asked, write, change)
        value = str(write.values.get(key, asked.key))
        told.append(result(key, value, 200, _UPDATED) if done else failed(write, f"{key} not found"))
    return results(told, writes)


def _refused(write: Write) -> Response:
    return answers.answer(b"", int(write.refused["status"]) if write.refused else 404)


def _edit(asked: Asked, write: Write, change: Change) -> bool:
    """Change the order's members, and tell whether there was anything to change."""
    shop, record = asked.shop, asked.shop.orders.get(asked.key)
    if record is None:
        return False
    members: dict[str, Any] = json.loads(record.text)
    if not change(shop, members, write):
        return False
    members["LastUpdate"], members["UserID"] = stamp(shop.clock.wall()), "API"
    steer.put(shop, asked.key, members, Wish())
    shop.writes.apply(write)
    return True


def _change_shipment(shop: ThreeDCartShop, members: dict[str, Any], write: Write) -> bool:
    number = write.values["ShipmentID"]
    found = next((one for one in steer.rows(members, "ShipmentList") if one["ShipmentID"] == number), None)
    if found is None:
        return False
    found |= {**write.values, "ShipmentLastUpdate": stamp(shop.clock.wall())}
    members["OrderStatusID"] = write.values.get("ShipmentOrderStatus", members["OrderStatusID"])
    return True


def _add(shop: ThreeDCartShop, members: dict[str, Any], write: Write, number: int) -> bool:
    shipments = steer.rows(members, "ShipmentList")
    empty: dict[str, Any] = dict.fromkeys(_TEXTS, "")
    shipments.append(
        {
            **empty,
            "ShipmentCost": 0.0,
            "ShipmentTax": 0.0,
            "ShipmentWeight": 0.0,
            "ShipmentUserID": "",
            "ShipmentBoxes": 1,
            "ShipmentMethodID": 0,
            "ShipmentAddressTypeID": 0,
            "ShipmentOrderStatus": members["OrderStatusID"],
            **write.values,
            "ShipmentID": number,
            "ShipmentNumber": len(shipments) + 1,
            "ShipmentLastUpdate": stamp(shop.clock.wall()),
        }
    )
    members["OrderStatusID"] = write.values.get("ShipmentOrderStatus", members["OrderStatusID"])
    return True


def _change_item(shop: ThreeDCartShop, members: dict[str, Any], write: Write) -> bool:
    del shop
    shipments = {one["ShipmentID"] for one in steer.rows(members, "ShipmentList")}
    number, shipment = write.values["ItemIndexID"], write.values["ItemShipmentID"]
    found = next((one for one in steer.rows(members, "OrderItemList") if one["ItemIndexID"] == number), None)
    if found is None or shipment not in shipments:
        return False
    found["ItemShipmentID"] = shipment
    return True


def _change_order(shop: ThreeDCartShop, members: dict[str, Any], write: Write) -> bool:
    del shop
    members |= write.values
    return True
