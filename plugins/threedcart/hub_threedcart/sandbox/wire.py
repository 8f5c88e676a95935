"""Requests and answers of the 3DCart REST API."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from hub_core.testing.store import Wish
from hub_threedcart.sandbox import answers, reading, settings, steer
from hub_threedcart.sandbox.filters import BadParameterError, Params
from hub_threedcart.sandbox.presets import PRESETS
from hub_threedcart.sandbox.shop import ThreeDCartShop, bare_host

API_ROOT = "/3dCartWebAPI"
_PATH = re.compile(rf"{API_ROOT}/(v1|v2)/(.*?)/?", re.IGNORECASE)


@dataclass(frozen=True)
class _Resource:
    """A path of the API, the right it needs, and what answers it."""

    path: re.Pattern[str]
    right: str
    read: Callable[[reading.Asked], Response]


def _resource(path: str, right: str, read: Callable[[reading.Asked], Response]) -> _Resource:
    return _Resource(re.compile(path.replace("{id}", r"(?P<id>\d+)"), re.IGNORECASE), right, read)


_RESOURCES = (
    _resource("Orders", "orders", reading.orders),
    _resource("Orders/{id}", "orders", reading.one_order),
    _resource("OrderStatus", "orders", reading.statuses),
    _resource("OrderStatus/{id}", "orders", reading.one_status),
    _resource("Products", "products", reading.products),
    _resource("Products/skuinfo", "products", reading.sku_infos),
    _resource("Products/{id}", "products", reading.one_product),
    _resource("Products/{id}/skuinfo", "products", reading.one_sku_info),
    _resource("Products/{id}/AdvancedOptions", "products", reading.advanced_options),
    _resource("StoreSettings", "store_settings", reading.store_settings),
)


class ThreeDCartWire:
    """How 3DCart spells requests, answers, orders and settings."""

    @property
    def presets(self) -> Mapping[str, Mapping[str, Any]]:
        """Faults under names of their own."""
        return PRESETS

    def shop_of(self, request: Request, shops: Mapping[str, ThreeDCartShop]) -> ThreeDCartShop | None:
        """Find the store by its access token or its address, however that is spelt."""
        bearer = _bearer(request)
        host = bare_host(request.headers.get("secureurl", ""))
        by_token = (shop for shop in shops.values() if bearer and shop.bearer == bearer)
        by_address = (shop for shop in shops.values() if host and bare_host(shop.address) == host)
        return next(by_token, None) or next(by_address, None)

    def answer(self, request: Request, shop: ThreeDCartShop | None) -> Response:
        """Answer one request."""
        path = _PATH.fullmatch(request.url.path)
        fitting = ((one, one.path.fullmatch(path[2])) for one in _RESOURCES) if path else ()
        resource, match = next(((one, found) for one, found in fitting if found), (None, None))
        if path is None or resource is None or match is None:
            return answers.answer(b"", 404)
        if shop is None or not _opens(request, shop) or not shop.may(resource.right, _verb(request)):
            return answers.answer(b"", 401)
        if request.method != "GET":
            return answers.answer(b"", 405)
        if not _wants_json(request):
            return answers.answer(b'<?xml version="1.0" encoding="utf-8"?><Array/>', kind="application/xml")
        params = Params({name.lower(): value for name, value in request.query_params.items()})
        try:
            return resource.read(reading.Asked(shop, path[1].lower(), params, int(match.groupdict().get("id") or 0)))
        except BadParameterError as error:
            return answers.error(400, "Invalid parameter value", str(error))

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
