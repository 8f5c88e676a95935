"""Telling a store what is on its way: which requests, in which order, and what is made of the answers."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import httpx
import pytest
import respx

from hub_core import (
    Accepted,
    Fulfilment,
    FulfilmentLine,
    Order,
    PermissionMissingError,
    Refused,
    ResponseError,
    Store,
    UnavailableError,
)
from hub_threedcart.channel import push_fulfilments

API = "https://apirest.3dcart.com/3dCartWebAPI/v2/Orders/2060"
AT = datetime(2024, 5, 8, 3, 30, tzinfo=UTC)
"""Still the day before, in New York."""
Members = dict[str, Any]


@pytest.fixture
def one_shipment(example: Callable[[str], Any]) -> Members:
    """An order of two lines, 90101 and 90102, that are to go with the ordinary shipment."""
    (members,) = copy.deepcopy(example("order_v2_two_shipments"))
    members["ShipmentList"] = [{**members["ShipmentList"][1], "ShipmentID": 0}]
    members["OrderStatusID"] = 1
    for item in members["OrderItemList"]:
        item["ItemShipmentID"] = 0
    return dict(members)


class Orders:
    """The platform's order 2060, which takes what it is told; *moved* says that a shipment's status moves the order."""

    def __init__(self, api: respx.MockRouter, members: Members) -> None:
        self.members = members
        self.calls: list[tuple[str, str, Any]] = []
        self.answers: dict[str, httpx.Response | Exception] = {}
        self.moved = True
        api.route(url__regex=rf"{API}.*").mock(side_effect=self._answer)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path.partition("/Orders/2060")[2].strip("/")
        body = json.loads(request.content) if request.content else None
        if request.method == "GET":
            return httpx.Response(200, json=[self.members])
        self.calls.append((request.method, path, body))
        answer = self.answers.pop(f"{request.method} {path}", None)
        if isinstance(answer, Exception):
            raise answer
        return answer or self._taken(request.method, path, body)

    def _taken(self, method: str, path: str, body: Any) -> httpx.Response:
        if method == "POST":
            self.members["ShipmentList"].append({**body, "ShipmentID": 903})
            self.members["OrderStatusID"] = body["ShipmentOrderStatus"]
            return httpx.Response(201, json=[{"Key": "ShipmentID", "Value": "903", "Status": "201", "Message": "ok"}])
        if path == "":
            self.members |= body
            return httpx.Response(200, json=[result("OrderID", 2060)])
        key = "ShipmentID" if path == "Shipments" else "ItemIndexID"
        rows = self.members["ShipmentList" if path == "Shipments" else "OrderItemList"]
        for one in body:
            next(row for row in rows if row[key] == one[key]).update(one)
            if self.moved and "ShipmentOrderStatus" in one:
                self.members["OrderStatusID"] = one["ShipmentOrderStatus"]
        return httpx.Response(200, json=[result(key, one[key]) for one in body])


def result(key: str, value: Any, status: int = 200, message: str = "updated successfully") -> dict[str, str]:
    return {"Key": key, "Value": str(value), "Status": str(status), "Message": message}


@pytest.fixture
def orders(api: respx.MockRouter, one_shipment: Members) -> Orders:
    return Orders(api, one_shipment)


Push = Callable[..., Any]


@pytest.fixture
def push(store: Store, orders: Orders, as_order: Callable[..., Order]) -> Push:
    """Tells of some lines of the order as it stands."""

    async def told(*lines: str, number: str = "1Z9", carrier: str = "UPS Ground", **units: int) -> Any:
        order = as_order(orders.members)
        names = lines or tuple(one.external_id for one in order.lines)
        much = {one.external_id: units.get(f"n{one.external_id}", one.quantity) for one in order.lines}
        wanted = tuple(FulfilmentLine(external_id=name, quantity=Decimal(much.get(name, 1))) for name in names)
        one = Fulfilment(id="5", order=order, lines=wanted, tracking_number=number, carrier=carrier, shipped_at=AT)
        ((outcome,),) = [page async for page in push_fulfilments(store, [one])]
        return outcome

    return told


async def test_what_goes_as_a_whole_is_told_with_the_ordinary_shipment(orders: Orders, push: Push) -> None:
    assert await push() == Accepted("5")
    told = {
        "ShipmentID": 0,
        "ShipmentTrackingCode": "1Z9",
        "ShipmentShippedDate": "05/07/2024",
        "ShipmentMethodName": "UPS Ground",
        "ShipmentOrderStatus": 4,
    }
    assert orders.calls == [("PUT", "Shipments", [told])]
    assert orders.members["OrderStatusID"] == 4


async def test_an_order_that_its_shipment_did_not_move_is_given_its_status(orders: Orders, push: Push) -> None:
    orders.moved = False
    assert await push() == Accepted("5")
    assert orders.calls[1:] == [("PUT", "", {"OrderStatusID": 4})]


async def test_a_part_gets_a_shipment_of_its_own(orders: Orders, push: Push) -> None:
    assert await push("90101") == Accepted("5")
    made, moved, status = orders.calls
    assert made[:2] == ("POST", "Shipments")
    assert made[2] == {
        "ShipmentFirstName": "Ruth",
        "ShipmentLastName": "Pemberly",
        "ShipmentCompany": "Example Trading Co",
        "ShipmentAddress": "9 Harbor View Ct",
        "ShipmentAddress2": "Unit 12",
        "ShipmentCity": "Salem",
        "ShipmentState": "MA",
        "ShipmentZipCode": "01970",
        "ShipmentCountry": "US",
        "ShipmentPhone": "555-0101",
        "ShipmentTrackingCode": "1Z9",
        "ShipmentShippedDate": "05/07/2024",
        "ShipmentMethodName": "UPS Ground",
        "ShipmentOrderStatus": 4,
    }
    line = {"CatalogID": 11, "ItemIndexID": 90101, "ItemID": "TEE-M", "ItemQuantity": 1, "ItemUnitPrice": 20.0}
    assert moved == ("PUT", "Items", [{**line, "ItemShipmentID": 903}])
    assert status == ("PUT", "", {"OrderStatusID": 3})


async def test_the_rest_goes_with_the_shipment_that_was_left(orders: Orders, push: Push) -> None:
    await push("90101")
    orders.calls.clear()
    assert await push("90102", number="1Z8") == Accepted("5")
    assert [call[:2] for call in orders.calls] == [("PUT", "Shipments"), ("PUT", "")][: len(orders.calls)]
    assert orders.members["OrderStatusID"] == 4
    assert [one["ShipmentTrackingCode"] for one in orders.members["ShipmentList"]] == ["1Z8", "1Z9"]


async def test_the_price_of_a_line_is_told_without_its_surcharge(orders: Orders, push: Push) -> None:
    orders.members["OrderItemList"][0] |= {"ItemUnitPrice": 20.0, "ItemOptionPrice": 2.5}
    await push("90101")
    assert orders.calls[1][2][0]["ItemUnitPrice"] == 20


async def test_every_step_that_was_cut_short_is_gone_on_with_and_none_is_done_twice(orders: Orders, push: Push) -> None:
    for cut in ("POST Shipments", "PUT Items", "PUT "):
        orders.answers[cut] = httpx.ReadTimeout("lost")
        with pytest.raises(UnavailableError):
            await push("90101")
        if cut == "POST Shipments":  # it had come
            orders._taken("POST", "Shipments", orders.calls[0][2])
    assert await push("90101") == Accepted("5")
    assert [call[0] for call in orders.calls].count("POST") == 1
    assert [one["ItemShipmentID"] for one in orders.members["OrderItemList"]] == [903, 0]
    assert orders.members["OrderStatusID"] == 3
    orders.calls.clear()
    assert await push("90101") == Accepted("5")
    assert orders.calls == []


async def test_a_number_that_stands_there_without_a_status_is_completed(orders: Orders, push: Push) -> None:
    orders.members["ShipmentList"][0]["ShipmentTrackingCode"] = "1z9".ljust(50)
    assert await push() == Accepted("5")
    assert [call[:2] for call in orders.calls] == [("PUT", "Shipments")]


async def test_signs_that_the_platform_refuses_in_a_method_are_left_out(orders: Orders, push: Push) -> None:
    await push(carrier="UPS® / Ground (2-3 days)")
    assert orders.calls[0][2][0]["ShipmentMethodName"] == "UPS Ground (2-3 days)"
    orders.members["ShipmentList"][0]["ShipmentTrackingCode"] = ""
    orders.calls.clear()
    await push(carrier="", number="1Z7")
    assert "ShipmentMethodName" not in orders.calls[0][2][0]


async def test_a_receiver_without_a_last_name_gets_one(orders: Orders, push: Push) -> None:
    orders.members["ShipmentList"][0] |= {"ShipmentLastName": " ", "ShipmentCompany": "C" * 60}
    await push("90101")
    assert orders.calls[0][2]["ShipmentLastName"] == "C" * 50


async def test_the_parts_of_a_bundle_take_it_along(orders: Orders, push: Push) -> None:
    orders.members["OrderItemList"][1]["ItemAdditionalField3"] = "90101"
    assert await push("90102") == Accepted("5")
    assert [call[:2] for call in orders.calls] == [("PUT", "Shipments")]
    assert orders.members["OrderStatusID"] == 4


@pytest.mark.parametrize(
    ("change", "lines", "sentence"),
    [
        ({}, {"n90102": 1}, "3DCart keeps the units of a line in one shipment, so 1 of 2 of line 90102"),
        ({"ShipmentTrackingCode": "OTHER"}, {}, "Shipment 0 bears another tracking number already"),
    ],
)
async def test_what_the_platform_cannot_show_is_refused_and_nothing_sent(
    orders: Orders, push: Push, change: Members, lines: dict[str, int], sentence: str
) -> None:
    orders.members["ShipmentList"][0] |= change
    outcome = await push(**lines)
    assert isinstance(outcome, Refused)
    assert sentence in outcome.reason
    assert orders.calls == []


async def test_goods_for_two_addresses_go_one_by_one(
    api: respx.MockRouter, example: Callable[[str], Any], orders: Orders, push: Push
) -> None:
    (members,) = copy.deepcopy(example("order_v2_two_shipments"))
    orders.members = members
    members["ShipmentList"][0]["ShipmentTrackingCode"] = ""
    outcome = await push()
    assert isinstance(outcome, Refused)
    assert outcome.reason == "These lines go to different addresses; ship them one address at a time."
    assert await push("90102") == Accepted("5")
    assert orders.calls[0][2][0]["ShipmentID"] == 882


async def test_a_shipment_that_bears_the_number_with_other_goods_is_left_alone(orders: Orders, push: Push) -> None:
    orders.members["ShipmentList"][0]["ShipmentTrackingCode"] = "1Z9"
    outcome = await push("90101")
    assert isinstance(outcome, Refused)
    assert "also holds lines that are not shipped now: 90102" in outcome.reason


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(400, json=[result("Error", "", 400, "Bad method.")]),
        httpx.Response(206, json=[result("Error", "0", 400, "Bad method.")]),
        httpx.Response(200, json=[result("Error", "", 400, "Bad method.")]),
    ],
)
async def test_a_refusal_of_the_first_step_refuses_the_parcel(
    orders: Orders, push: Push, answer: httpx.Response
) -> None:
    orders.answers["PUT Shipments"] = answer
    outcome = await push()
    assert isinstance(outcome, Refused)
    assert "(400: Bad method)" in outcome.reason


@pytest.mark.parametrize("step", ["PUT Items", "PUT "])
async def test_a_refusal_of_a_later_step_is_no_refusal_of_the_parcel(orders: Orders, push: Push, step: str) -> None:
    orders.answers[step] = httpx.Response(400)
    with pytest.raises(ResponseError, match=r"A part of it stands there"):
        await push("90101")


@pytest.mark.parametrize("answer", [httpx.Response(200), httpx.Response(201, json=[result("OrderID", "x", 201)])])
async def test_a_shipment_whose_number_is_not_told_is_not_made_again(
    orders: Orders, push: Push, answer: httpx.Response
) -> None:
    orders.answers["POST Shipments"] = answer
    with pytest.raises(ResponseError, match=r"did not tell the number of the shipment"):
        await push("90101")
    assert len(orders.calls) == 1


async def test_a_fault_of_the_server_leaves_it_open_what_was_done(orders: Orders, push: Push) -> None:
    orders.answers["PUT Shipments"] = httpx.Response(500)
    with pytest.raises(UnavailableError):
        await push()


async def test_a_missing_right_is_named(api: respx.MockRouter, orders: Orders, push: Push) -> None:
    api.get("https://apirest.3dcart.com/3dCartWebAPI/v2/StoreSettings").respond(json=[])
    orders.answers["PUT Shipments"] = httpx.Response(401)
    with pytest.raises(PermissionMissingError) as error:
        await push()
    assert error.value.right == "Orders: write"


async def test_the_answers_of_the_examples_are_understood(
    example: Callable[[str], Any], orders: Orders, push: Push
) -> None:
    answers = {
        "POST Shipments": "post_shipment_partial",
        "PUT Items": "put_order_items_assign_shipment",
        "PUT ": "put_order_single_status",
    }
    for step, name in answers.items():
        told = example(name)["response"]
        orders.answers[step] = httpx.Response(told["status"], json=told["body"])
    assert await push("90101") == Accepted("5")
    assert [call[:2] for call in orders.calls] == [("POST", "Shipments"), ("PUT", "Items"), ("PUT", "")]
    for name in ("put_shipments_tracking_bulk", "put_shipment_single"):
        told = example(name)["response"]
        orders.answers["PUT Shipments"] = httpx.Response(told["status"], json=told["body"])
        assert await push(number=name) == Accepted("5")


def test_what_is_written_has_the_names_of_the_examples(example: Callable[[str], Any]) -> None:
    moved = example("put_order_items_assign_shipment")["request"]["body"][0]
    line = {"CatalogID", "ItemIndexID", "ItemID", "ItemQuantity", "ItemUnitPrice", "ItemShipmentID"}
    assert moved.keys() == line
    told = example("put_shipment_single")["request"]["body"]
    parcel = {"ShipmentTrackingCode", "ShipmentShippedDate", "ShipmentMethodName", "ShipmentOrderStatus"}
    assert told.keys() == {"ShipmentID", *parcel}
