"""Stores that call far more often than anything happens there."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterable

import httpx
import pytest

from hub_core import Hub
from hub_core.domain.integrations import Flow
from hub_core.engine.runner import Outcome
from hub_core.storage import hints as hints_module
from hub_core.storage.tables import hints
from hub_core.testing.clock import VirtualClock
from hub_core.web import create_app
from tests.hubs import DAY, NOW, held, rows, settings
from tests.stockshop.desk import StockDesk, connected, stock_shop_registry
from tests.stockshop.shop import open_stock_shop

ROOM = 60


@pytest.fixture
async def desks(sqlite_hub_url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[list[StockDesk]]:
    """Two stores whose first orders were read, at a hub that keeps few hints of each."""
    monkeypatch.setattr(hints_module, "MOST", ROOM)
    public = settings().model_copy(update={"public_url": "https://hub.example"})
    clock = VirtualClock(NOW)
    async with Hub.open(sqlite_hub_url, settings=public, clock=clock, registry=stock_shop_registry()) as hub:
        shops = [open_stock_shop(name) for name in ("north", "south")]
        made = [StockDesk(hub, clock, shop, await connected(hub, shop)) for shop in shops]
        await hub.webhooks.keep_subscribed()
        for desk in made:
            await desk.work(Flow.ORDERS)
        yield made


async def flood(desk: StockDesk, orders: Iterable[str]) -> set[int]:
    """Let a store hint at each of *orders* by a call of its own, all at once; give the statuses of the answers."""
    transport = httpx.ASGITransport(app=create_app(desk.hub))
    async with httpx.AsyncClient(transport=transport, base_url="https://hub.example") as store:
        calls = [store.post(desk.shop.hooks[1], content=json.dumps({"orders": [order]})) for order in orders]
        return {answer.status_code for answer in await asyncio.gather(*calls)}


async def test_hints_beyond_what_is_kept_lose_no_order(desks: list[StockDesk]) -> None:
    desk = desks[0]
    for number in range(2 * ROOM):
        desk.shop.put(f"A{number}", NOW - DAY / 24)
    unknown = [f"Z{number}" for number in range(ROOM)]
    assert await flood(desk, [*unknown, *(f"A{number}" for number in range(2 * ROOM)), *unknown]) == {200}
    assert len(rows(desk.hub, hints)) == ROOM
    desk.clock.advance(60)
    assert await desk.work(Flow.ORDERS) is Outcome.ENDED
    assert rows(desk.hub, hints) == []
    assert set(await held(desk.hub)) == {f"A{number}" for number in range(2 * ROOM)}


async def test_a_store_that_calls_all_the_time_keeps_no_other_from_its_turn(desks: list[StockDesk]) -> None:
    loud, other = desks
    other.shop.put("B1", NOW - DAY / 24)
    other.clock.advance(60)
    statuses, outcome = await asyncio.gather(
        flood(loud, (f"A{number % 7}" for number in range(100))), other.work(Flow.ORDERS)
    )
    assert (statuses, outcome) == ({200}, Outcome.ENDED)
    assert set(await held(other.hub)) == {"B1"}


async def test_an_order_that_is_hinted_at_again_and_again_is_looked_at_once(desks: list[StockDesk]) -> None:
    desk = desks[0]
    desk.shop.put("A1", NOW - DAY / 24)
    await flood(desk, ["A1"] * 100)
    await desk.work(Flow.ORDERS)
    assert desk.shop.looked == ["A1"]
