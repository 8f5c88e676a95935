"""Events through the API."""

import httpx

from hub_core.domain.integrations import Integration
from hub_core.hub import Hub
from tests.hubs import NOW
from tests.toyshop.shop import Shop


async def test_events_come_in_order_without_gaps(api: httpx.AsyncClient, stocked: Integration) -> None:
    events = (await api.get("/events")).json()["items"]
    assert [event["id"] for event in events] == list(range(1, len(events) + 1))
    assert events[0]["type"] == "integration.added"
    assert events[0]["at"].endswith("Z")


async def test_events_go_on_after_the_last_one_seen(api: httpx.AsyncClient, stocked: Integration) -> None:
    everything = (await api.get("/events")).json()["items"]
    assert (await api.get("/events", params={"after": 2})).json()["items"] == everything[2:]
    assert (await api.get("/events", params={"after": everything[-1]["id"]})).json()["items"] == []


async def test_pages_of_events_give_each_once(api: httpx.AsyncClient, stocked: Integration) -> None:
    first = (await api.get("/events", params={"after": 1, "limit": 2})).json()
    second = (await api.get("/events", params={"limit": 2, "cursor": first["next_cursor"]})).json()
    assert [event["id"] for event in first["items"] + second["items"]] == [2, 3, 4, 5]


async def test_events_can_be_narrowed_to_a_type(api: httpx.AsyncClient, stocked: Integration) -> None:
    events = (await api.get("/events", params={"type": "order.created"})).json()["items"]
    assert len(events) == 5
    assert {event["type"] for event in events} == {"order.created"}


async def test_events_of_what_was_there_before_the_hub_can_be_left_out(
    hub: Hub, api: httpx.AsyncClient, shop: Shop, stocked: Integration
) -> None:
    shop.put("9", NOW, number="N-9")
    await hub.sync(stocked.id)
    events = (await api.get("/events", params={"history": "false", "type": "order.created"})).json()["items"]
    assert [event["data"].get("number") for event in events] == ["N-9"]
