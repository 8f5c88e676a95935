"""Hours of polls by a virtual clock: each store is asked when its turn has come, and no more often."""

from collections import Counter
from datetime import timedelta

from hub_core import Hub, Poll
from hub_core.storage.tables import flow_state
from hub_core.testing.clock import VirtualClock
from tests.engine.desk import look
from tests.hubs import connected, rows
from tests.toyshop.shop import open_shop

STORES = 2
INTERVAL = 900
HOURS = 25


async def test_for_a_day_each_store_is_polled_in_time_and_read_widely_once(hub: Hub, clock: VirtualClock) -> None:
    shops = [open_shop(f"shop-{number}") for number in range(STORES)]
    for shop in shops:
        await connected(hub, shop, order_interval=INTERVAL)
    engine, began = hub.engine(), clock.now()
    latest = timedelta(0)
    while clock.now() < began + timedelta(hours=HOURS):
        due = min(row["next_due_at"] for row in rows(hub, flow_state))
        clock.set(max(due, clock.now() + timedelta(seconds=0.25)))
        latest = max(latest, *(clock.now() - row["next_due_at"] for row in rows(hub, flow_state)))
        await look(engine)
        await engine.slots.quiet()
    for shop in shops:
        asked = Counter(poll for poll, _, start in shop.diary if start == 0)
        assert HOURS * 3600 / INTERVAL <= asked[Poll.NEW] <= HOURS * 3600 / INTERVAL * 1.06 + 4, asked
        assert asked[Poll.SWEEP] in (1, 2)
    assert latest <= timedelta(seconds=1)
