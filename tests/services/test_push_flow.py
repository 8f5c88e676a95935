"""Telling stores: absolute, latest-wins, one send at a time for each listing, and what becomes of each."""

from datetime import timedelta
from decimal import Decimal

import pytest

from hub_core import ResponseError
from hub_core.channels.http import LONGEST_EXCHANGE
from hub_core.domain.integrations import Flow
from hub_core.services.push_kind import PUSH_DEADLINE
from hub_core.storage.tables import pushes, searches
from tests.hubs import rows, statements, told
from tests.stockshop.channel import BATCH
from tests.stockshop.desk import StockDesk, sold
from tests.stockshop.shop import Article


async def test_many_changes_before_the_push_become_one_send(desk: StockDesk) -> None:
    for level in (9, 8, 7):
        await desk.sets(a=level)
    run = await desk.push()
    assert desk.shop.figures("a") == [7]
    assert (run.state, run.counts.sent, run.counts.accepted) == ("succeeded", 1, 1)
    assert desk.stands("a") == (7, 7, None)


async def test_what_was_told_is_said(desk: StockDesk) -> None:
    await desk.sets(a=7)
    await desk.push()
    (said,) = await told(desk.hub, "stock.pushed")
    assert (said["external_id"], said["from"], said["to"]) == ("a", "10", "7")
    (event,) = [event for event in await desk.hub.events.after() if event.type == "stock.pushed"]
    assert (event.sku, event.integration_id) == ("A", desk.integration.id)


async def test_what_is_in_step_is_not_sent(desk: StockDesk) -> None:
    await desk.sets(a=10)
    assert not await desk.is_due(Flow.STOCK)
    assert desk.shop.told == []


async def test_a_zero_is_sent_only_when_it_was_said(desk: StockDesk) -> None:
    await desk.sets(a=7, b=0)
    await desk.push()
    assert (desk.shop.figures("a"), desk.shop.figures("b"), desk.shop.figures("c")) == ([7], [0], [])
    assert desk.shop.stock("c") == 10


async def test_what_is_lowered_goes_first_and_in_batches_of_the_channels_size(desk: StockDesk) -> None:
    for number in range(25):
        desk.shop.offer(f"n{number}", stock=5)
    await desk.read_listings()
    await desk.hub.stock.set({f"N{number}": 9 if number < 12 else 1 for number in range(25)})
    await desk.read_orders()
    await desk.push()
    assert [sum(each.call == call for each in desk.shop.told) for call in (1, 2, 3)] == [BATCH, BATCH, 5]
    assert {each.figure for each in desk.shop.told[:13]} == {Decimal(1)}


async def test_a_raise_waits_for_a_complete_read_of_the_orders_and_asks_for_it(desk: StockDesk) -> None:
    await desk.sets(a=12, b=5)
    run = await desk.push()
    assert (run.counts.waiting, desk.shop.figures("a"), desk.shop.figures("b")) == (1, [], [5])
    assert desk.stands("a") == (12, 10, "orders")
    orders = desk.flow(Flow.ORDERS)
    assert (orders["next_due_at"], orders["urgency"]) == (desk.clock.now(), 8)
    assert not await desk.is_due(Flow.STOCK)
    await desk.work(Flow.ORDERS)
    await desk.push()
    assert desk.stands("a") == (12, 12, None)


async def test_a_sale_that_the_read_finds_lowers_what_is_raised(desk: StockDesk) -> None:
    await desk.sets(a=12)
    await desk.push()
    await sold(desk, "1", "a", 3)
    await desk.work(Flow.ORDERS)
    await desk.push()
    assert desk.shop.figures("a") == [9]


async def test_a_later_lowering_does_not_make_the_raise_wait_again(desk: StockDesk) -> None:
    await desk.sets(a=14)
    await desk.push()
    await desk.work(Flow.ORDERS)
    await desk.sets(a=12)
    await desk.push()
    assert desk.shop.figures("a") == [12]


async def test_an_orders_flow_that_backs_off_is_not_asked_earlier(desk: StockDesk) -> None:
    desk.shop.orders_fail = ResponseError("It answers with a poem.")
    await desk.read_orders()
    due_at = desk.flow(Flow.ORDERS)["next_due_at"]
    await desk.sets(a=12)
    await desk.push()
    assert desk.flow(Flow.ORDERS)["next_due_at"] == due_at > desk.clock.now()
    (search,) = rows(desk.hub, searches, searches.c.search == "new")
    assert search["due_at"] <= desk.clock.now()


async def test_a_refused_figure_stays_alone_until_there_is_another(desk: StockDesk) -> None:
    desk.shop.refuses = {"a"}
    await desk.sets(a=5, b=5)
    run = await desk.push()
    assert (run.state, run.counts.refused, run.counts.accepted) == ("partial", 1, 1)
    assert desk.stands("a") == (5, 10, "refused")
    assert not await desk.is_due(Flow.STOCK)
    (said,) = await told(desk.hub, "stock.failed")
    assert (said["external_id"], said["reason"]) == ("a", "The stock shop does not like it.")
    desk.shop.refuses.clear()
    await desk.sets(a=4)
    await desk.push()
    assert desk.stands("a") == (4, 4, None)


