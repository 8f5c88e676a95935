"""The address at which stores tell by themselves that something is worth a look."""

from collections.abc import AsyncIterator

import httpx
import pytest

from hub_core import Hub
from hub_core.domain.integrations import Integration
from hub_core.storage.tables import hints, webhook_subscriptions
from hub_core.testing.clock import VirtualClock
from hub_core.web import create_app
from hub_core.web.routes import webhooks
from tests.hubs import NOW, rows, settings
from tests.stockshop.desk import connected, stock_shop_registry
from tests.stockshop.shop import StockShop, open_stock_shop


@pytest.fixture
async def hub(sqlite_hub_url: str) -> AsyncIterator[Hub]:
    public = settings().model_copy(update={"public_url": "https://hub.example"})
    clock = VirtualClock(NOW)
    async with Hub.open(sqlite_hub_url, settings=public, clock=clock, registry=stock_shop_registry()) as opened:
        yield opened


@pytest.fixture
def shop() -> StockShop:
    return open_stock_shop()


@pytest.fixture
async def integration(hub: Hub, shop: StockShop) -> Integration:
    integration = await connected(hub, shop)
    await hub.webhooks.keep_subscribed()
    return integration


@pytest.fixture
async def store(hub: Hub, integration: Integration) -> AsyncIterator[httpx.AsyncClient]:
    """A store that calls the hub."""
    del integration
    transport = httpx.ASGITransport(app=create_app(hub))
    async with httpx.AsyncClient(transport=transport, base_url="https://hub.example") as client:
        yield client


async def test_a_hint_is_answered_as_the_channel_wants_it_and_noted(
    hub: Hub, shop: StockShop, store: httpx.AsyncClient
) -> None:
    answer = await store.post(shop.hooks[1], json={"orders": ["1"]})
    assert (answer.status_code, answer.text) == (200, "thanks")
    assert [row["external_id"] for row in rows(hub, hints)] == ["1"]


@pytest.mark.parametrize("integration_id", ["{id}", "0", "-1", "x", "\u0661", "9" * 40, "../1"])
async def test_another_address_is_none(
    hub: Hub, integration: Integration, store: httpx.AsyncClient, integration_id: str
) -> None:
    path = f"/webhooks/{integration_id.format(id=integration.id)}/{'x' * 43}"
    assert (await store.post(path, json={"orders": ["1"]})).status_code in (401, 404)
    assert rows(hub, hints) == []


async def test_a_body_that_is_too_large_is_not_read(
    hub: Hub, shop: StockShop, store: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhooks, "LARGEST", 1000)
    asked: list[int] = []

    async def endless() -> AsyncIterator[bytes]:
        for number in range(100):
            asked.append(number)
            yield b"x" * 100

    for body in (b"x" * 1001, endless()):
        assert (await store.post(shop.hooks[1], content=body)).status_code == 413
    assert rows(hub, hints) == []


async def test_only_what_is_posted_is_heard(shop: StockShop, store: httpx.AsyncClient) -> None:
    assert (await store.get(shop.hooks[1])).status_code in (404, 405)


async def test_the_secret_is_in_no_log(
    shop: StockShop, store: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    for body in (b"{", b'{"orders": ["1"]}'):
        await store.post(shop.hooks[1], content=body)
    assert shop.hooks[1].rpartition("/")[2] not in "".join(
        f"{record.name} {record.getMessage()}"
        for record in [record for record in caplog.records if record.name.startswith("hub_core")]
    )


async def test_a_removed_one_hears_nothing_any_more(hub: Hub, shop: StockShop, store: httpx.AsyncClient) -> None:
    address = shop.hooks[1]
    await hub.integrations.remove("north")
    assert rows(hub, webhook_subscriptions) == []
    assert (await store.post(address, json={"orders": ["1"]})).status_code == 404


async def test_one_that_is_disabled_answers_and_drops_it(hub: Hub, shop: StockShop, store: httpx.AsyncClient) -> None:
    await hub.integrations.disable("north")
    assert (await store.post(shop.hooks[1], json={"orders": ["1"]})).status_code == 200
    assert rows(hub, hints) == []
