"""Files of levels and prices: what they will change is told before, and all of it happens at once."""

from decimal import Decimal
from typing import Any

import pytest

from hub_core import Hub, InputError, Money
from hub_core.domain.errors import ConflictError
from hub_core.domain.plans import Plan
from tests.hubs import statements


def _told(plan: Plan) -> list[tuple[Any, ...]]:
    return [(one.sku, one.before, one.after) for one in plan.changes]


def usd(amount: int) -> Money:
    return Money(amount=Decimal(amount), currency="USD")


async def test_a_plan_of_levels_tells_what_will_be_available_and_changes_nothing(hub: Hub) -> None:
    await hub.stock.set({"A": 5, "B": 7})
    before = await hub.stock.adjust({"A": -2})
    levels = {"A": 4, "B": "7.000", "C": 1}
    plan = await hub.stock.plan(levels)
    assert _told(plan) == [("A", 3, 4), ("C", None, 1)]
    assert (plan.unchanged, plan.event) == (1, before.event)
    assert (await hub.stock.get("A")).available == 3
    written = await hub.stock.set_all(levels, after_event=plan.event)
    assert (written.changed, written.unchanged) == (2, 1)
    assert (await hub.stock.plan(levels)).changes == ()


async def test_what_moved_after_the_event_is_part_of_the_plan(hub: Hub) -> None:
    first = await hub.stock.set({"A": 5})
    await hub.stock.adjust({"A": -2})
    assert _told(await hub.stock.plan({"A": 10}, after_event=first.event)) == [("A", 3, 8)]


async def test_a_plan_refuses_what_setting_would_refuse(hub: Hub) -> None:
    first = await hub.stock.set({"A": 5})
    await hub.stock.set({"A": 6})
    with pytest.raises(ConflictError, match="was set meanwhile"):
        await hub.stock.plan({"A": 7}, after_event=first.event - 1)
    with pytest.raises(InputError, match="below zero"):
        await hub.stock.plan({"A": -1})


async def test_more_levels_than_a_call_bears_are_set_in_one_transaction(hub: Hub) -> None:
    levels = {f"SKU-{number:05}": number for number in range(10_001)}
    with pytest.raises(InputError, match="at most 10000"):
        await hub.stock.set(levels)
    with statements(hub) as seen:
        written = await hub.stock.set_all(levels)
    assert (written.changed, written.event) == (10_001, 10_001)
    assert len(seen) < 20  # however many levels there are


async def test_a_plan_of_prices_tells_what_will_change(hub: Hub) -> None:
    await hub.prices.set([("A", usd(5)), ("B", usd(7))])
    given = [("A", usd(6)), ("B", usd(7)), ("C", usd(1))]
    plan = await hub.prices.plan(given)
    assert _told(plan) == [("A", 5, 6), ("C", None, 1)]
    assert {one.currency for one in plan.changes} == {"USD"}
    assert (plan.unchanged, plan.event) == (1, 2)
    assert (await hub.prices.set_all(given)).changed == 2
    assert (await hub.prices.plan(given)).changes == ()