async def test_what_a_person_asks_for_is_tried_again_though_it_was_refused(desk: StockDesk) -> None:
    desk.shop.refuses = {"a"}
    await desk.sets(a=5)
    await desk.push()
    desk.shop.refuses.clear()
    await desk.hub.request_sync(desk.integration.id, ["stock"])
    await desk.push()
    assert desk.shop.stock("a") == 5


async def test_what_the_store_puts_off_is_sent_later_with_what_is_true_then(desk: StockDesk) -> None:
    desk.shop.delays = {"a": 60}
    await desk.sets(a=5)
    run = await desk.push()
    assert (run.counts.retried, desk.stands("a")[2]) == (1, "retry")
    assert desk.flow(Flow.STOCK)["next_due_at"] == desk.clock.now() + timedelta(seconds=60)
    desk.shop.delays.clear()
    desk.clock.advance(60)
    await desk.push()
    assert (desk.shop.figures("a"), desk.stands("a")) == ([5], (5, 5, None))


async def test_a_lost_reply_is_settled_by_sending_what_is_true_then(desk: StockDesk) -> None:
    desk.shop.loses = 1
    await desk.sets(a=5)
    run = await desk.push()
    assert (run.state, run.error and run.error.code) == ("failed", "unavailable")
    assert desk.row("a")["in_flight"]
    assert not await desk.is_due(Flow.STOCK)
    await desk.sets(a=4)
    desk.clock.advance(6)
    await desk.read_orders()
    await desk.push()
    assert (desk.shop.figures("a"), desk.stands("a")) == ([5, 4], (4, 4, None))


async def test_a_send_that_arrives_after_a_newer_one_is_put_right_when_no_other_can_arrive(desk: StockDesk) -> None:
    await lost_and_told_anew(desk)
    desk.shop.articles["a"].stock = Decimal(5)  # what was thought to be lost comes late
    moment = desk.row("a")["unsure_until"]
    assert desk.flow(Flow.STOCK)["next_due_at"] == moment
    assert desk.clock.now() < moment <= desk.clock.now() + timedelta(seconds=LONGEST_EXCHANGE)
    await told_once_more(desk)
    assert (desk.shop.stock("a"), desk.shop.figures("a"), desk.stands("a")) == (4, [4, 4], (4, 4, None))
    assert (desk.row("a")["unsure_until"], desk.flow(Flow.STOCK)["next_due_at"]) == (None, None)


async def test_what_was_sent_long_ago_arrives_no_more(desk: StockDesk) -> None:
    await lost_and_told_anew(desk, after=PUSH_DEADLINE + LONGEST_EXCHANGE)
    assert (desk.row("a")["unsure_until"], desk.flow(Flow.STOCK)["next_due_at"]) == (None, None)


async def test_an_earlier_send_that_may_still_arrive_is_told_of_after_the_flow_was_closed(desk: StockDesk) -> None:
    await lost_and_told_anew(desk)
    await desk.hub.integrations.disable(desk.integration.id)
    desk.clock.advance(400)
    await desk.hub.integrations.enable(desk.integration.id)
    assert desk.flow(Flow.STOCK)["next_due_at"] == desk.clock.now()
    await told_once_more(desk)
    assert desk.shop.figures("a") == [4, 4]


async def test_a_listing_that_was_read_when_no_send_could_arrive_any_more_is_sure(desk: StockDesk) -> None:
    await lost_and_told_anew(desk)
    await desk.read_listings()
    assert desk.row("a")["unsure_until"] is not None
    desk.clock.advance(LONGEST_EXCHANGE)
    await desk.read_listings()
    assert desk.row("a")["unsure_until"] is None
    await desk.push()
    assert desk.shop.figures("a") == [4]


async def test_one_more_lost_send_makes_it_unsure_for_longer(desk: StockDesk) -> None:
    await lost_and_told_anew(desk)
    moment = desk.row("a")["unsure_until"]
    desk.shop.dies = 1
    await desk.sets(a=3)
    await desk.push()
    desk.clock.advance(60)
    await desk.read_orders()
    await desk.push()
    assert desk.row("a")["unsure_until"] > moment + timedelta(seconds=60)


async def test_a_send_that_left_when_no_earlier_one_could_arrive_any_more_is_sure(desk: StockDesk) -> None:
    await desk.sets(a=5)
    for wait in (60, PUSH_DEADLINE + LONGEST_EXCHANGE):
        desk.shop.dies = 1
        await desk.push()
        desk.clock.advance(wait)
        await desk.read_orders()
    assert desk.row("a")["unsure_until"] < desk.clock.now()
    await desk.push()
    assert (desk.row("a")["unsure_until"], desk.flow(Flow.STOCK)["next_due_at"]) == (None, None)


async def lost_and_told_anew(desk: StockDesk, after: float = 6) -> None:
    """Let nobody know what came of a first send, and the store take the next one."""
    desk.shop.dies = 1
    await desk.sets(a=5)
    await desk.push()
    await desk.sets(a=4)
    desk.clock.advance(after)
    await desk.read_orders()
    await desk.push()
    assert (desk.shop.figures("a"), desk.stands("a")) == ([4], (4, 4, None))


