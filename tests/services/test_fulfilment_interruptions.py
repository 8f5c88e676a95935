"""Whatever interrupts the telling of a parcel, and wherever: it is made once, and what cannot be known is asked."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from hub_core import ConflictError, Hub, InputError
from hub_core.domain.errors import StorageError
from hub_core.domain.fulfilments import StoredFulfilment
from hub_core.domain.integrations import Flow
from hub_core.storage.tables import flow_state, fulfilments
from hub_core.testing.clock import VirtualClock
from tests.hubs import found, rows, told
from tests.stockshop.desk import StockDesk, stock_desk

LINES = [
    {"id": "1", "sku": "A", "quantity": "2", "price": "1"},
    {"id": "2", "sku": "B", "quantity": "1", "price": "1"},
]
REQUESTS = ("make", "pack", "close")


@pytest.fixture
async def desk(sqlite_hub_url: str, clock: VirtualClock) -> AsyncIterator[StockDesk]:
    """On SQLite alone: what is decided is the same on both databases."""
    async with stock_desk(sqlite_hub_url, clock) as opened:
        yield opened


@pytest.fixture
async def either(hub_url: str, clock: VirtualClock) -> AsyncIterator[StockDesk]:
    """On each database."""
    async with stock_desk(hub_url, clock) as opened:
        yield opened


async def asked(desk: StockDesk, order: str = "X", number: str = "T1") -> StoredFulfilment:
    desk.shop.put(order, desk.clock.now(), lines=LINES)
    await desk.read_orders()
    held = next(one.id for one in await found(desk.hub) if one.external_id == order)
    return (await desk.hub.fulfilments.ship(held, number)).fulfilment


async def quiet(desk: StockDesk, rounds: int = 20) -> None:
    """Let time pass until nothing is left to do."""
    for _ in range(rounds):
        desk.clock.advance(121)
        await desk.is_due(Flow.FULFILMENT)
        await desk.is_due(Flow.ORDERS)


async def state(desk: StockDesk, one: StoredFulfilment) -> str:
    return (await desk.hub.fulfilments.get(one.id)).state.value


@pytest.mark.parametrize("cut", ["before", "after"])
@pytest.mark.parametrize("place", range(3))
async def test_a_lost_reply_never_makes_a_second_parcel(either: StockDesk, place: int, cut: str) -> None:
    desk = either
    one = await asked(desk)
    desk.shop.cuts = {place: cut}
    run = await desk.push(Flow.FULFILMENT)
    assert (run.state, desk.shop.cuts) == ("failed", {})
    await quiet(desk)
    assert (await state(desk, one), desk.shop.parcels) == ("sent", [("X", "T1")])
    order = await desk.hub.orders.get(one.order_id)
    assert (order.status.value, [int(line.shipped) for line in order.lines]) == ("shipped", [2, 1])
    assert len(await told(desk.hub, "fulfilment.sent")) == 1


async def test_what_left_no_trace_is_told_again_only_when_nothing_can_arrive_any_more(desk: StockDesk) -> None:
    one = await asked(desk)
    desk.shop.cuts = {0: "before"}
    await desk.push(Flow.FULFILMENT)
    for _ in range(4):
        desk.clock.advance(60)
        await desk.is_due(Flow.FULFILMENT)
        assert (desk.shop.requests, await state(desk, one)) == (["make"], "sending")
    await quiet(desk, 3)
    assert (desk.shop.requests, await state(desk, one)) == (["make", *REQUESTS], "sent")


async def test_what_arrives_late_is_found_and_not_told_again(desk: StockDesk) -> None:
    one = await asked(desk)
    desk.shop.cuts = {0: "before"}
    await desk.push(Flow.FULFILMENT)
    await quiet(desk, 2)
    parcel = {"external_id": "t1", "tracking_number": "T1", "status": "shipped", "address": {}}
    desk.shop.edit("X", shipments=[{**parcel, "cost": {"amount": "0", "currency": "USD"}}])
    await quiet(desk)
    assert (desk.shop.requests, await state(desk, one)) == (["make", "pack", "close"], "sent")


async def test_what_is_lost_twice_without_a_trace_is_decided_by_a_person(desk: StockDesk) -> None:
    one = await asked(desk)
    desk.shop.cuts = {0: "before", 1: "before"}
    await desk.push(Flow.FULFILMENT)
    await quiet(desk)
    held = await desk.hub.fulfilments.get(one.id)
    assert (held.state, desk.shop.requests) == ("unknown", ["make", "make"])
    assert "the order shows nothing of it" in held.reason
    assert f"hub orders settle {one.id} sent|again|drop" in held.reason
    (event,) = await told(desk.hub, "fulfilment.unknown")
    assert event["fulfilment"] == one.id
    await desk.read_listings()
    health = (await desk.hub.integrations.get(desk.integration.id)).health
    assert (health.state, health.code) == ("ok", "fulfilment_unknown")
    assert "of one parcel nobody knows whether the store was told" in health.sentence
    assert not await desk.is_due(Flow.FULFILMENT)


async def test_an_order_that_was_changed_meanwhile_leaves_it_to_a_person(desk: StockDesk) -> None:
    one = await asked(desk)
    desk.shop.cuts = {0: "before"}
    await desk.push(Flow.FULFILMENT)
    parcel = {"external_id": "p", "tracking_number": "OTHER", "status": "shipped", "address": {}}
    desk.shop.edit("X", shipments=[{**parcel, "cost": {"amount": "0", "currency": "USD"}}])
    await quiet(desk)
    held = await desk.hub.fulfilments.get(one.id)
    assert (held.state, desk.shop.requests) == ("unknown", ["make"])
    assert "the order was changed there meanwhile" in held.reason


async def test_what_cannot_be_brought_to_its_end_is_decided_by_a_person(desk: StockDesk) -> None:
    one = await asked(desk)
    desk.shop.cuts = dict.fromkeys(range(1, 100), "before")
    await desk.push(Flow.FULFILMENT)
    await quiet(desk)
    held = await desk.hub.fulfilments.get(one.id)
    assert (held.state, desk.shop.parcels, len(desk.shop.requests)) == ("unknown", [("X", "T1")], 6)
    assert "what was begun there could not be brought to its end" in held.reason


async def test_a_plugin_that_tells_no_outcome_is_not_asked_blindly_again(desk: StockDesk) -> None:
    one = await asked(desk)
    desk.shop.forgets.add("T1")
    run = await desk.push(Flow.FULFILMENT)
    assert run.error is not None
    assert "it told no outcome for 1 of 1 fulfilments" in run.error.sentence
    assert await state(desk, one) == "waiting"  # nothing has left


@pytest.fixture
async def doubtful(desk: StockDesk) -> StoredFulfilment:
    """A parcel of which nobody knows, and another one of the same order behind it."""
    one = await asked(desk)
    desk.shop.cuts = {0: "before", 1: "before"}
    await desk.push(Flow.FULFILMENT)
    await quiet(desk)
    return await desk.hub.fulfilments.get(one.id)


async def test_a_person_says_that_the_store_has_it(desk: StockDesk, doubtful: StoredFulfilment) -> None:
    settled = await desk.hub.fulfilments.settle(doubtful.id, "sent")
    assert (settled.state, settled.reason) == ("sent", "")
    await quiet(desk, 3)
    assert desk.shop.requests == ["make", "make"]
    (event,) = await told(desk.hub, "fulfilment.sent")
    assert event["decided"]
    row = (await desk.hub.audit.page())[-1]
    assert (row.action, row.before, row.after) == (
        "fulfilment.settled",
        {"fulfilment": doubtful.id, "state": "unknown"},
        {"fulfilment": doubtful.id, "state": "sent"},
    )


async def test_a_person_lets_it_be_told_again(desk: StockDesk, doubtful: StoredFulfilment) -> None:
    await desk.hub.fulfilments.settle(doubtful.id, "again")
    await quiet(desk, 3)
    assert (await state(desk, doubtful), desk.shop.parcels) == ("sent", [("X", "T1")])


async def test_a_person_drops_it_and_the_goods_are_free(desk: StockDesk, doubtful: StoredFulfilment) -> None:
    dropped = await desk.hub.fulfilments.settle(doubtful.id, "drop")
    assert (dropped.state, dropped.reason) == ("refused", "A person has dropped it, so the store is not told.")
    assert (await desk.hub.fulfilments.ship(doubtful.order_id, "T1")).new
    await quiet(desk, 3)
    assert desk.shop.parcels == [("X", "T1")]


async def test_only_what_is_open_is_decided(desk: StockDesk) -> None:
    one = await asked(desk)
    for decision in ("sent", "again"):
        with pytest.raises(ConflictError, match=r"waits to be told"):
            await desk.hub.fulfilments.settle(one.id, decision)
    with pytest.raises(InputError, match=r"'maybe' is no decision; there are: sent, again, drop"):
        await desk.hub.fulfilments.settle(one.id, "maybe")
    desk.shop.cuts = {0: "before"}
    await desk.push(Flow.FULFILMENT)
    with pytest.raises(ConflictError, match=r"is being told"):
        await desk.hub.fulfilments.settle(one.id, "drop")
    await quiet(desk)
    with pytest.raises(ConflictError, match=r"is known to the store"):
        await desk.hub.fulfilments.settle(one.id, "again")
    other = await asked(desk, "Y", "T2")
    assert (await desk.hub.fulfilments.settle(other.id, "drop")).state == "refused"
    await quiet(desk, 2)
    assert desk.shop.parcels == [("X", "T1")]


async def test_a_later_parcel_of_the_order_waits_for_the_decision(desk: StockDesk) -> None:
    desk.shop.put("X", desk.clock.now(), lines=LINES)
    await desk.read_orders()
    order = (await found(desk.hub))[0].id
    first = (await desk.hub.fulfilments.ship(order, "T1", lines={"1": 2})).fulfilment
    second = (await desk.hub.fulfilments.ship(order, "T2")).fulfilment
    desk.shop.cuts = {0: "before", 1: "before"}
    await desk.push(Flow.FULFILMENT)
    await quiet(desk)
    assert [await state(desk, one) for one in (first, second)] == ["unknown", "waiting"]
    await desk.hub.fulfilments.settle(first.id, "again")
    await quiet(desk, 4)
    assert desk.shop.parcels == [("X", "T1"), ("X", "T2")]


@pytest.mark.parametrize("place", range(3))
async def test_no_request_leaves_once_the_flow_is_switched_off_and_it_goes_on_later(
    desk: StockDesk, place: int
) -> None:
    one = await asked(desk)

    async def switch_off(number: int) -> None:
        if number == place:
            await desk.hub.integrations.disable(desk.integration.id)

    desk.shop.before_request = switch_off
    await desk.push(Flow.FULFILMENT)
    assert desk.shop.requests == [*REQUESTS[:place]]
    desk.shop.before_request = None
    await desk.hub.integrations.enable(desk.integration.id)
    await quiet(desk)
    assert (await state(desk, one), desk.shop.parcels, desk.shop.requests) == ("sent", [("X", "T1")], [*REQUESTS])


@pytest.mark.parametrize("place", range(3))
async def test_a_process_that_has_lost_the_flow_sends_nothing_more(either: StockDesk, place: int) -> None:
    """It stood still for so long that another one has taken over."""
    desk = either
    one = await asked(desk)

    async def thief(number: int) -> None:
        if number == place:
            taken = (
                sa.update(flow_state)
                .where(flow_state.c.flow == "fulfilment")
                .values(lease=flow_state.c.lease + 1, lease_owner="thief", lease_until=desk.clock.now())
            )
            desk.hub.parts.database.write_now(lambda connection: connection.execute(taken))

    desk.shop.before_request = thief
    await desk.work(Flow.FULFILMENT)
    assert desk.shop.requests == [*REQUESTS[:place]]
    desk.shop.before_request = None
    await quiet(desk)
    assert (await state(desk, one), desk.shop.parcels) == ("sent", [("X", "T1")])
    assert desk.shop.requests == [*REQUESTS]


class DyingDatabase:
    """Fails from the n-th statement on, as for a process that is killed there."""

    def __init__(self, hub: Hub) -> None:
        self.left = -1
        self.reached = False
        sa.event.listen(hub.parts.database.engine, "before_cursor_execute", self.note)

    def dies_at(self, statement: int) -> None:
        self.left, self.reached = statement, False

    def lives(self) -> None:
        self.left = -1

    def note(self, *details: object) -> None:
        if self.left < 0:
            return
        self.left = max(0, self.left - 1)
        if self.left == 0:
            self.reached = True
            raise OperationalError("", {}, Exception("disk I/O error"))


@pytest.mark.parametrize(("every", "cut"), [(1, None), (3, "before"), (3, "after")])
async def test_a_process_killed_at_any_statement_makes_one_parcel_at_most(
    desk: StockDesk, every: int, cut: str | None
) -> None:
    """At each statement; where the reply to the first request is lost as well, at every third."""
    dying = DyingDatabase(desk.hub)
    for statement in range(1, 200, every):
        order, number = f"X{statement}", f"T{statement}"
        one = await asked(desk, order, number)
        desk.shop.cuts = {} if cut is None else {len(desk.shop.requests): cut}
        desk.clock.advance(1)
        dying.dies_at(statement)
        await _work_until_death(desk)
        dying.lives()
        desk.shop.cuts = {}
        for seconds in (10, 10, 320, 20, 20):
            desk.clock.advance(seconds)
            await desk.is_due(Flow.FULFILMENT)
        assert await state(desk, one) == "sent", statement
        assert desk.shop.parcels.count((order, number)) == 1, statement
        if not dying.reached:
            break
    else:
        pytest.fail("telling a parcel did not end within 200 statements")
    assert statement > 20
    assert not rows(desk.hub, fulfilments, fulfilments.c.state != "sent")
    await told(desk.hub)


async def _work_until_death(desk: StockDesk) -> None:
    try:
        await desk.is_due(Flow.FULFILMENT)
    except (StorageError, OperationalError):
        return


@pytest.mark.parametrize("place", range(3))
async def test_a_cancelled_run_goes_on_where_it_stopped(desk: StockDesk, place: int) -> None:
    one = await asked(desk)
    tasks: list[Any] = []

    async def cancel(number: int) -> None:
        if number == place:
            tasks[0].cancel()

    desk.shop.after_request = cancel
    tasks.append(asyncio.create_task(desk.push(Flow.FULFILMENT)))
    with pytest.raises(asyncio.CancelledError):
        await tasks[0]
    desk.shop.after_request = None
    await quiet(desk, 8)
    assert (await state(desk, one), desk.shop.parcels) == ("sent", [("X", "T1")])


@pytest.fixture
def three_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.stockshop.channel.PARCELS", 3)


async def test_of_parcels_that_are_told_together_each_is_looked_up_by_itself(
    three_at_once: None, desk: StockDesk
) -> None:
    made = [await asked(desk, f"X{one}", f"T{one}") for one in range(4)]
    desk.shop.cuts = {4: "after"}
    run = await desk.push(Flow.FULFILMENT)
    assert (run.state, run.counts.sent, run.counts.accepted) == ("failed", 3, 1)
    assert [await state(desk, one) for one in made] == ["sent", "sending", "sending", "waiting"]
    await quiet(desk)
    assert [await state(desk, one) for one in made] == ["sent"] * 4
    assert sorted(desk.shop.parcels) == [(f"X{one}", f"T{one}") for one in range(4)]
