"""A hub with one stock shop, for tests of what stores are told."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from importlib.metadata import EntryPoint
from typing import Any

from hub_core import Hub, money
from hub_core.channels.registry import ChannelRegistry
from hub_core.domain.integrations import Flow, Integration
from hub_core.domain.runs import Run
from hub_core.engine.runner import Outcome, Runner
from hub_core.services.slices import Slice
from hub_core.storage.tables import flow_state, listings, pushes
from hub_core.testing.clock import VirtualClock
from tests.hubs import rows, settings
from tests.stockshop.shop import StockShop, open_stock_shop

MANY = 10**6


def stock_shop_registry() -> ChannelRegistry:
    return ChannelRegistry.load([EntryPoint("stockshop", "tests.stockshop.channel", "hub.channels")])


async def connected(hub: Hub, shop: StockShop, **rules: Any) -> Integration:
    added = await hub.integrations.add("stockshop", name=shop.name, settings={"shop": shop.name}, rules=rules)
    return await hub.integrations.authorize(added.id, {"password": shop.password})


class StockDesk:
    """A stock shop and a process that works on its flows, second by second."""

    def __init__(self, hub: Hub, clock: VirtualClock, shop: StockShop, integration: Integration) -> None:
        self.hub = hub
        self.clock = clock
        self.shop = shop
        self.integration = integration
        self.runner = Runner(hub.parts, "this process")

    async def work(self, flow: Flow, pages: int = MANY) -> Outcome:
        """Work on a flow that must be due."""
        self.clock.advance(1)
        claimed = await self.runner.claim(self.integration.id, flow)
        assert claimed is not None
        return await self.runner.work(claimed, Slice(self.clock, seconds=MANY, pages_left=pages))

    async def is_due(self, flow: Flow) -> bool:
        """Tell whether a flow is due; where it is, it is worked on."""
        claimed = await self.runner.claim(self.integration.id, flow)
        if claimed is not None:
            await self.runner.work(claimed, Slice(self.clock, seconds=MANY, pages_left=MANY))
        return claimed is not None

    async def read_listings(self) -> Run:
        """Ask for a read of the listings, and do it."""
        await self.hub.request_sync(self.integration.id, ["listings"])
        await self.work(Flow.LISTINGS)
        return await self.last(Flow.LISTINGS)

    async def read_orders(self) -> Run:
        """Ask for a read of the orders, and do it."""
        self.clock.advance(1)
        await self.hub.request_sync(self.integration.id, ["orders"])
        await self.work(Flow.ORDERS)
        return await self.last(Flow.ORDERS)

    async def push(self, flow: Flow = Flow.STOCK) -> Run:
        """Tell the store what is due."""
        await self.work(flow)
        return await self.last(flow)

    async def sets(self, **levels: int) -> None:
        """Set levels, of SKUs in capitals."""
        self.clock.advance(1)
        await self.hub.stock.set({sku.upper(): level for sku, level in levels.items()})

    async def prices(self, **amounts: str) -> None:
        """Set prices in dollars, of SKUs in capitals."""
        self.clock.advance(1)
        await self.hub.prices.set([(sku.upper(), money(Decimal(amount), "USD")) for sku, amount in amounts.items()])

    async def last(self, flow: Flow) -> Run:
        return next(run for run in await self.hub.runs.page() if run.kind == flow)

    def listing(self, external_id: str) -> dict[str, Any]:
        (found,) = rows(self.hub, listings, listings.c.external_id == external_id)
        return found

    def row(self, external_id: str, flow: Flow = Flow.STOCK) -> dict[str, Any]:
        found = rows(self.hub, pushes, pushes.c.listing_id == self.listing(external_id)["id"], pushes.c.flow == flow)
        return found[0]

    def stands(self, external_id: str, flow: Flow = Flow.STOCK) -> tuple[Any, Any, str | None]:
        """What the store should be told, is thought to have, and what that waits for."""
        row = self.row(external_id, flow)
        return row["target"], row["expected"], row["waiting"]

    def flow(self, flow: Flow) -> dict[str, Any]:
        mine = flow_state.c.integration_id == self.integration.id
        return rows(self.hub, flow_state, mine, flow_state.c.flow == flow)[0]


@asynccontextmanager
async def stock_desk(hub_url: str, clock: VirtualClock) -> AsyncIterator[StockDesk]:
    """A shop that offers A, B and C, ten of each, whose orders and listings the hub has read."""
    async with Hub.open(hub_url, settings=settings(), clock=clock, registry=stock_shop_registry()) as hub:
        shop = open_stock_shop()
        for name in "abc":
            shop.offer(name, stock=10)
        desk = StockDesk(hub, clock, shop, await connected(hub, shop))
        await desk.read_orders()
        await desk.read_listings()
        yield desk


async def sold(desk: StockDesk, order: str, external_id: str, quantity: int = 1) -> None:
    """Let something be sold in the shop now."""
    desk.shop.sell(order, external_id, quantity, desk.clock.now())
    await asyncio.sleep(0)
