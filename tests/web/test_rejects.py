"""Rejects through the API."""

from typing import Any

import httpx
import pytest

from hub_core.domain.integrations import Integration
from hub_core.hub import Hub
from tests.hubs import NOW
from tests.toyshop.shop import Shop


@pytest.fixture
async def reject(hub: Hub, api: httpx.AsyncClient, shop: Shop, connected: Integration) -> dict[str, Any]:
    """The reject of an order without a price."""
    shop.put("7", NOW, lines=[{"id": "7-1", "quantity": "1"}])
    await hub.sync(connected.id)
    (found,) = (await api.get("/rejects")).json()["items"]
    shown: dict[str, Any] = found
    return shown


async def listed(api: httpx.AsyncClient, **filters: str) -> list[int]:
    return [one["id"] for one in (await api.get("/rejects", params=filters)).json()["items"]]


async def test_a_reject_shows_the_text_and_the_reason(
    api: httpx.AsyncClient, connected: Integration, reject: dict[str, Any]
) -> None:
    assert reject["integration_id"] == connected.id
    assert (reject["kind"], reject["external_id"], reject["state"]) == ("orders", "7", "open")
    assert "price" in reject["reason"]
    assert '"id": "7-1"' in reject["raw"]
    assert (await api.get(f"/rejects/{reject['id']}")).json() == reject


async def test_a_reject_that_is_good_now_becomes_an_order(
    api: httpx.AsyncClient, shop: Shop, reject: dict[str, Any]
) -> None:
    shop.put("7", NOW)
    answer = await api.post(f"/rejects/{reject['id']}/retry")
    assert answer.status_code == 200
    assert answer.json()["order"]["external_id"] == "7"
    assert answer.json()["reject"] is None
    assert await listed(api) == []
    assert await listed(api, state="settled") == [reject["id"]]


async def test_a_reject_that_is_still_bad_stays(api: httpx.AsyncClient, reject: dict[str, Any]) -> None:
    answer = await api.post(f"/rejects/{reject['id']}/retry")
    assert answer.status_code == 200
    assert answer.json()["order"] is None
    assert answer.json()["reject"]["id"] == reject["id"]
    assert await listed(api) == [reject["id"]]


async def test_a_reject_can_be_put_aside_and_taken_up_again(api: httpx.AsyncClient, reject: dict[str, Any]) -> None:
    aside = await api.patch(f"/rejects/{reject['id']}", json={"aside": True})
    assert aside.json()["state"] == "aside"
    assert (await listed(api), await listed(api, state="aside")) == ([], [reject["id"]])
    back = await api.patch(f"/rejects/{reject['id']}", json={"aside": False})
    assert back.json()["state"] == "open"


async def test_a_reject_that_was_discarded_is_settled_for_good(api: httpx.AsyncClient, reject: dict[str, Any]) -> None:
    assert (await api.delete(f"/rejects/{reject['id']}")).status_code == 204
    assert await listed(api) == []
    assert (await api.post(f"/rejects/{reject['id']}/retry")).status_code == 409
    assert (await api.patch(f"/rejects/{reject['id']}", json={"aside": False})).status_code == 409


@pytest.mark.parametrize("body", [{}, {"aside": "yes"}, {"aside": None}, {"aside": True, "state": "open"}])
async def test_a_change_that_says_nothing_clear_is_refused(
    api: httpx.AsyncClient, reject: dict[str, Any], body: dict[str, Any]
) -> None:
    assert (await api.patch(f"/rejects/{reject['id']}", json=body)).status_code == 422


@pytest.mark.parametrize(("method", "path"), [("GET", ""), ("DELETE", ""), ("POST", "/retry")])
async def test_a_reject_that_is_not_there_is_not_found(api: httpx.AsyncClient, method: str, path: str) -> None:
    assert (await api.request(method, f"/rejects/1{path}")).status_code == 404
