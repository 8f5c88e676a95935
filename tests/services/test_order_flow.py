"""Reading a store's orders: which searches in which order, what is history, and when watermarks move."""

from datetime import timedelta
from typing import Any

import pytest

from hub_core import CursorExpiredError, Hub, OrderPage, Poll
from hub_core.domain.integrations import Flow
from hub_core.domain.polls import OVERLAP, SWEEP_INTERVAL, UNTOLD_ZONE_REACH, Search
from hub_core.domain.turns import EARLY, next_turn
from hub_core.engine.runner import Outcome, Runner
from hub_core.services.order_intake import OrderIntake, PageContext, Taken
from hub_core.services.slices import Slice
from hub_core.storage.tables import flow_state, searches
from hub_core.testing.clock import VirtualClock
from tests.engine.desk import quiet
from tests.hubs import DAY, MINUTE, NOW, connected, filled, found, rows, told
from tests.toyshop.shop import Shop, open_shop


def polls(shop: Shop) -> list[Poll]:
    """The polls that a shop was asked for, each as often as it was begun."""
    return [poll for poll, _, start in shop.diary if start == 0]


def search(hub: Hub, which: Search) -> dict[str, Any]:
    (row,) = rows(hub, searches, searches.c.search == which.value)
    return row


async def test_a_first_sync_takes_every_order_once(hub: Hub) -> None:
    shop = filled(open_shop("north", page_size=7), 30)
    integration = await connected(hub, shop)
    run = await hub.sync(integration.id)
    assert (run.state, run.counts.created, run.counts.updated) == ("succeeded", 30, 0)
    assert {order.external_id for order in await found(hub)} == set(shop.orders)
    assert len(await told(hub, "order.created")) == 30


async def test_the_baseline_comes_before_any_other_search(hub: Hub) -> None:
    shop = filled(open_shop("north"), 3)
    await hub.sync((await connected(hub, shop)).id)
    baseline, *later = shop.diary
    assert (baseline[0], baseline[1].start, baseline[1].end) == (Poll.NEW, NOW - 2 * DAY, None)
    assert {poll for poll, _, _ in later} == {Poll.NEW, Poll.OPEN}


async def test_the_searches_that_happen_once_are_not_repeated(hub: Hub, clock: VirtualClock) -> None:
    shop = filled(open_shop("north"), 3)
    integration = await connected(hub, shop)
    await hub.sync(integration.id)
    shop.diary.clear()
    clock.advance(61)
    await hub.sync(integration.id)
    assert polls(shop) == [Poll.NEW, Poll.CHANGED]


async def test_orders_from_before_the_first_day_are_left_out(hub: Hub) -> None:
    shop = open_shop("north")
    shop.put("old", NOW - 31 * DAY, status="shipped")
    shop.put("young", NOW - 29 * DAY, status="shipped")
    await hub.sync((await connected(hub, shop)).id)
    assert [order.external_id for order in await found(hub)] == ["young"]


async def test_the_merchant_decides_how_far_back_the_hub_reads(hub: Hub) -> None:
    shop = open_shop("north")
    shop.put("old", NOW - 90 * DAY, status="shipped")
    shop.put("older", NOW - 101 * DAY, status="shipped")
    await hub.sync((await connected(hub, shop, import_since=(NOW - 100 * DAY).isoformat())).id)
    assert [order.external_id for order in await found(hub)] == ["old"]


async def test_open_orders_are_taken_in_whatever_their_age(hub: Hub) -> None:
    shop = open_shop("north")
    shop.put("ancient", NOW - 900 * DAY, status="on_hold")
    await hub.sync((await connected(hub, shop)).id)
    (order,) = await found(hub)
    assert (order.external_id, order.history) == ("ancient", True)


async def test_what_the_first_reads_find_is_history(hub: Hub) -> None:
    shop = open_shop("north")
    shop.put("by the baseline", NOW - MINUTE)
    shop.put("by the back-fill", NOW - 20 * DAY, status="shipped")
    shop.put("by the open read", NOW - 40 * DAY)
    await hub.sync((await connected(hub, shop)).id)
    assert {order.external_id: order.history for order in await found(hub)} == dict.fromkeys(shop.orders, True)
    assert all(each["history"] for each in await told(hub, "order.created"))


async def test_what_comes_later_is_no_history_even_if_the_store_dates_it_back(hub: Hub, clock: VirtualClock) -> None:
    shop = filled(open_shop("north"), 1)
    integration = await connected(hub, shop)
    await hub.sync(integration.id)
    clock.advance(61)
    shop.put("dated now", clock.now())
    shop.put("dated back", NOW - DAY / 2)
    await hub.sync(integration.id)
    histories = {order.external_id: order.history for order in await found(hub)}
    assert histories == {"A1": True, "dated now": False, "dated back": False}
    assert ["history" in each for each in await told(hub, "order.created")] == [True, False, False]


