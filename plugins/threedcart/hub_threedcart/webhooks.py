"""Webhooks: asking for them, and what one hints at.

The platform signs nothing and sends no event's name, and its numbers of events are contested: 2 is "order status
changed" in one client and "product added" in another. So the hub asks for both numbers that may be of orders, reads
back what is there, and judges a delivery by what it holds. The secret is in the address.
"""

from __future__ import annotations

import json
from typing import Any, Final

import msgspec
from pydantic import JsonValue

from hub_core import CallbackRequest, Hints, RejectedError, ResponseError, Store, Subscription
from hub_threedcart.answers import BAD_REQUEST, NOT_FOUND, SERVER_FAULT
from hub_threedcart.client import StoreClient
from hub_threedcart.results import results_of

EVENTS: Final = {1: "Hub: new order", 2: "Hub: order status changed"}
"""The numbers of events that are asked for, with the names under which a merchant sees them in his shop."""
_RESOURCE: Final = "Webhooks"
_MOST: Final = 200
_IS_MISSING: Final = (NOT_FOUND, BAD_REQUEST)


class _Webhook(msgspec.Struct, rename="pascal"):
    id: int = 0
    url: str = ""
    event_type: int | None = None
    enabled: bool | int = True


_WEBHOOK: Final = msgspec.json.Decoder(_Webhook, strict=False)


async def subscribe(store: Store, address: str) -> Subscription:
    """Ask for what is not asked for at *address* yet. Raises ResponseError where none of it is there afterwards."""
    client = StoreClient(store)
    there = await _at(client, address)
    problem = ""
    for event in EVENTS.keys() - {webhook.event_type for webhook in there}:
        problem = await _asked(client, event, address) or problem
    there = await _at(client, address)
    if not there:
        raise ResponseError(f"The store took no webhook{f': {problem}' if problem else '.'}")
    ids: list[JsonValue] = [*sorted(webhook.id for webhook in there)]
    return Subscription({"ids": ids})


async def unsubscribe(store: Store, subscription: Subscription) -> None:
    """Delete the webhooks of a subscription; those that are gone already are none the worse."""
    client, document = StoreClient(store), subscription.document
    ids = document.get("ids") if isinstance(document, dict) else None
    for one in ids if isinstance(ids, list) else ():
        await client.send("DELETE", f"{_RESOURCE}/{one}", None, _IS_MISSING)


def read(request: CallbackRequest) -> Hints:
    """Say what a delivery is about: it is an order or a product as the API gives it, mostly in an array of one."""
    try:
        tree: Any = json.loads(request.body)
    except (ValueError, RecursionError):
        return Hints(problem="it is no JSON.")
    things = tree if isinstance(tree, list) else [tree]
    orders = tuple(dict.fromkeys(str(number) for one in things if (number := _order_id(one))))
    listings = any(isinstance(one, dict) and "SKUInfo" in one for one in things)
    problem = "" if orders or listings else "it holds neither an order nor a product."
    return Hints(orders=orders, listings=listings, problem=problem)


def _order_id(thing: Any) -> int:
    number = thing.get("OrderID") if isinstance(thing, dict) else None
    return number if type(number) is int and 0 < number < 2**31 else 0


async def _at(client: StoreClient, address: str) -> list[_Webhook]:
    """List the webhooks that call *address* and are switched on."""
    found = []
    for raw in await client.rows(_RESOURCE, {}, 0, _MOST):
        try:
            webhook = _WEBHOOK.decode(raw)
        except (msgspec.MsgspecError, ValueError) as error:
            raise ResponseError("The webhooks of the store cannot be read.") from error
        if webhook.id and webhook.url == address and webhook.enabled:
            found.append(webhook)
    return found


async def _asked(client: StoreClient, event: int, address: str) -> str:
    """Ask for one event; give why the store does not take it, if it says so."""
    body = {"Name": EVENTS[event], "Url": address, "EventType": event, "Format": "JSON", "Enabled": True}
    answer = await client.send("POST", _RESOURCE, body, (BAD_REQUEST, NOT_FOUND, SERVER_FAULT))
    try:
        faults = [result.message for result in results_of(answer) if not result.good]
    except (RejectedError, ResponseError) as error:
        return str(error)
    return "; ".join(faults)
