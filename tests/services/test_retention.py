"""What is too old goes, little by little; nothing else does."""

import itertools
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st
from sqlalchemy import Connection, Table, delete, insert, text, update

from hub_core import Hub
from hub_core.domain.rejects import RejectState
from hub_core.domain.retention import EVENTS_KEPT, RUNS_KEPT, TEXTS_KEPT
from hub_core.domain.runs import UNFINISHED, Counts, RunState
from hub_core.engine.chores import Chores
from hub_core.services import retention as service
from hub_core.services.retention import EVERY, LONGEST, Retention
from hub_core.storage import retention as storage
from hub_core.storage.tables import counters, events, flow_state, orders, rejects, runs, stock_levels
from hub_core.testing.clock import VirtualClock
from tests.hubs import DAY, NOW, connected, edited, filled, found, rows, told
from tests.services.test_telling import polled
from tests.toyshop.shop import Shop, open_shop


def written(hub: Hub, *statements: Any) -> None:
    def write(connection: Connection) -> None:
        for statement in statements:
            connection.execute(statement)

    hub.parts.database.write_now(write)


def put(hub: Hub, table: Table, values: Sequence[dict[str, Any]]) -> None:
    if values:
        hub.parts.database.write_now(lambda connection: connection.execute(insert(table), list(values)))


async def whole_round(hub: Hub) -> int:
    """Drop until nothing is left, as one process does."""
    retention, dropped = Retention(hub.parts), 0
    due_again = hub.parts.clock.now() + EVERY
    while next((row for row in rows(hub, counters) if row["name"] == "chore:retention"), {}).get("value") != int(
        due_again.timestamp()
    ):
        dropped += await retention.drop_some()
    return dropped


def run_row(number: int, integration: int, ended: datetime | None, **more: Any) -> dict[str, Any]:
    state = RunState.SUCCEEDED if ended else RunState.RUNNING
    begun = (ended or NOW) - timedelta(minutes=1)
    row = {"id": number, "integration_id": integration, "kind": "orders", "state": state, "quiet": False}
    times = {"created_at": begun, "started_at": begun, "finished_at": ended}
    return {**row, **times, "asked_for": True, "counts": Counts().model_dump_json(), "api_calls": 1, **more}


def event_row(number: int, at: datetime) -> dict[str, Any]:
    return {"id": number, "type": "order.created", "at": at, "data": "{}"}


def ids(hub: Hub, table: Table) -> list[int]:
    return [row["id"] for row in rows(hub, table)]


async def emptied(hub: Hub) -> int:
    """A store without anything that tells of the past."""
    integration = await connected(hub)
    written(hub, delete(events), delete(runs), update(flow_state).values(run_id=None))
    return integration.id


AGES = st.lists(st.integers(0, 900), max_size=12)