async def test_what_is_dated_before_the_first_day_is_history_whenever_it_is_seen(hub: Hub, clock: VirtualClock) -> None:
    shop = open_shop("north")
    integration = await connected(hub, shop)
    await hub.sync(integration.id)
    clock.advance(61)
    shop.put("reopened", NOW - 60 * DAY, updated_at=clock.now())
    await hub.sync(integration.id)
    (order,) = await found(hub)
    assert order.history


async def test_an_order_placed_during_the_first_reads_is_no_history(hub: Hub, clock: VirtualClock) -> None:
    shop = filled(open_shop("north"), 1)

    def sell(shop: Shop, start: int) -> None:
        clock.advance(1)
        if shop.diary[-1][0] is Poll.OPEN and "just now" not in shop.orders:
            shop.put("just now", clock.now())

    shop.before_page = sell
    await hub.sync((await connected(hub, shop)).id)
    assert {order.external_id: order.history for order in await found(hub)} == {"A1": True, "just now": False}


async def test_the_watermark_moves_to_where_the_read_began_once_it_is_complete(hub: Hub, clock: VirtualClock) -> None:
    shop = filled(open_shop("north", page_size=1), 2)
    integration = await connected(hub, shop)
    await hub.sync(integration.id)
    clock.advance(61)
    began = clock.now()
    seen = []

    def look(shop: Shop, start: int) -> None:
        if shop.diary[-1][0] is Poll.NEW:
            seen.append(search(hub, Search.NEW)["watermark"])
            clock.advance(1)

    shop.before_page = look
    await hub.sync(integration.id)
    assert seen == [NOW] * 3
    state = search(hub, Search.NEW)
    assert (state["watermark"], state["cursor"], state["began_at"]) == (began, None, None)


async def test_a_read_looks_back_a_day_behind_its_watermark(hub: Hub, clock: VirtualClock) -> None:
    shop = open_shop("north")
    integration = await connected(hub, shop)
    await hub.sync(integration.id)
    clock.advance(61)
    shop.diary.clear()
    await hub.sync(integration.id)
    assert {(poll, window.start) for poll, window, _ in shop.diary} == {
        (Poll.NEW, NOW - OVERLAP[Search.NEW]),
        (Poll.CHANGED, NOW - OVERLAP[Search.CHANGED]),
    }


async def test_windows_are_wider_where_the_store_did_not_tell_its_zone(hub: Hub) -> None:
    shop = open_shop("north", timezone=None)
    added = await hub.integrations.add("toyshop", name="N", settings={"shop": "north", "timezone": "Europe/Berlin"})
    await hub.integrations.authorize(added.id, {"password": "sesame"})
    await hub.sync(added.id)
    assert shop.diary[0][1].start == NOW - 2 * DAY - UNTOLD_ZONE_REACH
    assert [window.end for _, window, _ in shop.diary if window.end] == [NOW - 2 * DAY + UNTOLD_ZONE_REACH]


async def test_the_wide_read_comes_once_a_day(hub: Hub, clock: VirtualClock) -> None:
    shop = open_shop("north")
    integration = await connected(hub, shop)
    await hub.sync(integration.id)
    assert Poll.SWEEP not in polls(shop)
    turn = next_turn(NOW, SWEEP_INTERVAL, integration.id)
    clock.set(turn - MINUTE)
    await hub.sync(integration.id)
    assert Poll.SWEEP not in polls(shop)
    clock.set(turn)
    await hub.sync(integration.id)
    assert [window.start for poll, window, _ in shop.diary if poll is Poll.SWEEP] == [clock.now() - 14 * DAY]
    shop.diary.clear()
    clock.advance(61)
    await hub.sync(integration.id)
    assert Poll.SWEEP not in polls(shop)


async def test_the_flow_is_due_again_after_the_interval_that_the_merchant_set(hub: Hub) -> None:
    integration = await connected(hub, order_interval=600)
    await hub.sync(integration.id)
    flow = (await hub.integrations.get(integration.id)).flows
    due = next(iter(flow.values())).next_run_at
    assert due is not None
    assert timedelta(seconds=600 * EARLY) <= due - NOW <= timedelta(seconds=600)


async def test_a_shorter_interval_holds_at_once(hub: Hub, clock: VirtualClock) -> None:
    shop = open_shop("north")
    integration = await connected(hub, shop, order_interval=86_400)
    await hub.sync(integration.id)
    await hub.integrations.change(integration.id, rules={"order_interval": 60})
    shop.diary.clear()
    clock.advance(61)
    await quiet(hub.engine())
    assert polls(shop) == [Poll.NEW, Poll.CHANGED]


async def test_the_flow_is_due_when_its_searches_are_and_reads_both_then(hub: Hub, clock: VirtualClock) -> None:
    shop = open_shop("north")
    integration = await connected(hub, shop)
    await hub.sync(integration.id)
    for _ in range(5):
        (flow,) = rows(hub, flow_state)
        assert flow["next_due_at"] == min(search(hub, which)["due_at"] for which in (Search.NEW, Search.CHANGED))
        clock.set(flow["next_due_at"])
        shop.diary.clear()
        await quiet(hub.engine())
        assert polls(shop) == [Poll.NEW, Poll.CHANGED]


