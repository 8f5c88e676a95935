"""A store that respx plays, as the hub's own client sees it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest
import respx

from hub_core import Order, OrderPage, Outcome, Poll, StockChanges, Store, StoreHttp, Window
from hub_core.testing import NoBudget
from hub_threedcart.channel import describe_channel, fetch_orders, push_stock
from hub_threedcart.mapping import read_order
from hub_threedcart.settings import ThreeDCartApplication, ThreeDCartCredentials, ThreeDCartSettings

NEW_YORK = ZoneInfo("America/New_York")
API = "https://apirest.3dcart.com/3dCartWebAPI/v2"


class StillClock:
    """Time that passes only where somebody waits."""

    def __init__(self) -> None:
        self._seconds = 0.0

    def now(self) -> datetime:
        return datetime(2024, 5, 8, tzinfo=UTC)

    def monotonic(self) -> float:
        return self._seconds

    async def sleep(self, seconds: float) -> None:
        self._seconds += seconds
        await asyncio.sleep(0)


@pytest.fixture(scope="session")
def example() -> Callable[[str], Any]:
    """Reads an example file."""
    return lambda name: json.loads(Path(__file__).parent.joinpath("examples", f"{name}.json").read_text("utf-8"))


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("THREEDCART_API_URL", "THREEDCART_RATE", "THREEDCART_OAUTH_URL"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def api(example: Callable[[str], Any]) -> respx.MockRouter:
    """The platform, which knows the labels of the statuses; a test says how it answers the rest."""
    router = respx.MockRouter(assert_all_called=False)
    router.get(f"{API}/OrderStatus", name="statuses").respond(json=example("order_statuses"))
    return router


class Catalogue:
    """Products and variants of a store, which takes figures as the platform does.

    *bad* entries make a whole request fail with their status; *odd* ones are told apart by a result of their own;
    of *silent* ones nothing is said, though they are taken unless they are *lost*, too.
    """

    def __init__(self, api: respx.MockRouter) -> None:
        self.stock: dict[str, Any] = {}
        self.price: dict[str, Any] = {}
        self.variants: dict[str, dict[str, Any]] = {}
        self.bad: dict[str, int] = {}
        self.odd: dict[str, dict[str, Any]] = {}
        self.silent: set[str] = set()
        self.lost: set[str] = set()
        self.calls: list[str] = []
        self.puts: list[Any] = []
        api.route(url__regex=rf"{API}/Products.*").mock(side_effect=self._answer)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path.partition("/v2/")[2]
        self.calls.append(f"{request.method} {path}")
        if request.method == "GET":
            return self._told(path.split("/")[1])
        entries = json.loads(request.content, parse_float=Decimal)
        self.puts.append(entries)
        keys = [
            str(one["SKUInfo"]["CatalogID"]) if path == "Products" else one["AdvancedOptionCode"] for one in entries
        ]
        failing = [self.bad[key] for key in keys if key in self.bad]
        if failing:
            return httpx.Response(failing[0])
        for key, entry in zip(keys, entries, strict=True):
            if key not in self.lost and key not in self.odd:
                self._take(path, key, entry)
        results = [self.odd.get(key) or _result(key) for key in keys if key not in self.silent]
        return httpx.Response(206 if self.odd.keys() & set(keys) else 200, json=results)

    def _take(self, path: str, key: str, entry: dict[str, Any]) -> None:
        figures = entry.get("SKUInfo", entry)
        if path != "Products":
            self.variants[path.split("/")[1]][key] = figures.get("AdvancedOptionStock")
        elif "Stock" in figures:
            self.stock[key] = figures["Stock"]
        else:
            self.price[key] = figures["Price"]

    def _told(self, catalog: str) -> httpx.Response:
        if self.calls[-1].endswith("AdvancedOptions"):
            held = self.variants.get(catalog, {}).items()
            rows = [{"AdvancedOptionCode": code, "AdvancedOptionStock": stock} for code, stock in held]
        else:
            known = catalog in self.stock or catalog in self.price
            figures = {"Stock": self.stock.get(catalog), "Price": self.price.get(catalog)}
            rows = [{"CatalogID": int(catalog), **figures}] if known else []
        return httpx.Response(200, content=json.dumps(rows, default=float)) if rows else httpx.Response(404)


def _result(value: str) -> dict[str, str]:
    return {"Key": "CatalogID", "Value": value, "Status": "200", "Message": "Updated successfully"}


@pytest.fixture
def catalogue(api: respx.MockRouter) -> Catalogue:
    return Catalogue(api)


class TellingBudget(NoBudget):
    """Grants everything, and remembers for how long the store wanted to be left alone."""

    def __init__(self) -> None:
        self.closures: list[tuple[str, float]] = []

    async def throttled(self, name: str, retry_after: float) -> None:
        self.closures.append((name, retry_after))


@pytest.fixture
def budget() -> TellingBudget:
    return TellingBudget()


@pytest.fixture
async def http(api: respx.MockRouter, budget: TellingBudget) -> AsyncIterator[StoreHttp]:
    """The hub's own client, whose requests the platform of the test answers."""
    transport = httpx.MockTransport(api.async_handler)
    scrub = describe_channel().scrub
    async with StoreHttp(budget=budget, clock=StillClock(), scrub=scrub, transport=transport) as client:
        yield client


@pytest.fixture
def application() -> ThreeDCartApplication:
    return ThreeDCartApplication.model_validate({"public_key": "12" * 16, "private_key": "56" * 16})


@pytest.fixture
def settings() -> ThreeDCartSettings:
    return ThreeDCartSettings(store_url="https://demo-store.3dcartstores.example")


@pytest.fixture
def store(http: StoreHttp, application: ThreeDCartApplication, settings: ThreeDCartSettings) -> Store:
    return Store(
        http=http,
        settings=settings,
        application=application,
        credentials=ThreeDCartCredentials.model_validate({"token": "34" * 16}),
        timezone=NEW_YORK,
        currency="USD",
    )


@pytest.fixture
def collect(store: Store) -> Callable[..., Any]:
    """Reads a poll to its end."""

    async def read(poll: Poll = Poll.NEW, window: Window | None = None, cursor: Any = None) -> list[OrderPage]:
        return [page async for page in fetch_orders(store, poll, window or Window(), cursor)]

    return read


@pytest.fixture
def push(store: Store) -> Callable[..., Any]:
    """Pushes stock, to a store with other settings where they are given, and gives all outcomes by their listings."""

    async def told(*changes: StockChanges, **settings: Any) -> dict[str, Outcome]:
        known = ThreeDCartSettings.model_validate({**store.settings.model_dump(), **settings})
        pages = [page async for page in push_stock(replace(store, settings=known), changes)]
        outcomes = [outcome for page in pages for outcome in page]
        assert len({one.listing for one in outcomes}) == len(outcomes)
        return {one.listing: one for one in outcomes}

    return told


@pytest.fixture
def as_order() -> Callable[..., Order]:
    """Maps one order's members as a store in New York that sells in US dollars sends them."""

    def read(members: dict[str, Any]) -> Order:
        return read_order(json.dumps(members).encode(), zone=NEW_YORK, currency="USD", labels={1: "New"})

    return read