@given(of_runs=AGES, unfinished=st.sets(st.integers(0, 11)), kinds=st.lists(st.sampled_from("ab"), min_size=12))
@examples(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
async def test_runs_go_when_they_are_too_old_but_for_the_last_and_those_that_go_on(
    hub: Hub, clock: VirtualClock, of_runs: list[int], unfinished: set[int], kinds: list[str]
) -> None:
    integration = hub_integration(hub) or await emptied(hub)
    written(hub, delete(runs), delete(counters))
    pointed = 1 if of_runs else None
    written(hub, update(flow_state).values(run_id=pointed))
    ages = [None if number in unfinished else NOW - days * DAY / 2 for number, days in enumerate(of_runs)]
    table = [run_row(number, integration, at, kind=kinds[number - 1]) for number, at in enumerate(ages, start=1)]
    put(hub, runs, table)
    await whole_round(hub)
    last = {row["kind"]: row["id"] for row in table}
    kept = {
        row["id"]
        for row in table
        if row["finished_at"] is None
        or row["finished_at"] >= clock.now() - RUNS_KEPT
        or row["id"] in (pointed, last[row["kind"]])
    }
    assert set(ids(hub, runs)) == kept


def hub_integration(hub: Hub) -> int | None:
    found = rows(hub, flow_state)
    return found[0]["integration_id"] if found else None


@given(of_events=AGES)
@examples(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
async def test_the_oldest_events_go_and_the_numbers_of_the_others_have_no_gaps(
    hub: Hub, clock: VirtualClock, of_events: list[int]
) -> None:
    """Clocks may have been set back: what lies between younger ones goes with them."""
    written(hub, delete(events), delete(counters))
    put(hub, events, [event_row(number, NOW - days * DAY) for number, days in enumerate(of_events, start=1)])
    await whole_round(hub)
    left = rows(hub, events)
    numbers = [row["id"] for row in left]
    assert numbers == list(range(len(of_events) - len(left) + 1, len(of_events) + 1))
    before = clock.now() - EVENTS_KEPT
    gone = of_events[: len(of_events) - len(left)]
    assert all(NOW - days * DAY < before for days in gone)
    if left and len(left) > 1:
        assert left[0]["at"] >= before
    assert bool(left) == bool(of_events)


async def test_all_older_ones_go_in_the_end_however_many(hub: Hub, clock: VirtualClock) -> None:
    integration = await emptied(hub)
    old = clock.now() - EVENTS_KEPT - DAY
    put(hub, events, [event_row(number, old) for number in range(1, 1101)])
    put(hub, events, [event_row(number, clock.now()) for number in range(1101, 1104)])
    put(hub, runs, [run_row(number, integration, old) for number in range(1, 701)])
    put(hub, runs, [run_row(number, integration, clock.now()) for number in range(701, 704)])
    assert await whole_round(hub) == 1100 + 700
    assert (ids(hub, events), ids(hub, runs)) == ([1101, 1102, 1103], [701, 702, 703])


async def test_one_transaction_drops_a_few_rows_at_most(
    hub: Hub, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    await emptied(hub)
    put(hub, events, [event_row(number, clock.now() - EVENTS_KEPT - DAY) for number in range(1, 100)])
    monkeypatch.setattr(storage, "BATCH", 7)
    monkeypatch.setattr(service, "AT_ONCE", 1)
    retention = Retention(hub.parts)
    left = [99]
    while len(left) < 3 or left[-1] < left[-2]:
        await retention.drop_some()
        left.append(len(ids(hub, events)))
    assert max(before - after for before, after in itertools.pairwise(left)) == 7
    assert left[-1] == 1  # the numbers go on from there


async def test_numbers_go_on_and_lists_begin_with_the_oldest_that_is_kept(hub: Hub, clock: VirtualClock) -> None:
    integration = await connected(hub, filled(open_shop("north"), 3))
    await hub.sync(integration.id)
    clock.advance(EVENTS_KEPT.total_seconds() + 100)
    last = await hub.events.newest()
    await whole_round(hub)
    assert [event.id for event in await hub.events.after()] == [last]
    assert await hub.events.newest() == last
    await hub.stock.set({"RED": 3})
    assert [event.id for event in await hub.events.after(1)] == [last, last + 1]
    (level,) = rows(hub, stock_levels)[-1:]
    assert level["event_id"] == last + 1


async def test_stock_can_be_explained_after_the_events_of_its_movements_went(hub: Hub, clock: VirtualClock) -> None:
    await hub.stock.set({"RED": 10})
    await hub.stock.adjust({"RED": -3})
    clock.advance(EVENTS_KEPT.total_seconds() + 100)
    await hub.stock.set({"BLUE": 1})
    await whole_round(hub)
    explained = await hub.stock.explain("RED")
    assert explained.available == 7
    assert [movement.at for movement in explained.movements] == [None]
    assert "-3 adjusted by hand long ago." in explained.sentences


@pytest.fixture
async def shop(hub: Hub) -> Shop:
    """A shop with three orders and one text that nobody can read, all of which the hub has taken in."""
    shop = filled(open_shop("north"), 3)
    shop.put_raw("bad", NOW - DAY, b"[")
    await hub.sync((await connected(hub, shop)).id)
    return shop


async def test_the_text_of_an_order_goes_and_the_order_stays_known(hub: Hub, clock: VirtualClock, shop: Shop) -> None:
    (north,) = await hub.integrations.list()
    before = await found(hub)
    clock.advance(TEXTS_KEPT.total_seconds() + 1)
    shop.orders["A3"].raw = edited(shop.orders["A3"].raw, status="shipped")
    shop.orders["A3"].updated_at = clock.now()
    await hub.sync(north.id)
    await whole_round(hub)
    assert {row["external_id"] for row in rows(hub, orders) if row["raw"] is not None} == {"A3"}
    assert [order for order in await found(hub) if order.external_id != "A3"] == [
        order for order in before if order.external_id != "A3"
    ]
    changed = await told(hub, "order.updated")
    for row in shop.orders.values():
        row.updated_at = clock.now()
    clock.advance(86_500)
    run = await hub.sync(north.id)
    assert (run.counts.created, run.counts.updated, run.counts.unchanged) == (0, 0, run.counts.read - 1)
    assert await told(hub, "order.updated") == changed


async def test_texts_are_kept_until_they_are_90_days_old(hub: Hub, clock: VirtualClock, shop: Shop) -> None:
    clock.advance(TEXTS_KEPT.total_seconds())
    await whole_round(hub)
    assert all(row["raw"] for row in rows(hub, orders))


@pytest.mark.parametrize("state", list(RejectState))
async def test_the_text_of_a_reject_goes_once_nobody_needs_it(
    hub: Hub, clock: VirtualClock, shop: Shop, state: RejectState
) -> None:
    written(hub, update(rejects).values(state=state.value))
    clock.advance(TEXTS_KEPT.total_seconds() + 1)
    await whole_round(hub)
    (row,) = rows(hub, rejects)
    assert bool(row["raw"]) is (state in (RejectState.OPEN, RejectState.ASIDE))


async def test_a_discarded_text_is_known_when_it_comes_again(hub: Hub, clock: VirtualClock, shop: Shop) -> None:
    (reject,) = await hub.rejects.page()
    await hub.rejects.discard(reject.id)
    clock.advance(TEXTS_KEPT.total_seconds() + 1)
    await whole_round(hub)
    shop.orders["bad"].updated_at = shop.orders["bad"].placed_at = clock.now()
    (north,) = await hub.integrations.list()
    await polled(hub, north)
    assert (await hub.rejects.get(reject.id)).state is RejectState.DISCARDED


async def test_it_is_done_once_a_day_by_one_of_the_processes(hub: Hub, clock: VirtualClock) -> None:
    await emptied(hub)
    await whole_round(hub)
    old = clock.now() - EVENTS_KEPT - DAY
    put(hub, events, [event_row(number, old) for number in range(1, 5)])
    assert [await Retention(hub.parts).drop_some() for _ in range(3)] == [0, 0, 0]
    clock.advance(EVERY.total_seconds())
    assert [await Retention(hub.parts).drop_some() for _ in range(3)] == [3, 0, 0]


async def test_what_a_process_began_is_ended_by_another_after_its_death(
    hub: Hub, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    await emptied(hub)
    put(hub, events, [event_row(number, clock.now() - EVENTS_KEPT - DAY) for number in range(1, 50)])
    monkeypatch.setattr(storage, "BATCH", 5)
    monkeypatch.setattr(service, "AT_ONCE", 2)
    died = Retention(hub.parts)
    assert await died.drop_some() > 0
    other = Retention(hub.parts)
    assert await other.drop_some() == 0
    clock.advance(LONGEST.total_seconds() + 1)
    while await other.drop_some():
        pass
    assert ids(hub, events) == [49]
    while await died.drop_some():  # it was only asleep
        pass
    assert ids(hub, events) == [49]


async def test_what_fails_is_begun_anew(hub: Hub, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch) -> None:
    await emptied(hub)
    put(hub, events, [event_row(number, clock.now() - EVENTS_KEPT - DAY) for number in range(1, 50)])
    retention = Retention(hub.parts)
    with monkeypatch.context() as patched:
        patched.setattr(storage.RetentionRepository, "drop_events", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            await retention.drop_some()
    assert await retention.drop_some() == 0
    clock.advance(LONGEST.total_seconds() + 1)
    await retention.drop_some()
    assert ids(hub, events) == [49]


async def test_it_is_one_of_the_chores(hub: Hub, clock: VirtualClock) -> None:
    await emptied(hub)
    put(hub, events, [event_row(number, clock.now() - EVENTS_KEPT - DAY) for number in range(1, 4)])
    await Chores(hub.parts).tend()
    assert ids(hub, events) == [3]


async def test_a_run_that_is_under_way_is_left_alone_however_old(hub: Hub, clock: VirtualClock) -> None:
    integration = await emptied(hub)
    put(hub, runs, [run_row(1, integration, None), run_row(2, integration, clock.now() - 800 * DAY)])
    put(hub, runs, [run_row(3, integration, clock.now())])
    clock.advance(800 * 86_400)
    await whole_round(hub)
    states = {row["id"]: row["state"] for row in rows(hub, runs)}
    assert states.keys() == {1, 3}
    assert states[1] in UNFINISHED


def test_texts_are_found_by_their_index(hub: Hub) -> None:
    if not hub.parts.database.is_sqlite:
        pytest.skip("PostgreSQL plans by what is in the table, which is nothing here")
    query = text("EXPLAIN QUERY PLAN SELECT id FROM orders WHERE raw IS NOT NULL AND sent_at < 1 ORDER BY sent_at")
    plan = hub.parts.database.read_now(lambda connection: [row.detail for row in connection.execute(query)])
    assert [step for step in plan if "ix_orders_text" in step] == plan
