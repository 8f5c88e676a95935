"""A platform that could not be smaller."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from hub_core.testing.store import (
    Dice,
    Goods,
    Product,
    Record,
    Shop,
    SteeringError,
    StoreApi,
    StoreClock,
    StoreServer,
    Variant,
    Wish,
    Write,
)
from hub_core.testing.store.serving import serve


class PlainWire:
    """A platform with one list and no sign-in: `/rows?shop=NAME`; a PUT of `{SKU: stock}` changes levels."""

    presets: Mapping[str, Mapping[str, Any]] = {"grumpy": {"kind": "status", "status": 418}}

    def shop_of(self, request: Request, shops: Mapping[str, Shop]) -> Shop | None:
        return shops.get(request.query_params.get("shop", "one"))

    def writes(self, request: Request, shop: Shop) -> Sequence[Write]:
        levels = json.loads(request.state.body) if request.method == "PUT" else {}
        return [self._write(shop, sku, stock) for sku, stock in levels.items()]

    def answer(self, request: Request, shop: Shop | None) -> Response:
        if shop is None or not shop.may("rows", "read"):
            return Response(status_code=401)
        if request.method == "PUT":
            told = {write.named: shop.accept(write) for write in request.state.writes}
            return JSONResponse({one.named: told[one.named] for one in request.state.writes if not one.untold})
        return JSONResponse([{"id": key, "name": f"row {key}"} for key in shop.orders.keys])

    def place(self, shop: Shop, wish: Wish) -> int:
        key = wish.key or shop.orders.next_key
        shop.orders.put(Record(key, None, b"{}"))
        for line in wish.lines:
            shop.goods.move({shop.goods.named(line["sku"])[0]: Decimal(-1)})
        return key

    def edit(self, shop: Shop, key: int, wish: Wish) -> None:
        if key not in shop.orders:
            raise KeyError(key)
        shop.orders.put(Record(key, None, json.dumps(wish.members).encode()))

    def set_up(self, shop: Shop, name: str, value: Any) -> None:
        raise SteeringError(f"no {name}")

    def describe(self, shop: Shop) -> Mapping[str, Any]:
        return {"plain": True}

    def _write(self, shop: Shop, sku: str, stock: int) -> Write:
        keys = shop.goods.named(sku)
        variant = bool(keys) and keys[0][1] is not None
        return Write(sku, keys[0] if keys else None, sku, {"stock": stock if variant else Decimal(stock)})


def product(number: int, sku: str, *variants: Variant) -> Product:
    return Product(number, sku, sku.title(), Decimal(20), Decimal(8), Decimal(15), Decimal(1), variants=variants)


def make_goods() -> Goods:
    sizes = [Variant(5, "TEE-S", "S", Decimal(20), 10), Variant(6, "TEE-M", "M", Decimal(20), 4)]
    return Goods([product(12, "MUG"), product(11, "TEE", *sizes), product(13, "MUG2 ")])


def make_shop(name: str) -> Shop:
    clock = StoreClock("UTC", datetime(2024, 5, 6, tzinfo=UTC), running=False)
    shop = Shop(name, clock, Dice(name), frozenset({"rows:read"}), goods=make_goods())
    for key in (1, 2, 3):
        shop.orders.put(Record(key, None, b"{}"))
    return shop


@pytest.fixture
def api() -> StoreApi[Shop]:
    return StoreApi(PlainWire(), [make_shop("one"), make_shop("two")])


@pytest.fixture
async def client(api: StoreApi[Shop]) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app=StoreServer(api))
    async with httpx.AsyncClient(transport=transport, base_url="http://sandbox") as client:
        yield client


@pytest.fixture
def served(api: StoreApi[Shop]) -> Iterator[httpx.Client]:
    with serve(StoreServer(api)) as root, httpx.Client(base_url=root, timeout=20) as client:
        yield client


@pytest.fixture
def goods() -> Goods:
    return make_goods()
