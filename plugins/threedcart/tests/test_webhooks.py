"""Webhooks of 3DCart: asked for once, read back, deleted; and what a delivery hints at."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
import respx
from hypothesis import given
from hypothesis import strategies as st

from hub_core import (
    AuthorizationError,
    CallbackRequest,
    Hints,
    PermissionMissingError,
    ResponseError,
    Store,
    Subscription,
    UnavailableError,
)
from hub_threedcart.channel import receive_webhook, subscribe_webhooks, unsubscribe_webhooks
from hub_threedcart.webhooks import EVENTS, read

API = "https://apirest.3dcart.com/3dCartWebAPI/v2"
ADDRESS = "https://hub.example/webhooks/7/the-secret"


@dataclass
class Platform:
    """Keeps webhooks; takes only the events that it *knows*."""

    known: tuple[int, ...] = tuple(EVENTS)
    kept: dict[int, dict[str, Any]] = field(default_factory=dict)
    tells_events: bool = True
    posts: int = 0

    def listed(self, _: httpx.Request) -> httpx.Response:
        if not self.kept:
            return httpx.Response(404, json=[{"Key": "Error", "Value": "", "Status": "404", "Message": "None found"}])
        rows = [{"Id": key, **webhook} for key, webhook in self.kept.items()]
        return httpx.Response(200, json=rows if self.tells_events else [_without_event(row) for row in rows])

    def posted(self, request: httpx.Request) -> httpx.Response:
        self.posts += 1
        webhook = json.loads(request.content)
        if webhook["EventType"] not in self.known:
            return httpx.Response(400, json=[{"Key": "Error", "Value": "", "Status": "400", "Message": "No event"}])
        number = 11 + len(self.kept)
        self.kept[number] = webhook
        result = {"Key": "WebhookID", "Value": str(number), "Status": "201", "Message": "Created successfully"}
        return httpx.Response(201, json=[result])

    def deleted(self, request: httpx.Request) -> httpx.Response:
        found = self.kept.pop(int(request.url.path.rpartition("/")[2]), None)
        return httpx.Response(404 if found is None else 200, json=[])


def _without_event(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != "EventType"}


@pytest.fixture
def platform(api: respx.MockRouter) -> Platform:
    platform = Platform()
    api.get(f"{API}/Webhooks").mock(side_effect=platform.listed)
    api.post(f"{API}/Webhooks").mock(side_effect=platform.posted)
    api.delete(url__regex=rf"{API}/Webhooks/\d+").mock(side_effect=platform.deleted)
    return platform


async def subscribed(store: Store) -> Subscription:
    return await subscribe_webhooks(store, ADDRESS)


async def test_both_events_of_orders_are_asked_for_and_read_back(store: Store, platform: Platform) -> None:
    made = await subscribed(store)
    assert made == Subscription({"ids": [11, 12]})
    assert [(each["EventType"], each["Url"], each["Format"], each["Enabled"]) for each in platform.kept.values()] == [
        (1, ADDRESS, "JSON", True),
        (2, ADDRESS, "JSON", True),
    ]


async def test_what_is_there_already_is_used_again(store: Store, platform: Platform) -> None:
    platform.kept[5] = {"Url": "https://elsewhere.example", "EventType": 1, "Enabled": True}
    first = await subscribed(store)
    assert await subscribed(store) == first
    assert platform.posts == 2
    await unsubscribe_webhooks(store, first)
    assert list(platform.kept) == [5]
    await unsubscribe_webhooks(store, first)


async def test_one_that_was_switched_off_is_asked_for_anew(store: Store, platform: Platform) -> None:
    await subscribed(store)
    platform.kept[11]["Enabled"] = False
    assert await subscribed(store) == Subscription({"ids": [12, 13]})


async def test_a_number_that_the_platform_does_not_know_is_done_without(store: Store, platform: Platform) -> None:
    platform.known = (2,)
    assert await subscribed(store) == Subscription({"ids": [11]})


async def test_where_no_event_is_known_the_reason_is_said(store: Store, platform: Platform) -> None:
    platform.known = ()
    with pytest.raises(ResponseError, match="No event"):
        await subscribed(store)


@pytest.mark.parametrize(
    ("status", "expected"), [(401, PermissionMissingError), (403, PermissionMissingError), (503, UnavailableError)]
)
async def test_a_refusal_says_what_it_is(
    store: Store, api: respx.MockRouter, status: int, expected: type[Exception]
) -> None:
    api.get(f"{API}/Webhooks").respond(status)
    api.get(f"{API}/StoreSettings").respond(json=[{}])
    with pytest.raises(expected):
        await subscribed(store)


async def test_a_token_that_opens_nothing_is_no_missing_right(store: Store, api: respx.MockRouter) -> None:
    api.get(url__regex=rf"{API}/.*").respond(401)
    with pytest.raises(AuthorizationError):
        await subscribed(store)


@pytest.mark.parametrize("document", [None, [], {}, {"ids": "12"}, "x"])
async def test_a_subscription_of_another_version_is_none(store: Store, document: Any) -> None:
    await unsubscribe_webhooks(store, Subscription(document))


def delivered(body: bytes) -> CallbackRequest:
    return CallbackRequest(method="POST", headers={}, query={}, body=body)


async def test_a_delivery_hints_at_its_order(example: Callable[[str], Any]) -> None:
    for told in (example("webhook_delivery_order"), example("webhook_delivery_order")[0]):
        assert await receive_webhook(delivered(json.dumps(told).encode())) == Hints(orders=("2051",))


async def test_a_delivery_hints_at_products(example: Callable[[str], Any]) -> None:
    assert read(delivered(json.dumps(example("webhook_delivery_product")).encode())) == Hints(listings=True)


@given(st.binary() | st.recursive(st.none() | st.text() | st.integers(), st.lists).map(json.dumps))
def test_anything_else_hints_at_nothing(body: bytes | str) -> None:
    hints = read(delivered(body.encode() if isinstance(body, str) else body))
    assert (hints.orders, hints.any_orders, hints.listings, hints.status) == ((), False, False, 200)
    assert hints.problem


@given(st.one_of(st.integers(), st.text(), st.none(), st.booleans(), st.floats(allow_nan=False)))
def test_only_a_number_that_may_be_an_order_is_one(number: object) -> None:
    hints = read(delivered(json.dumps([{"OrderID": number}]).encode()))
    is_one = type(number) is int and 0 < number < 2**31
    assert hints.orders == ((str(number),) if is_one else ())
