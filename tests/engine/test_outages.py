"""A store that does not answer: one flow at a time tries whether it is back, and then all go on."""

from collections.abc import AsyncIterator

import pytest

from hub_core import UnavailableError
from hub_core.domain.integrations import Flow
from hub_core.storage.tables import outages
from hub_core.testing.clock import VirtualClock
from tests.hubs import rows
from tests.stockshop.desk import StockDesk, connected, stock_desk
from tests.stockshop.shop import open_stock_shop


@pytest.fixture
async def desk(hub_url: str, clock: VirtualClock) -> AsyncIterator[StockDesk]:
    async with stock_desk(hub_url, clock) as desk:
        yield desk


async def away(desk: StockDesk, retry_after: float | None = None) -> None:
    """Let the store be away, and the read of its orders find that out."""
    desk.shop.orders_fail = UnavailableError("Closed for lunch.", retry_after=retry_after)
    await desk.read_orders()


def tried(desk: StockDesk) -> list[int]:
    return [row["failures"] for row in rows(desk.hub, outages)]


async def test_what_is_to_be_told_waits_while_the_store_is_away(desk: StockDesk) -> None:
    await away(desk, retry_after=120)
    await desk.sets(a=5)
    assert not await desk.is_due(Flow.STOCK)
    desk.clock.advance(121)
    assert await desk.is_due(Flow.STOCK)


async def test_each_try_that_fails_makes_the_next_one_later(desk: StockDesk) -> None:
    await away(desk)
    waits = []
    for _ in range(3):
        (row,) = rows(desk.hub, outages)
        waits.append((row["until"] - desk.clock.now()).total_seconds())
        desk.clock.advance(1.2 * waits[-1])  # the flow's own wait differs by chance
        assert await desk.is_due(Flow.ORDERS)
    assert tried(desk) == [4]
    assert waits == sorted(waits)
    assert waits[-1] > 2 * waits[0]


async def test_only_one_flow_tries_at_a_time(desk: StockDesk) -> None:
    await away(desk)
    await desk.sets(a=5)
    desk.clock.advance(6)
    first = await desk.runner.claim(desk.integration.id, Flow.STOCK)
    assert first is not None
    assert await desk.runner.claim(desk.integration.id, Flow.ORDERS) is None


async def test_once_it_answers_all_that_failed_meanwhile_is_due_at_once(desk: StockDesk) -> None:
    await away(desk)
    desk.shop.orders_fail = None
    await desk.sets(a=5)
    desk.clock.advance(6)
    assert await desk.is_due(Flow.STOCK)
    assert (desk.shop.figures("a"), tried(desk)) == ([5], [])
    assert await desk.is_due(Flow.ORDERS)


async def test_a_store_that_is_away_keeps_no_other_from_being_read(desk: StockDesk) -> None:
    other = await connected(desk.hub, open_stock_shop("south"))
    await away(desk, retry_after=600)
    desk.clock.advance(1)
    assert await desk.runner.claim(other.id, Flow.ORDERS) is not None


async def test_a_person_need_not_wait_for_the_next_try(desk: StockDesk) -> None:
    await away(desk, retry_after=600)
    desk.shop.orders_fail = None
    assert (await desk.hub.sync(desk.integration.id, "orders")).error is None
    assert tried(desk) == []
