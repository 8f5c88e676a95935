"""Stock for somebody who waits: what needs the store's orders gets them."""

from collections.abc import AsyncIterator

import pytest

from hub_core import UnavailableError
from hub_core.domain.integrations import Flow
from hub_core.testing.clock import VirtualClock
from tests.engine.desk import quiet
from tests.stockshop.desk import StockDesk, sold, stock_desk


@pytest.fixture
async def desk(hub_url: str, clock: VirtualClock) -> AsyncIterator[StockDesk]:
    clock.leaping = True
    async with stock_desk(hub_url, clock) as opened:
        yield opened


async def test_a_raise_is_sent_after_the_orders_were_read(desk: StockDesk) -> None:
    await desk.sets(a=12, b=5)
    desk.clock.advance(1)
    run = await desk.hub.sync(desk.integration.id, "stock")
    assert (desk.shop.figures("a"), desk.shop.figures("b")) == ([12], [5])
    assert (run.kind, run.state, run.counts.sent, run.counts.accepted, run.counts.waiting) == (
        "stock",
        "succeeded",
        2,
        2,
        0,
    )


async def test_a_sale_that_was_not_known_comes_off_before(desk: StockDesk) -> None:
    await desk.sets(a=12)
    desk.clock.advance(1)
    await sold(desk, "1", "a", 3)
    await desk.hub.sync(desk.integration.id, "stock")
    assert desk.shop.figures("a") == [9]


async def test_the_reason_is_told_where_the_orders_cannot_be_read(desk: StockDesk) -> None:
    desk.shop.orders_fail = UnavailableError("The shop is closed.")
    await desk.sets(a=12, b=5)
    run = await desk.hub.sync(desk.integration.id, "stock")
    assert (desk.shop.figures("a"), desk.shop.figures("b")) == ([], [5])
    assert (run.state, run.counts.accepted) == ("partial", 1)
    assert run.error is not None
    assert run.error.sentence.endswith("could not be read before. The shop is closed.")


async def test_a_refusal_is_told_with_the_rest(desk: StockDesk) -> None:
    desk.shop.refuses = {"b"}
    await desk.sets(a=12, b=5)
    desk.clock.advance(1)
    run = await desk.hub.sync(desk.integration.id, "stock")
    assert (run.state, run.counts.refused, run.counts.accepted) == ("partial", 1, 1)


async def test_the_engine_tells_a_store_without_being_asked(desk: StockDesk) -> None:
    await desk.sets(a=12, b=5)
    engine = desk.hub.engine()
    for _ in range(8):
        desk.clock.advance(1)
        await quiet(engine)
    assert (desk.shop.stock("a"), desk.shop.stock("b")) == (12, 5)
    assert not await desk.is_due(Flow.STOCK)