async def test_a_search_that_is_read_a_little_early_is_not_taken_for_one_that_was_asked_for(
    hub: Hub, clock: VirtualClock
) -> None:
    shop = open_shop("north")
    integration = await connected(hub, shop)
    await hub.sync(integration.id)
    late = clock.now() + timedelta(seconds=62)
    change = searches.update().where(searches.c.search == Search.CHANGED.value).values(due_at=late)
    hub.parts.database.write_now(lambda connection: connection.execute(change))
    clock.advance(60)
    shop.diary.clear()
    await quiet(hub.engine())
    assert polls(shop) == [Poll.NEW, Poll.CHANGED]
    assert search(hub, Search.CHANGED)["due_at"] == next_turn(clock.now(), MINUTE, integration.id)


async def test_a_run_that_read_nothing_makes_nothing_fresher(hub: Hub, clock: VirtualClock) -> None:
    shop = open_shop("north")
    integration = await connected(hub, shop)
    await hub.sync(integration.id)
    (before,) = rows(hub, flow_state)
    clock.advance(0.5)
    hub.parts.database.write_now(lambda connection: connection.execute(flow_state.update().values(next_due_at=NOW)))
    shop.diary.clear()
    await quiet(hub.engine())
    (after,) = rows(hub, flow_state)
    assert (shop.diary, after["lease"]) == ([], before["lease"] + 1)
    assert (after["last_success_at"], after["next_due_at"]) == (before["last_success_at"], before["next_due_at"])


async def test_pages_that_are_known_are_counted_once_when_time_runs_out_while_one_is_stored(
    hub: Hub, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = filled(open_shop("north", page_size=1), 5, placed_at=NOW - DAY / 2)
    integration = await connected(hub, shop)
    runner = Runner(hub.parts, "this process")
    await hub.sync("north")
    clock.advance(61)
    undisturbed = (await hub.sync("north")).counts
    take = OrderIntake.take

    async def slowly(self: OrderIntake, page: OrderPage, context: PageContext) -> Taken:
        taken = await take(self, page, context)
        clock.advance(0.3)
        return taken

    monkeypatch.setattr(OrderIntake, "take", slowly)
    clock.advance(61)
    outcomes: list[Outcome] = []
    while Outcome.ENDED not in outcomes and len(outcomes) < 10:
        claimed = await runner.claim(integration.id, Flow.ORDERS)
        assert claimed is not None
        outcomes.append(await runner.work(claimed, Slice(clock, seconds=0.5)))
    run = (await hub.runs.page())[0]
    assert outcomes.count(Outcome.PAUSED) > 2
    assert (run.state, run.counts) == ("succeeded", undisturbed)


async def test_where_the_store_forgot_the_place_the_window_is_read_again(hub: Hub) -> None:
    shop = filled(open_shop("north", page_size=2), 5)
    forgotten = [4]

    def forget(shop: Shop, start: int) -> None:
        if start in forgotten:
            forgotten.remove(start)
            raise CursorExpiredError

    shop.before_page = forget
    integration = await connected(hub, shop)
    run = await hub.sync(integration.id)
    assert (run.state, run.counts.created) == ("succeeded", 5)
    assert [start for _, _, start in shop.diary[:8]] == [0, 2, 4, 0, 2, 4, 5, 0]


async def test_a_store_that_always_forgets_the_place_makes_the_run_fail(hub: Hub) -> None:
    shop = filled(open_shop("north", page_size=2), 5)

    def forget(shop: Shop, start: int) -> None:
        if start:
            raise CursorExpiredError

    shop.before_page = forget
    integration = await connected(hub, shop)
    run = await hub.sync(integration.id)
    assert run.error is not None
    assert (run.state, run.error.code) == ("failed", "response")
    assert search(hub, Search.BASELINE)["watermark"] is None


@pytest.mark.parametrize("count", [0, 1, 4, 5, 9])
async def test_a_run_tells_how_many_orders_it_expects(hub: Hub, count: int) -> None:
    shop = filled(open_shop("north", page_size=4), count)
    integration = await connected(hub, shop)
    run = await hub.sync(integration.id)
    assert (run.counts.read, run.counts.expected) == (2 * count, 2 * count)  # by the baseline and by the open read


async def test_progress_is_told_page_by_page(hub: Hub) -> None:
    shop = filled(open_shop("north", page_size=2), 5)
    integration = await connected(hub, shop)
    seen: list[tuple[int, int]] = []
    await hub.sync(integration.id, progress=lambda run: seen.append((run.counts.pages, run.counts.read)))
    assert [each for each in dict.fromkeys(seen) if each[0] <= 3] == [(0, 0), (1, 2), (2, 4), (3, 5)]
