"""Posting to the app's `CallBackURL` that a merchant adds or removes it."""

from __future__ import annotations

import asyncio
import json
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import Request as Posted
from urllib.request import urlopen

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from hub_core.testing.store import SteeringError, StoreApi
from hub_threedcart.sandbox.shop import ThreeDCartShop

_PATIENCE = 60.0
_STAMP = "%m-%d-%Y %H:%M:%S"


def callback_route(api: StoreApi[ThreeDCartShop]) -> Route:
    """Make the route by which a store is told to add or remove the app."""

    async def endpoint(request: Request) -> JSONResponse:
        try:
            data = json.loads(await request.body() or b"{}")
            return JSONResponse(await post_callback(api.shop(data.pop("store", None)), **data))
        except (SteeringError, TypeError, ValueError) as error:
            return JSONResponse({"error": str(error)}, 422)

    return Route("/_sandbox/callbacks", endpoint, methods=["POST"])


async def post_callback(
    shop: ThreeDCartShop, action: str = "AUTHORIZE", url: str = "", body: str | None = None, **members: str
) -> dict[str, Any]:
    """Let the owner add or remove the app, post that, and tell what was answered.

    To add it after it was removed makes a new token; it is not added where the answer is not 200. *members* replace
    those of the body, *body* the whole of it: then nothing happens at the store.
    """
    address = url or shop.callback_url
    if not address.startswith(("http://", "https://")):
        raise SteeringError("The store knows no address to post to: give a `url`, or set the store's `callback_url`.")
    before = shop.authorized, shop.token
    if body is None and not members:
        _move(shop, action)
    text = json.dumps(_body(shop, action) | members, indent=1) if body is None else body
    status, answer = await asyncio.to_thread(_post, address, text.encode())
    if action == "AUTHORIZE" and status != 200:  # noqa: PLR2004 - the number is the name here
        shop.authorized, shop.token = before
    return {"status": status, "answer": answer, "token": shop.token}


def _move(shop: ThreeDCartShop, action: str) -> None:
    if action == "AUTHORIZE" and not shop.authorized:
        shop.token = f"{shop.dice.getrandbits(128):032x}"
    shop.authorized = action == "AUTHORIZE"


def _body(shop: ThreeDCartShop, action: str) -> dict[str, str]:
    return {
        "PublicKey": shop.public_key,
        "TimeStamp": shop.clock.wall().strftime(_STAMP),
        "TokenKey": shop.token,
        "Action": action,
        "SecureURL": shop.address,
    }


def _post(url: str, body: bytes) -> tuple[int, str]:
    request = Posted(url, body, {"Content-Type": "application/json"})  # noqa: S310 - checked by the caller
    try:
        with urlopen(request, timeout=_PATIENCE) as response:  # noqa: S310 - likewise
            return response.status, response.read().decode(errors="replace")
    except HTTPError as error:
        with error:
            return error.code, error.read().decode(errors="replace")
    except (URLError, OSError) as error:
        return 0, str(error)
