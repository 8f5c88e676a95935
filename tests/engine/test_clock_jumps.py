"""The clock jumps: nothing is lost or doubled, and nothing stands still until the time that was wrong has come."""

from datetime import timedelta

import pytest

from hub_core import Hub, UnavailableError
from hub_core.domain.integrations import Flow
from hub_core.storage.tables import flow_state
from hub_core.testing.clock import VirtualClock
from tests.engine.desk import quiet
from tests.hubs import connected, filled, found, rows
from tests.toyshop.shop import Shop, open_shop

HOUR = timedelta(hours=1)
MINUTE = 60


def set_back(clock: VirtualClock) -> None:
    clock._start -= HOUR


@pytest.fixture
async def shop(hub: Hub) -> Shop:
    shop = filled(open_shop("north"), 2)
    await connected(hub, shop)
    return shop


async def look(hub: Hub) -> None:
    """What a running engine does again and again."""
    engine = hub.engine()
    await engine.chores.tend()
    await quiet(engine)


async def test_a_poll_that_was_planned_while_the_clock_was_ahead_comes_in_time(
    hub: Hub, clock: VirtualClock, shop: Shop
) -> None:
    await look(hub)
    set_back(clock)
    shop.put("later", clock.now() + HOUR)
    clock.advance(MINUTE + 1)
    await look(hub)
    assert len(await found(hub)) == 3


async def test_a_lease_of_a_process_that_died_while_the_clock_was_ahead_runs_out(
    hub: Hub, clock: VirtualClock, shop: Shop
) -> None:
    (row,) = rows(hub, flow_state)
    assert await hub.engine().runner.claim(row["integration_id"], Flow(row["flow"])) is not None
    set_back(clock)
    clock.advance(10)
    await look(hub)
    assert len(await found(hub)) == 2


async def test_a_store_that_was_away_while_the_clock_was_ahead_is_asked_again_soon(
    hub: Hub, clock: VirtualClock, shop: Shop
) -> None:
    def away(shop: Shop, start: int) -> None:
        raise UnavailableError("Closed for lunch.")

    shop.before_page = away
    await look(hub)
    set_back(clock)
    shop.before_page = None
    clock.advance(MINUTE)
    await look(hub)
    assert len(await found(hub)) == 2


async def test_a_clock_that_is_set_forward_makes_all_due_once(hub: Hub, clock: VirtualClock, shop: Shop) -> None:
    await look(hub)
    clock.advance(HOUR.total_seconds())
    await look(hub)
    read = len(shop.diary)
    await look(hub)
    assert (len(shop.diary), len(await found(hub))) == (read, 2)
