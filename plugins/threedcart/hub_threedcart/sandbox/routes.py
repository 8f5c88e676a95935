"""The paths of the API: what each needs, and what answers it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from starlette.responses import Response

from hub_core.testing.store import Write
from hub_threedcart.sandbox import bodies, reading, shipping, writing
from hub_threedcart.sandbox.shop import ThreeDCartShop

API_ROOT = "/3dCartWebAPI"
_PATH = re.compile(rf"{API_ROOT}/(v1|v2)/(.*?)/?", re.IGNORECASE)

_Read = Callable[[reading.Asked], Response]
_Answer = Callable[[reading.Asked, Sequence[Write]], Response]
_Body = Callable[[ThreeDCartShop, "Route", bytes], Sequence[Write]]


@dataclass(frozen=True)
class Resource:
    """A path with the right it needs, what answers a GET, and by method what answers a write after reading its body."""

    path: re.Pattern[str]
    right: str
    read: _Read | None
    write: Mapping[str, tuple[_Body, _Answer]]


@dataclass(frozen=True)
class Route:
    """What a request is for: *version* is `v1` or `v2`, *key* and *code* are the ids in its path (0, empty)."""

    resource: Resource
    version: str
    key: int
    code: str

    def writes(self, shop: ThreeDCartShop, method: str, body: bytes) -> Sequence[Write]:
        """Read the body of a write; raise BadBodyError where it is not valid."""
        found = self.resource.write.get(method)
        return found[0](shop, self, body) if found else ()


def route_of(path: str) -> Route | None:
    """Find what a path stands for."""
    match = _PATH.fullmatch(path)
    fitting = ((one, one.path.fullmatch(match[2])) for one in _RESOURCES) if match else ()
    for resource, found in fitting:
        if match and found:
            ids = found.groupdict()
            return Route(resource, match[1].lower(), int(ids.get("id") or 0), ids.get("code") or "")
    return None


def _resource(path: str, right: str, read: _Read | None, **write: tuple[_Body, _Answer]) -> Resource:
    pattern = path.replace("{id}", r"(?P<id>\d+)").replace("{code}", r"(?P<code>[^/]+)")
    by_method = {method.upper(): pair for method, pair in write.items()}
    return Resource(re.compile(pattern, re.IGNORECASE), right, read, by_method)


def _product_list(shop: ThreeDCartShop, _: Route, body: bytes) -> Sequence[Write]:
    return bodies.product_list(shop, body)


def _one_product(shop: ThreeDCartShop, route: Route, body: bytes) -> Sequence[Write]:
    return bodies.one_product(shop, route.key, body)


def _option_list(shop: ThreeDCartShop, route: Route, body: bytes) -> Sequence[Write]:
    return bodies.option_list(shop, route.key, body)


def _one_option(shop: ThreeDCartShop, route: Route, body: bytes) -> Sequence[Write]:
    return bodies.one_option(shop, route.key, route.code, body)


def _one_order(shop: ThreeDCartShop, route: Route, body: bytes) -> Sequence[Write]:
    return shipping.one_order(shop, route.key, body)


def _shipment_list(shop: ThreeDCartShop, route: Route, body: bytes) -> Sequence[Write]:
    return shipping.shipment_list(shop, route.key, body)


def _one_shipment(shop: ThreeDCartShop, route: Route, body: bytes) -> Sequence[Write]:
    return shipping.one_shipment(shop, route.key, route.code, body)


def _new_shipment(shop: ThreeDCartShop, route: Route, body: bytes) -> Sequence[Write]:
    return shipping.new_shipment(shop, route.key, body)


def _item_list(shop: ThreeDCartShop, route: Route, body: bytes) -> Sequence[Write]:
    return shipping.item_list(shop, route.key, body)


_OPTIONS = "Products/{id}/AdvancedOptions"
_RESOURCES = (
    _resource("Orders", "orders", reading.orders),
    _resource("Orders/{id}", "orders", reading.one_order, put=(_one_order, shipping.write_order)),
    _resource(
        "Orders/{id}/Shipments",
        "orders",
        None,
        put=(_shipment_list, shipping.write_shipments),
        post=(_new_shipment, shipping.add_shipment),
    ),
    _resource("Orders/{id}/Shipments/{code}", "orders", None, put=(_one_shipment, shipping.write_shipments)),
    _resource("Orders/{id}/Items", "orders", None, put=(_item_list, shipping.write_items)),
    _resource("OrderStatus", "orders", reading.statuses),
    _resource("OrderStatus/{id}", "orders", reading.one_status),
    _resource("Products", "products", reading.products, put=(_product_list, writing.products)),
    _resource("Products/skuinfo", "products", reading.sku_infos),
    _resource("Products/{id}", "products", reading.one_product, put=(_one_product, writing.one_product)),
    _resource("Products/{id}/skuinfo", "products", reading.one_sku_info),
    _resource(_OPTIONS, "products", reading.advanced_options, put=(_option_list, writing.options)),
    _resource(_OPTIONS + "/{code}", "products", None, put=(_one_option, writing.one_option)),
    _resource("StoreSettings", "store_settings", reading.store_settings),
)
