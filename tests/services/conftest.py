"""What several tests of services ask for."""

from collections.abc import AsyncIterator

import pytest

from hub_core.testing.clock import VirtualClock
from tests.stockshop.desk import StockDesk, stock_desk


@pytest.fixture
async def desk(hub_url: str, clock: VirtualClock) -> AsyncIterator[StockDesk]:
    """A hub with a shop that is told stock and prices, on both databases."""
    async with stock_desk(hub_url, clock) as opened:
        yield opened