async def told_once_more(desk: StockDesk) -> None:
    """Let the time pass after which nothing can arrive late; as a raise may, the figure waits for the orders."""
    desk.clock.advance(LONGEST_EXCHANGE)
    await desk.push()
    await desk.read_orders()
    await desk.push()


async def test_a_listing_whose_reply_was_lost_is_not_read_back_for_sure(desk: StockDesk) -> None:
    desk.shop.loses = 1
    await desk.sets(a=5)
    await desk.push()
    await desk.read_listings()
    assert desk.row("a")["in_flight"]


async def test_a_figure_that_changes_while_it_is_sent_is_sent_again(desk: StockDesk) -> None:
    async def change() -> None:
        desk.shop.before_answer = None
        await desk.hub.stock.set({"A": 4})

    desk.shop.before_answer = change
    await desk.sets(a=5)
    await desk.push()
    assert (desk.shop.figures("a"), desk.stands("a")) == ([5, 4], (4, 4, None))


async def test_a_superseded_figure_never_leaves(desk: StockDesk) -> None:
    async def change() -> None:
        desk.shop.before_push = None
        await desk.hub.stock.set({"A": 4})

    desk.shop.asks = True
    desk.shop.before_push = change
    await desk.sets(a=5, b=6)
    run = await desk.push()
    assert (desk.shop.figures("a"), desk.shop.figures("b")) == ([4], [6])
    assert (run.state, run.counts.sent, run.counts.superseded) == ("succeeded", 2, 1)


async def test_a_sale_during_the_push_comes_off_at_the_next(desk: StockDesk) -> None:
    async def sell() -> None:
        desk.shop.before_push = None
        await sold(desk, "1", "a", 2)

    desk.shop.before_push = sell
    await desk.sets(a=5)
    await desk.push()
    await desk.read_orders()
    await desk.push()
    assert desk.shop.figures("a") == [5, 3]


async def test_variants_go_with_their_siblings(desk: StockDesk) -> None:
    for name, stock in (("red", 4), ("blue", 5), ("green", 6)):
        desk.shop.articles[name] = Article(name, name.upper(), Decimal(stock), parent="shirt")
    await desk.read_listings()
    await desk.sets(red=1, blue=2)
    await desk.push()
    assert desk.shop.siblings == [{"green": Decimal(6)}]


async def test_a_receipt_is_waited_for_and_then_settled(desk: StockDesk) -> None:
    desk.shop.promises = {"a"}
    await desk.sets(a=5)
    run = await desk.push()
    assert (run.state, run.counts.submitted, desk.stands("a")[2]) == ("succeeded", 1, "receipt")
    await desk.sets(a=4)
    assert not await desk.is_due(Flow.STOCK)
    desk.clock.advance(30)
    await desk.push()
    assert desk.row("a")["waiting"] == "receipt"
    desk.shop.settles = True
    desk.shop.promises.clear()
    desk.clock.advance(30)
    await desk.push()
    assert (desk.shop.figures("a"), desk.stands("a")) == ([5, 4], (4, 4, None))


@pytest.mark.parametrize("count", [1, BATCH])
async def test_a_batch_costs_the_same_whatever_its_length(desk: StockDesk, count: int) -> None:
    for number in range(count):
        desk.shop.offer(f"n{number}", stock=5, parent="p")
    await desk.read_listings()
    await desk.hub.stock.set({f"N{number}": 1 for number in range(count)})
    with statements(desk.hub) as seen:
        await desk.push()
    assert len(seen) <= 32
    assert len(rows(desk.hub, pushes, pushes.c.expected == Decimal(1))) == count


async def test_what_a_store_took_is_noted_though_it_falls_silent_at_the_next_batch(desk: StockDesk) -> None:
    await offered(desk, 2 * BATCH)

    async def fall_silent() -> None:
        desk.shop.dies = desk.shop.calls

    desk.shop.before_push = fall_silent
    await desk.push()
    assert len(desk.shop.told) == BATCH
    assert len(rows(desk.hub, pushes, pushes.c.expected == Decimal(1), ~pushes.c.in_flight)) == BATCH
    assert len(rows(desk.hub, pushes, pushes.c.in_flight)) == BATCH


async def test_each_further_batch_costs_one_transaction(desk: StockDesk) -> None:
    await offered(desk, 5 * BATCH)
    with statements(desk.hub) as seen:
        await desk.push()
    marked = [
        place for place, text in enumerate(seen) if text.startswith("UPDATE pushes") and "sent_value=pushes" in text
    ]
    assert len(marked) == 5
    between = seen[marked[0] : marked[-1]]
    assert len(between) <= 4 * 12
    assert sum(text.startswith("UPDATE flow_state") for text in between) == 4


async def offered(desk: StockDesk, count: int) -> None:
    """Offer *count* articles of which each is to be told."""
    for number in range(count):
        desk.shop.offer(f"n{number}", stock=5)
    await desk.read_listings()
    await desk.hub.stock.set({f"N{number}": 1 for number in range(count)})
