"""How flows stand, as it is read from rows."""

from typing import Any

import sqlalchemy as sa

from hub_core import Hub
from hub_core.domain.budget import RateBudget
from hub_core.domain.integrations import Flow, FlowStatus
from hub_core.domain.totals import Totals
from hub_core.storage.budgets import BudgetRepository
from hub_core.storage.outages import OutageRepository
from hub_core.storage.tables import flow_state, integrations, pushes
from hub_core.testing.clock import VirtualClock
from tests.hubs import MINUTE, connected, statements, worker
from tests.stockshop.desk import StockDesk
from tests.toyshop.shop import open_shop


def write(hub: Hub, *changes: sa.Executable) -> None:
    hub.parts.database.write_now(lambda connection: [connection.execute(change) for change in changes])


async def orders(hub: Hub, name: str = "north") -> FlowStatus:
    return (await hub.integrations.get(name)).flows[Flow.ORDERS]


async def test_a_store_that_was_closed_by_a_refusal_is_waited_for_by_what_is_due(hub: Hub, clock: VirtualClock) -> None:
    integration = await connected(hub)
    await hub.sync("north")
    clock.advance(60)
    assert integration.store is not None
    scope, database = f"toyshop/{integration.store.key}", hub.parts.database
    budget = RateBudget(depth=10, per_second=1)
    database.write_now(lambda one: BudgetRepository(one, database.epoch_sql()).throttled(scope, budget, 90))
    told = await orders(hub)
    assert (told.state, told.code) == ("ok", "rate_budget")
    assert "go on at 2026-03-10 12:02 UTC" in told.sentence
    clock.advance(91)
    assert (await orders(hub)).code != "rate_budget"


async def test_every_flow_that_is_due_says_since_when_its_store_is_away(hub: Hub, clock: VirtualClock) -> None:
    integration = await connected(hub)
    await hub.sync("north")
    since = clock.now()
    database = hub.parts.database
    until = database.now_sql(5 * MINUTE)
    database.write_now(lambda one: OutageRepository(one).begin(integration.id, database.now_sql(), until))
    assert (await orders(hub)).code == "ok"
    clock.advance(61)
    told = await orders(hub)
    assert (told.state, told.code, told.since) == ("failing", "unavailable", since)


async def test_what_is_due_while_all_slots_are_busy_waits_for_its_turn(hub: Hub, clock: VirtualClock) -> None:
    await connected(hub)
    await hub.sync("north")
    clock.advance(61)
    worker(hub, busy=40)
    assert (await orders(hub)).code == "waiting"
    worker(hub, busy=39)
    assert (await orders(hub)).code == "ok"


async def stock(desk: StockDesk) -> FlowStatus:
    return (await desk.hub.integrations.get(desk.integration.id)).flows[Flow.STOCK]


async def test_a_figure_that_is_due_and_not_told_makes_the_stock_old_and_then_late(desk: StockDesk) -> None:
    fresh = await stock(desk)
    assert (fresh.freshness_seconds, fresh.target_seconds, fresh.late) == (0, 120, False)
    await desk.sets(a=3)
    desk.clock.advance(100)
    told = await stock(desk)
    assert (told.freshness_seconds, told.late) == (100, False)
    desk.clock.advance(21)
    assert (await stock(desk)).late
    await desk.push()
    assert (await stock(desk)).freshness_seconds == 0


async def test_what_is_under_way_or_was_changed_in_the_store_is_not_taken_for_old(desk: StockDesk) -> None:
    await desk.sets(a=3)
    desk.clock.advance(600)
    for values in ({"in_flight": True}, {"in_flight": False, "drifted_at": desk.clock.now()}):
        write(desk.hub, sa.update(pushes).values(**values))
        assert (await stock(desk)).freshness_seconds == 0


async def test_the_numbers_for_monitors_are_those_of_the_list(hub: Hub, clock: VirtualClock) -> None:
    for name in ("well", "late", "failing", "waiting", "locked", "off", "new"):
        await connected(hub, name)
        await hub.sync(name)
    added = await hub.integrations.add("toyshop", name="awaiting", settings={"shop": open_shop("other").name})
    assert added.connection == "awaiting_authorization"
    await hub.integrations.disable("off")
    ids = {one.name: one.id for one in await hub.integrations.list()}
    write(
        hub,
        state_of(ids["late"], late_since=clock.now(), **old(clock)),
        state_of(ids["failing"], problem_code="response", problem_since=clock.now(), failures=1),
        state_of(ids["waiting"], problem_code="rate_budget", problem_since=clock.now()),
        state_of(ids["off"], problem_code="response", late_since=clock.now()),
        sa.update(integrations).where(integrations.c.id == ids["locked"]).values(connection="needs_reauthorization"),
    )
    worker(hub)
    states = [one.health.state.value for one in await hub.integrations.list()]
    health = await hub.health()
    assert (health["integrations"], health["failing"], health["late"]) == (8, 2, 1)
    assert (len(states), states.count("failing"), states.count("late")) == (8, 2, 1)
    status = await hub.status()
    assert [one.health.state.value for one in status.integrations[:3]] == ["failing", "failing", "late"]


def state_of(integration: int, **values: Any) -> sa.Update:
    return sa.update(flow_state).where(flow_state.c.integration_id == integration).values(**values)


def old(clock: VirtualClock) -> dict[str, Any]:
    long_ago = clock.now().replace(hour=6)
    return {"last_success_at": long_ago, "next_due_at": long_ago, "planned_at": long_ago}


async def test_the_status_takes_as_many_statements_however_many_integrations_there_are(hub: Hub) -> None:
    counts = []
    for name in ("north", "south", "east"):
        await connected(hub, name)
        with statements(hub) as seen:
            await hub.status()
        counts.append(len(seen))
    assert counts[0] == counts[1] == counts[2]


async def test_what_a_flow_does_is_added_up_in_its_row(desk: StockDesk) -> None:
    for level in (3, 2):
        await desk.sets(a=level, b=level)
        await desk.push()
    totals = Totals.read(desk.flow(Flow.STOCK)["totals"])
    assert (totals.counts, totals.runs) == ({"sent": 4, "accepted": 4}, {"succeeded": 2})
