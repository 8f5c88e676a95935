"""Requests and answers of the 3DCart REST API."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from hub_core.testing.store import Wish, Write
from hub_threedcart.sandbox import answers, oauth, reading, settings, steer
from hub_threedcart.sandbox.bodies import BadBodyError
from hub_threedcart.sandbox.filters import BadParameterError, Params
from hub_threedcart.sandbox.presets import PRESETS
from hub_threedcart.sandbox.routes import API_ROOT, Route, route_of
from hub_threedcart.sandbox.shop import ThreeDCartShop, bare_host

__all__ = ["API_ROOT", "ThreeDCartWire"]

_XML = b'<?xml version="1.0" encoding="utf-8"?><Array/>'


class ThreeDCartWire:
    """How 3DCart spells requests, answers, orders and settings."""

    @property
    def presets(self) -> Mapping[str, Mapping[str, Any]]:
        """Faults under names of their own."""
        return PRESETS

    def shop_of(self, request: Request, shops: Mapping[str, ThreeDCartShop]) -> ThreeDCartShop | None:
        """Find the store by its access token or its address, however that is spelt."""
        if oauth.is_asked(request):
            return oauth.shop_of(request, shops)
        bearer = _bearer(request)
        host = bare_host(request.headers.get("secureurl", ""))
        by_token = (shop for shop in shops.values() if bearer and shop.bearer == bearer)
        by_address = (shop for shop in shops.values() if host and bare_host(shop.address) == host)
        return next(by_token, None) or next(by_address, None)

    def answer(self, request: Request, shop: ThreeDCartShop | None) -> Response:
        """Answer one request."""
        if oauth.is_asked(request):
            return oauth.answer(request, shop)
        route = route_of(request.url.path)
        if route is None:
            return answers.answer(b"", 404)
        if shop is None or not _opens(request, shop) or not shop.may(route.resource.right, _verb(request)):
            return answers.answer(b"", 401)
        params = Params({name.lower(): value for name, value in request.query_params.items()})
        asked = reading.Asked(shop, route.version, params, route.key)
        if request.method in route.resource.write:
            answer = _written(request, route, asked)
        elif request.method == "GET" and route.resource.read:
            answer = _read(route.resource.read, asked)
        else:
            return answers.answer(b"", 405)
        return answer if _wants_json(request) else answers.answer(_XML, answer.status_code, "application/xml")

    def writes(self, request: Request, shop: ThreeDCartShop) -> Sequence[Write]:
        """List what a write would change; nothing where its body is not valid."""
        route = route_of(request.url.path)
        try:
            return route.writes(shop, request.method, request.state.body) if route else ()
        except BadBodyError:
            return ()

    def place(self, shop: ThreeDCartShop, wish: Wish) -> int:
        """Let an order come in."""
        return steer.place(shop, wish)

    def edit(self, shop: ThreeDCartShop, key: int, wish: Wish) -> None:
        """Change an order as staff would."""
        steer.edit(shop, key, wish)

    def set_up(self, shop: ThreeDCartShop, name: str, value: Any) -> None:
        """Change one setting of the store."""
        settings.change(shop, name, value)

    def describe(self, shop: ThreeDCartShop) -> Mapping[str, Any]:
        """Tell how the store is set up."""
        return settings.description(shop)


def _read(read: Callable[[reading.Asked], Response], asked: reading.Asked) -> Response:
    try:
        return read(asked)
    except BadParameterError as error:
        return answers.error(400, "Invalid parameter value", str(error))


def _written(request: Request, route: Route, asked: reading.Asked) -> Response:
    if "json" not in request.headers.get("content-type", "").lower():  # real stores read XML as well
        return answers.answer(b"", 415)
    writes = request.state.writes
    return route.resource.write[request.method][1](asked, writes) if writes else answers.answer(b"", 400)


def _bearer(request: Request) -> str:
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if kind.lower() == "bearer" else ""


def _opens(request: Request, shop: ThreeDCartShop) -> bool:
    if _bearer(request) == shop.bearer:
        return True
    given = (request.headers.get("privatekey"), request.headers.get("token"))
    same_store = bare_host(request.headers.get("secureurl", "")) == bare_host(shop.address)
    return same_store and given == (shop.private_key, shop.token)


def _verb(request: Request) -> str:
    return "read" if request.method in ("GET", "HEAD") else "write"


def _wants_json(request: Request) -> bool:
    """Tell what `Accept` asks for: the platform answers XML to those who ask for that, or for HTML."""
    accept = request.headers.get("accept", "*/*").lower()
    return "json" in accept or not ("xml" in accept or "html" in accept)
