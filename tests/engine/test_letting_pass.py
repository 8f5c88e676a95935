"""A long read of what is old lets pass what is urgent, and goes on after it."""

import asyncio
import json
from collections.abc import AsyncIterator

import pytest

from hub_core import Poll
from hub_core.domain.integrations import Flow
from hub_core.engine.pulse import Pulse
from hub_core.services.slices import Slice
from hub_core.storage.tables import searches
from hub_core.testing.clock import VirtualClock
from tests.hubs import DAY, rows
from tests.stockshop.desk import MANY, StockDesk, stock_desk
from tests.toyshop.shop import Shop

PAGES = 30


@pytest.fixture
async def desk(hub_url: str, clock: VirtualClock) -> AsyncIterator[StockDesk]:
    """A shop with a long past, of which the hub has not read anything but the last days."""
    async with stock_desk(hub_url, clock) as desk:
        desk.shop.page_size = 1
        for number in range(PAGES):
            desk.shop.put(f"old {number}", clock.now() - 20 * DAY)
        again = searches.update().where(searches.c.search == "backfill").values(completed_at=None, began_at=None)
        desk.hub.parts.database.write_now(lambda connection: connection.execute(again))
        yield desk


async def read_until(desk: StockDesk, page: int) -> None:
    """Work on the orders with a pulse beside, and let a raise be asked for at a page of the back-fill."""
    pulse = Pulse(desk.hub.parts)
    asked: list[asyncio.Task[None]] = []

    def before_page(shop: Shop, start: int) -> None:
        if start == page and not asked:
            asked.append(asyncio.get_running_loop().create_task(raised()))

    async def raised() -> None:
        desk.clock.advance(1)
        await desk.hub.stock.set({"A": 20})
        await desk.work(Flow.STOCK)
        await pulse.beat()

    desk.shop.before_page = before_page
    desk.clock.advance(1)
    await desk.hub.request_sync(desk.integration.id, ["orders"])
    claimed = await desk.runner.claim(desk.integration.id, Flow.ORDERS)
    assert claimed is not None
    piece = Slice(desk.clock, seconds=MANY, pages_left=MANY)
    task = asyncio.create_task(desk.runner.work(claimed, piece))
    pulse.watch(claimed.lease, task, piece)
    await task
    await asyncio.gather(*asked)
    desk.shop.before_page = None


async def test_a_raise_that_waits_for_new_orders_goes_out_in_the_middle_of_a_back_fill(desk: StockDesk) -> None:
    await read_until(desk, 5)
    read = [start for poll, window, start in desk.shop.diary if poll is Poll.NEW and window.end is not None]
    assert max(read) < PAGES, "the back-fill has let nothing pass"
    assert desk.stands("a") == (20, 10, "orders")
    await desk.work(Flow.ORDERS, pages=4)
    await desk.work(Flow.STOCK)
    assert desk.stands("a") == (20, 20, None)
    (state,) = rows(desk.hub, searches, searches.c.search == "backfill")
    assert state["completed_at"] is None
    assert json.loads(state["cursor"]) < PAGES
