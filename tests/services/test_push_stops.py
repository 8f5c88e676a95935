"""Telling stores, and what comes between: dead processes, other sends, closed flows, limits, faulty plugins."""

import asyncio
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Connection

from hub_core import RateBudget
from hub_core.domain.integrations import Flow
from hub_core.domain.runs import Spent
from hub_core.engine.runner import Outcome, Runner, Tally
from hub_core.services.slices import Slice
from hub_core.storage.budgets import BudgetRepository
from hub_core.storage.flows import LEASE_TIME
from tests.stockshop.desk import MANY, StockDesk

BUDGET = RateBudget(depth=1000, per_second=1000)


async def hanging(desk: StockDesk, answered: asyncio.Event) -> asyncio.Task[Any]:
    """Let the shop take a figure, but not say so before it is *answered*."""
    await desk.sets(a=5)
    taken = asyncio.Event()

    async def hang() -> None:
        taken.set()
        await answered.wait()

    desk.shop.before_answer = hang
    claimed = await desk.runner.claim(desk.integration.id, Flow.STOCK)
    assert claimed is not None
    working = asyncio.create_task(
        desk.runner._worked(claimed, Slice(desk.clock), lambda _: None, Tally(claimed.run.counts, Spent()))
    )
    await asyncio.wait({working, asyncio.create_task(taken.wait())}, return_when=asyncio.FIRST_COMPLETED)
    return working


async def test_what_the_store_answers_just_as_its_flow_is_stopped_is_noted(desk: StockDesk) -> None:
    answered = asyncio.Event()
    working = await hanging(desk, answered)
    working.cancel()
    await asyncio.sleep(0)
    answered.set()
    with pytest.raises(asyncio.CancelledError):
        await working
    assert (desk.row("a")["in_flight"], desk.stands("a")) == (False, (5, 5, None))


async def test_a_process_that_died_between_send_and_answer_does_no_harm(desk: StockDesk) -> None:
    working = await hanging(desk, asyncio.Event())
    working.cancel()
    await asyncio.gather(working, return_exceptions=True)
    desk.shop.before_answer = None
    desk.clock.advance(LEASE_TIME.total_seconds() + 1)
    await desk.read_orders()
    other = Runner(desk.hub.parts, "another process")
    again = await other.claim(desk.integration.id, Flow.STOCK)
    assert again is not None
    assert await other.work(again, Slice(desk.clock, seconds=MANY)) is Outcome.ENDED
    assert (desk.shop.figures("a"), desk.stands("a")) == ([5, 5], (5, 5, None))


async def test_a_listing_whose_price_is_being_sent_is_not_told_its_stock_meanwhile(desk: StockDesk) -> None:
    await desk.sets(a=5, b=5)
    prices = await desk.runner.claim(desk.integration.id, Flow.PRICES)
    assert prices is None
    await desk.prices(a="11.00")
    prices = await desk.runner.claim(desk.integration.id, Flow.PRICES)
    assert prices is not None

    async def push_stock() -> None:
        desk.shop.before_push = None
        assert await desk.work(Flow.STOCK) is Outcome.PAUSED
        assert (desk.shop.figures("a"), desk.shop.figures("b")) == ([], [5])

    desk.shop.before_push = push_stock
    await desk.runner.work(prices, Slice(desk.clock, seconds=MANY))
    desk.clock.advance(1)
    await desk.push()
    assert desk.shop.figures("a") == [Decimal("11.00"), 5]


async def test_no_request_leaves_once_the_integration_is_disabled(desk: StockDesk) -> None:
    async def disable() -> None:
        desk.shop.before_push = None
        await desk.hub.integrations.disable(desk.integration.id)

    desk.shop.asks = True
    desk.shop.before_push = disable
    await desk.sets(a=5)
    assert (await desk.push()).state == "stopped"
    assert (desk.shop.told, desk.row("a")["in_flight"]) == ([], False)


async def test_a_store_whose_rate_limit_leaves_no_room_is_left_alone(desk: StockDesk) -> None:
    await desk.hub.parts.database.write(lambda connection: close_budget(desk, connection))
    await desk.sets(a=5)
    assert await desk.work(Flow.STOCK) is Outcome.PAUSED
    assert (desk.shop.told, desk.row("a")["in_flight"]) == ([], False)
    assert not await desk.is_due(Flow.STOCK)


def close_budget(desk: StockDesk, connection: Connection) -> None:
    budgets = BudgetRepository(connection, desk.hub.parts.database.epoch_sql())
    budgets.take("stockshop/north", BUDGET, 1)
    budgets.throttled("stockshop/north", BUDGET, 60)


async def test_a_plugin_that_tells_no_outcome_is_said_to_be_at_fault(
    desk: StockDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.stockshop.channel._outcome", lambda shop, what, listing, figure: None)
    await desk.sets(a=5)
    run = await desk.push()
    assert (run.state, run.error and run.error.code) == ("failed", "plugin_fault")
