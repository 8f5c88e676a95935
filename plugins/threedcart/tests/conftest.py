"""A store that respx plays, as the hub's own client sees it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest
import respx

from hub_core import Order, OrderPage, Poll, Store, StoreHttp, Window
from hub_core.testing import NoBudget
from hub_threedcart.channel import describe_channel, fetch_orders
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
def as_order() -> Callable[..., Order]:
    """Maps one order's members as a store in New York that sells in US dollars sends them."""

    def read(members: dict[str, Any]) -> Order:
        return read_order(json.dumps(members).encode(), zone=NEW_YORK, currency="USD", labels={1: "New"})

    return read
