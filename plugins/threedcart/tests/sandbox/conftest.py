from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, Protocol

import httpx
import pytest

from hub_threedcart.sandbox import API_ROOT, Sandbox, ThreeDCartShop

CLOCK = "2024-05-20T12:00:00"


class Ask(Protocol):
    """Asks the first store's API, with its key headers unless others are given."""

    async def __call__(
        self, path: str, version: str = ..., headers: dict[str, str] | None = ..., **params: Any
    ) -> httpx.Response: ...


@pytest.fixture
def sandbox() -> Sandbox:
    return Sandbox(orders=0, products=12, clock=CLOCK, rate=False)


@pytest.fixture
def shop(sandbox: Sandbox) -> ThreeDCartShop:
    return sandbox.shop


@pytest.fixture
async def client(sandbox: Sandbox) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app=sandbox.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://sandbox") as client:
        yield client


@pytest.fixture
def ask(client: httpx.AsyncClient, shop: ThreeDCartShop) -> Ask:
    async def get(
        path: str, version: str = "v2", headers: dict[str, str] | None = None, **params: Any
    ) -> httpx.Response:
        given = dict(shop.headers) if headers is None else headers
        return await client.get(f"{API_ROOT}/{version}{path}", params=params, headers=given)

    return get
