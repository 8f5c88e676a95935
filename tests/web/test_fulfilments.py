"""Shipping through the API."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from hub_core.domain.integrations import Flow
from hub_core.domain.tokens import Scope
from hub_core.testing.clock import VirtualClock
from tests import hubs
from tests.hubs import NOW
from tests.stockshop.desk import StockDesk, stock_desk
from tests.web.conftest import caller

LINES = [{"id": "1", "sku": "A", "quantity": "2", "price": "1"}, {"id": "2", "sku": "B", "quantity": "1", "price": "1"}]


@pytest.fixture
async def desk(tmp_path: Path, empty_database: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[StockDesk]:
    hubs.hurry_sqlite(monkeypatch)
    path = tmp_path / "hub.db"
    shutil.copyfile(empty_database, path)
    async with stock_desk(f"sqlite:///{path}", VirtualClock(NOW)) as opened:
        opened.shop.put("X", NOW, lines=LINES)
        await opened.read_orders()
        yield opened


@pytest.fixture
async def api(desk: StockDesk) -> AsyncIterator[httpx.AsyncClient]:
    async with caller(desk.hub, Scope.WRITE) as client:
        yield client


@pytest.fixture
async def path(api: httpx.AsyncClient) -> str:
    (order,) = (await api.get("/orders")).json()["items"]
    return f"/orders/{order['id']}/fulfilments"


def parcel(number: str = "T1", **members: Any) -> dict[str, Any]:
    return {"tracking_number": number, **members}


async def test_an_order_is_shipped(desk: StockDesk, api: httpx.AsyncClient, path: str) -> None:
    answer = await api.post(path, json=parcel(carrier="UPS", shipped_at="2026-03-10T10:00:00+01:00"))
    made = answer.json()
    assert answer.status_code == 201
    assert made["lines"] == [{"external_id": "1", "quantity": "2"}, {"external_id": "2", "quantity": "1"}]
    assert (made["state"], made["carrier"], made["shipped_at"]) == ("waiting", "UPS", "2026-03-10T09:00:00Z")
    await desk.push(Flow.FULFILMENT)
    now = (await api.get(f"/fulfilments/{made['id']}")).json()
    assert now["state"] == "sent"
    assert (await api.get(path)).json()["items"] == (await api.get("/fulfilments")).json()["items"] == [now]
    assert (await api.get("/fulfilments", params={"state": "unknown"})).json()["items"] == []


async def test_the_same_parcel_is_answered_with_what_is_there(api: httpx.AsyncClient, path: str) -> None:
    body = parcel(lines=[{"external_id": "1", "quantity": 1}])
    first, again = [await api.post(path, json=body) for _ in range(2)]
    assert (first.status_code, again.status_code, again.json()) == (201, 200, first.json())


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (parcel(""), 422),
        ({}, 422),
        (parcel(surprise=1), 422),
        (parcel(lines=[]), 422),
        (parcel(lines=[{"external_id": "9", "quantity": 1}]), 422),
        (parcel(lines=[{"external_id": "1", "quantity": 1.5}]), 422),
        (parcel(lines=[{"external_id": "1", "quantity": "0"}]), 422),
        (parcel(lines=[{"external_id": "1", "quantity": 3}]), 409),
        (parcel(shipped_at="yesterday"), 422),
    ],
)
async def test_what_cannot_be_shipped_is_a_problem(
    api: httpx.AsyncClient, path: str, body: dict[str, Any], status: int
) -> None:
    answer = await api.post(path, json=body)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")


async def test_all_that_is_under_way_cannot_be_shipped_again(api: httpx.AsyncClient, path: str) -> None:
    assert (await api.post(path, json=parcel("T1"))).status_code == 201
    answer = await api.post(path, json=parcel("T2"))
    assert (answer.status_code, answer.json()["detail"]) == (409, "Everything of order X is under way already.")


async def test_a_person_decides_of_what_is_unknown(desk: StockDesk, api: httpx.AsyncClient, path: str) -> None:
    made = (await api.post(path, json=parcel())).json()
    desk.shop.cuts = {0: "before", 1: "before"}
    for _ in range(8):
        await desk.is_due(Flow.FULFILMENT)
        desk.clock.advance(301)
    (unknown,) = (await api.get("/fulfilments", params={"state": "unknown"})).json()["items"]
    assert unknown["id"] == made["id"]
    settled = await api.patch(f"/fulfilments/{made['id']}", json={"decision": "sent"})
    assert (settled.status_code, settled.json()["state"]) == (200, "sent")
    assert (await api.patch(f"/fulfilments/{made['id']}", json={"decision": "again"})).status_code == 409
    assert (await api.patch(f"/fulfilments/{made['id']}", json={"decision": "maybe"})).status_code == 422


async def test_what_is_not_there_is_not_found(api: httpx.AsyncClient) -> None:
    assert (await api.post("/orders/99/fulfilments", json=parcel())).status_code == 404
    assert (await api.get("/orders/99/fulfilments")).status_code == 404
    assert (await api.get("/fulfilments/99")).status_code == 404


async def test_lists_go_on_page_by_page(api: httpx.AsyncClient, path: str) -> None:
    for number in ("T1", "T2"):
        await api.post(path, json=parcel(number, lines=[{"external_id": "1", "quantity": 1}]))
    first = (await api.get("/fulfilments", params={"limit": 1})).json()
    then = (await api.get("/fulfilments", params={"limit": 1, "cursor": first["next_cursor"]})).json()
    assert [one["tracking_number"] for one in (*first["items"], *then["items"])] == ["T2", "T1"]
    assert then["next_cursor"] is None


async def test_who_may_only_read_ships_nothing(desk: StockDesk, path: str) -> None:
    async with caller(desk.hub, Scope.READ) as reader:
        assert (await reader.post(path, json=parcel())).status_code == 403
        assert (await reader.patch("/fulfilments/1", json={"decision": "drop"})).status_code == 403
