"""Stores are told while levels are set, listings are linked and the shop is read: nothing waits for each other."""

import asyncio
import random
from typing import Any

from hub_core.domain.integrations import Flow
from hub_core.engine.runner import Runner
from hub_core.services.slices import Slice
from hub_core.storage.tables import listings, pushes
from tests.hubs import rows
from tests.stockshop.desk import MANY, StockDesk

ARTICLES = 40
ROUNDS = 15


async def set_levels(desk: StockDesk, seed: random.Random) -> None:
    for _ in range(ROUNDS):
        chosen = seed.sample(range(ARTICLES), 20)
        await desk.hub.stock.set({f"N{number}": seed.randrange(5) for number in chosen})


async def link(desk: StockDesk, seed: random.Random) -> None:
    for _ in range(ROUNDS):
        listing = desk.listing(f"n{seed.randrange(ARTICLES)}")
        await desk.hub.listings.link(listing["id"], f"N{seed.randrange(ARTICLES)}")


async def work(desk: StockDesk, flow: Flow) -> None:
    runner = Runner(desk.hub.parts, f"the {flow} process")
    for _ in range(ROUNDS):
        desk.clock.advance(0.5)
        await desk.hub.request_sync(desk.integration.id, [flow])
        claimed = await runner.claim(desk.integration.id, flow)
        if claimed is not None:
            await runner.work(claimed, Slice(desk.clock, seconds=MANY, pages_left=MANY))


async def settled(desk: StockDesk) -> list[dict[str, Any]]:
    """Let all that is left be told; give what the store was told then."""
    for _ in range(3):
        desk.clock.advance(20)
        await desk.read_orders()
        await desk.hub.request_sync(desk.integration.id, ["stock"])
        await desk.push()
    return rows(desk.hub, pushes, pushes.c.flow == "stock", pushes.c.target.is_not(None))


async def test_all_that_may_happen_at_once_ends_and_leaves_the_store_in_step(desk: StockDesk) -> None:
    for number in range(ARTICLES):
        desk.shop.offer(f"n{number}", f"N{number}", stock=5)
    await desk.read_listings()
    seed = random.Random(7)  # noqa: S311 - made-up levels need no secure randomness
    working = [work(desk, flow) for flow in (Flow.ORDERS, Flow.LISTINGS, Flow.STOCK)]
    async with asyncio.timeout(120):
        await asyncio.gather(set_levels(desk, seed), link(desk, seed), *working)
    assert [run for run in await desk.hub.runs.page(limit=200) if run.state == "failed"] == []
    names = {row["id"]: row["external_id"] for row in rows(desk.hub, listings)}
    told = await settled(desk)
    assert told
    assert [(row["target"], row["expected"]) for row in told] == [
        (desk.shop.stock(names[row["listing_id"]]),) * 2 for row in told
    ]
