"""What counts as history, and what makes a held text be read again."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from hub_core import Hub, OrderPage
from hub_core.domain.history import HistoryRule, Sight
from hub_core.testing.clock import VirtualClock
from tests.hubs import DAY, NOW, connected
from tests.toyshop import channel as toyshop
from tests.toyshop.shop import open_shop

RULE = HistoryRule(NOW - 30 * DAY, NOW - DAY)


@pytest.mark.parametrize(
    ("sight", "age", "history"),
    [
        (Sight.BASELINE, timedelta(0), True),
        (Sight.CONNECTING, 2 * DAY, True),
        (Sight.CONNECTING, timedelta(hours=1), False),
        (Sight.LATER, 2 * DAY, False),
        (Sight.LATER, 31 * DAY, True),
    ],
)
def test_history_goes_by_first_sight_and_by_the_day_of_import(sight: Sight, age: timedelta, history: bool) -> None:
    assert RULE.holds(sight, NOW - age) is history


async def test_an_order_that_the_baseline_could_not_read_stays_history_once_it_can_be_read(
    hub: Hub, clock: VirtualClock
) -> None:
    shop = open_shop("north")
    shop.put_raw("1", NOW - timedelta(hours=3), b'{"id": "1"')
    integration = await connected(hub, shop)
    await hub.sync(integration.id)
    shop.put("1", NOW - timedelta(hours=3))
    shop.put("2", NOW - timedelta(hours=3))
    clock.advance(120)
    await hub.sync(integration.id)
    assert {order.external_id: order.history async for order in hub.orders.find()} == {"1": True, "2": False}


async def test_a_retry_decides_history_as_a_poll_does(hub: Hub, clock: VirtualClock) -> None:
    shop = open_shop("north")
    integration = await connected(hub, shop)
    await hub.sync(integration.id)
    clock.advance(120)
    shop.put_raw("1", NOW - 3 * DAY, b'{"id": "1"')
    shop.put("2", NOW - timedelta(hours=1))
    shop.orders["1"].placed_at = NOW
    await hub.sync(integration.id)
    (reject,) = await hub.rejects.page()
    shop.put("1", NOW - 3 * DAY)
    await hub.rejects.retry(reject.id)
    assert {order.external_id: order.history async for order in hub.orders.find()} == {"1": False, "2": False}


async def test_a_text_is_read_again_where_its_meaning_has_changed(
    hub: Hub, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    bases = [b"one zone"]
    plain = OrderPage

    def with_basis(*parts: Any) -> OrderPage:
        return replace(plain(*parts), basis=bases[-1])

    monkeypatch.setattr(toyshop, "OrderPage", with_basis)
    shop = open_shop("north")
    shop.put("1", NOW - timedelta(hours=3))
    integration = await connected(hub, shop)
    await hub.sync(integration.id)
    read: list[bytes] = []
    honest = toyshop.read

    def noted(raw: bytes) -> Any:
        read.append(raw)
        return honest(raw)

    monkeypatch.setattr(toyshop, "read", noted)
    clock.advance(120)
    await hub.sync(integration.id)
    assert read == []
    bases.append(b"another zone")
    clock.advance(120)
    await hub.sync(integration.id)
    assert read == [shop.orders["1"].raw]
