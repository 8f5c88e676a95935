"""Orders through the API."""

from datetime import timedelta
from typing import Any

import httpx
import pytest

from hub_core.domain.integrations import Integration
from hub_core.hub import Hub
from tests.hubs import NOW
from tests.toyshop.shop import Shop


async def numbers(api: httpx.AsyncClient, **filters: Any) -> list[str]:
    answer = await api.get("/orders", params=filters)
    assert answer.status_code == 200, answer.text
    return [order["number"] for order in answer.json()["items"]]


async def test_orders_come_last_placed_first(api: httpx.AsyncClient, stocked: Integration) -> None:
    assert await numbers(api) == ["N-5", "N-4", "N-3", "N-2", "N-1"]


@pytest.mark.parametrize("limit", [1, 2, 3, 5, 50])
async def test_pages_of_any_size_give_every_order_once(
    api: httpx.AsyncClient, stocked: Integration, limit: int
) -> None:
    seen: list[str] = []
    params: dict[str, Any] | None = {"limit": limit}
    while params is not None:
        part = (await api.get("/orders", params=params)).json()
        assert len(part["items"]) <= limit
        seen += [order["number"] for order in part["items"]]
        params = {"limit": limit, "cursor": part["next_cursor"]} if part["next_cursor"] else None
    assert seen == ["N-5", "N-4", "N-3", "N-2", "N-1"]


async def test_an_order_that_comes_in_between_does_not_shift_the_pages(
    hub: Hub, api: httpx.AsyncClient, shop: Shop, stocked: Integration
) -> None:
    first = (await api.get("/orders", params={"limit": 2})).json()
    shop.put("6", NOW, number="N-6")
    await hub.sync(stocked.id)
    assert await numbers(api, limit=2, cursor=first["next_cursor"]) == ["N-3", "N-2"]


async def test_an_order_is_shown_as_the_documents_say(api: httpx.AsyncClient, stocked: Integration) -> None:
    order = (await api.get("/orders", params={"number": "N-1"})).json()["items"][0]
    assert order["integration_id"] == stocked.id
    assert order["placed_at"] == (NOW - timedelta(hours=5)).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert order["total"] == {"amount": "10.00", "currency": "USD"}
    assert order["lines"][0]["quantity"] == "1"
    assert (await api.get(f"/orders/{order['id']}")).json() == order


@pytest.fixture
async def varied(hub: Hub, shop: Shop, stocked: Integration) -> None:
    """The orders 1, 4 and 5 differ from the others."""
    line = {"id": "5-1", "sku": "SKU-9", "quantity": "1", "price": "10.00"}
    shop.put("1", NOW - timedelta(hours=5), number="N-1", updated_at=NOW)
    shop.put("4", NOW - timedelta(hours=3), number="N-4", status="shipped", buyer="Dana")
    shop.put("5", NOW - timedelta(hours=1), number="N-5", lines=[line])
    await hub.sync(stocked.id)


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"number": "N-2"}, ["N-2"]),
        ({"number": "n"}, []),
        ({"status": "shipped"}, ["N-4"]),
        ({"sku": "SKU-9"}, ["N-5"]),
        ({"q": "SKU-9"}, ["N-5"]),
        ({"q": "dana"}, ["N-4"]),
        ({"placed_after": (NOW - timedelta(hours=3)).isoformat()}, ["N-5", "N-4", "N-3"]),
        ({"placed_before": (NOW - timedelta(hours=3)).isoformat()}, ["N-2", "N-1"]),
        ({"updated_after": (NOW - timedelta(minutes=1)).isoformat()}, ["N-1"]),
        ({"status": "open", "placed_before": NOW.isoformat(), "sku": "SKU-1"}, ["N-3", "N-2", "N-1"]),
    ],
    ids=str,
)
async def test_a_filter_leaves_what_matches(
    api: httpx.AsyncClient, varied: None, filters: dict[str, str], expected: list[str]
) -> None:
    assert await numbers(api, **filters) == expected


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("status", "opne"),
        ("status", ""),
        ("placed_after", "yesterday"),
        ("placed_after", "2026-01-31"),
        ("placed_after", "2026-01-31T12:00:00"),
        ("placed_before", "1700000000"),
        ("placed_before", "0001-01-01T00:00:00+14:00"),
        ("updated_after", "2026-02-30T12:00:00Z"),
        ("number", "two\nlines"),
        ("sku", "x" * 201),
    ],
)
async def test_a_filter_value_that_cannot_be_is_refused(api: httpx.AsyncClient, name: str, value: str) -> None:
    answer = await api.get("/orders", params={name: value})
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == [name]


async def test_an_order_that_is_not_there_is_not_found(api: httpx.AsyncClient) -> None:
    assert (await api.get("/orders/1")).status_code == 404
    assert (await api.get("/orders/1/history")).status_code == 404


async def test_the_history_of_an_order_tells_what_changed(
    hub: Hub, api: httpx.AsyncClient, shop: Shop, stocked: Integration
) -> None:
    shop.put("1", NOW - timedelta(hours=5), number="N-1", status="shipped", updated_at=NOW)
    await hub.sync(stocked.id)
    order = (await api.get("/orders", params={"number": "N-1"})).json()["items"][0]
    revisions = (await api.get(f"/orders/{order['id']}/history")).json()["items"]
    assert order["status"] == "shipped"
    assert revisions[-1]["revision"] == order["revision"] == 2
    assert "status" in str(revisions[-1]["changes"])
    assert revisions[-1]["at"].endswith("Z")
