"""Orders that are written through the API: shipments, lines and statuses."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from hub_threedcart.sandbox import API_ROOT, Sandbox, ThreeDCartShop

PUT, POST = "PUT", "POST"


@pytest.fixture
def order(sandbox: Sandbox) -> int:
    return sandbox.place(lines=[{"product": 11}, {"product": 12}])


@pytest.fixture
def tell(client: httpx.AsyncClient, shop: ThreeDCartShop) -> Any:
    async def send(method: str, path: str, body: Any) -> httpx.Response:
        return await client.request(method, f"{API_ROOT}/v2/Orders/{path}", json=body, headers=dict(shop.headers))

    return send


def held(shop: ThreeDCartShop, order: int) -> dict[str, Any]:
    record = shop.orders.get(order)
    assert record is not None
    members: dict[str, Any] = json.loads(record.text)
    return members


async def test_the_ordinary_shipment_is_told_and_moves_the_order(tell: Any, shop: ThreeDCartShop, order: int) -> None:
    told = {"ShipmentTrackingCode": "1Z", "ShipmentShippedDate": "05/20/2024", "ShipmentOrderStatus": 4}
    answer = await tell(PUT, f"{order}/Shipments/0", told)
    assert (answer.status_code, answer.json()[0]["Value"]) == (200, "0")
    members = held(shop, order)
    assert members["OrderStatusID"] == 4
    assert members["ShipmentList"][0] | told == members["ShipmentList"][0]
    assert [(one["method"], one["status"]) for one in shop.meter.log] == [("PUT", 200)]
    assert [(one.named, one.applied) for one in shop.writes.writes] == [(f"{order}/0", 1)]


async def test_a_further_shipment_bears_lines_that_are_moved_to_it(tell: Any, shop: ThreeDCartShop, order: int) -> None:
    line = held(shop, order)["OrderItemList"][0]["ItemIndexID"]
    answer = await tell(POST, f"{order}/Shipments", {"ShipmentLastName": "Fieldstone", "ShipmentTrackingCode": "1Z"})
    assert (answer.status_code, answer.json()[0]["Key"]) == (201, "ShipmentID")
    number = int(answer.json()[0]["Value"])
    moved = await tell(PUT, f"{order}/Items", [{"ItemIndexID": line, "ItemShipmentID": number}])
    assert moved.status_code == 200
    assert [one["ItemShipmentID"] for one in held(shop, order)["OrderItemList"]] == [number, 0]
    assert [one["ShipmentID"] for one in held(shop, order)["ShipmentList"]] == [0, number]
    await tell(PUT, f"{order}", {"OrderStatusID": 3})
    assert held(shop, order)["OrderStatusID"] == 3


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        (POST, "Shipments", {"ShipmentTrackingCode": "1Z"}),
        (PUT, "Shipments", {"ShipmentID": 0}),
        (PUT, "Shipments", []),
        (PUT, "Shipments", [{"ShipmentTrackingCode": "1Z"}]),
        (PUT, "Shipments", [{"ShipmentID": 0, "ShipmentCost": 1}]),
        (PUT, "Shipments", [{"ShipmentID": 0, "ShipmentTrackingCode": None}]),
        (PUT, "Shipments", [{"ShipmentID": 0, "ShipmentMethodName": "UPS/Ground"}]),
        (PUT, "Items", [{"ItemIndexID": "x", "ItemShipmentID": 0}]),
    ],
)
@pytest.mark.usefixtures("order")
async def test_what_the_platform_was_seen_to_refuse_is_refused(
    tell: Any, shop: ThreeDCartShop, method: str, path: str, body: Any
) -> None:
    order = shop.orders.keys[0]
    before = held(shop, order)
    assert (await tell(method, f"{order}/{path}", body)).status_code == 400
    assert held(shop, order) == before


async def test_what_is_not_there_is_not_written(tell: Any, shop: ThreeDCartShop, order: int) -> None:
    assert (await tell(PUT, f"{order}/Shipments", [{"ShipmentID": 5}])).status_code == 206
    assert (await tell(PUT, f"{order}/Items", [{"ItemIndexID": 1, "ItemShipmentID": 0}])).status_code == 206
    for path, body in (("Shipments/0", {}), ("", {"OrderStatusID": 4})):
        assert (await tell(PUT, f"999999/{path}".rstrip("/"), body)).status_code == 404
    assert (await tell(POST, "999999/Shipments", {"ShipmentLastName": "F"})).status_code == 404
    assert not any(one.applied for one in shop.writes.writes)


async def test_replies_are_lost_and_shipments_refused_on_demand(
    sandbox: Sandbox, tell: Any, shop: ThreeDCartShop, order: int
) -> None:
    refused = sandbox.break_down("refuse_item", item=f"{order}/0", options={"message": "Not now"})
    answer = await tell(PUT, f"{order}/Shipments", [{"ShipmentID": 0, "ShipmentTrackingCode": "1Z"}])
    assert (answer.status_code, answer.json()[0]["Message"], refused.fired) == (206, "Not now", 1)
    lost = sandbox.break_down("lose_reply", method="POST", path="*/Shipments")
    with pytest.raises(ConnectionResetError):
        await tell(POST, f"{order}/Shipments", {"ShipmentLastName": "F"})
    assert (lost.fired, len(held(shop, order)["ShipmentList"])) == (1, 2)


async def test_an_app_without_the_right_writes_nothing(tell: Any, shop: ThreeDCartShop, order: int) -> None:
    shop.rights -= {"orders:write"}
    for method, path in ((PUT, "Shipments/0"), (POST, "Shipments"), (PUT, "Items")):
        assert (await tell(method, f"{order}/{path}", [])).status_code == 401
