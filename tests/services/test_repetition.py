"""What would never end is ended, with a plain reason."""

from collections.abc import AsyncGenerator, Sequence
from datetime import timedelta
from typing import Any

import pytest

from hub_core import Hub
from hub_core.domain.integrations import Flow
from hub_core.domain.pushes import Accepted, Outcome
from hub_core.engine.runner import Outcome as Work
from hub_core.services import repetition
from hub_core.services.stock_push import StockPush
from hub_core.storage.tables import pushes
from hub_core.testing.clock import VirtualClock
from tests.engine.desk import Desk
from tests.hubs import DAY, NOW, connected, filled, found, rows
from tests.stockshop.desk import StockDesk
from tests.toyshop.shop import Row, Shop, open_shop


class Endless(list[Row]):
    """What a store holds that has no last page; *pages* gives each from where it begins."""

    def __init__(self, pages: Any) -> None:
        self.pages = pages

    def __getitem__(self, wanted: Any) -> Any:
        return self.pages(wanted.start)


def endless(shop: Shop, pages: Any) -> None:
    shop.found = lambda poll, window: Endless(pages)  # type: ignore[method-assign]


@pytest.fixture
async def toys(hub: Hub, clock: VirtualClock) -> Desk:
    shop = filled(open_shop("north", page_size=1), 7)
    return Desk(hub, clock, shop, await connected(hub, shop))


async def test_a_page_that_repeats_for_ever_ends_the_run_and_says_so(toys: Desk) -> None:
    orders = list(toys.shop.orders.values())
    endless(toys.shop, lambda start: orders[:2])
    assert await toys.work() is Work.ENDED
    run = await toys.last()
    assert (run.state, run.error.code, run.counts.pages) == ("failed", "response", repetition.TIMES - 1)
    assert run.error.sentence.startswith("A page repeated for ever: the store gave the same one 10 times.")
    health = (await toys.hub.integrations.get("north")).health
    assert (health.code, health.sentence.startswith(run.error.sentence)) == ("response", True)
    assert {order.external_id for order in await found(toys.hub)} == {"A1", "A2"}


async def test_pages_that_come_in_turn_for_ever_are_noticed(toys: Desk) -> None:
    orders = list(toys.shop.orders.values())
    endless(toys.shop, lambda start: [orders[start % 3]])
    await toys.work()
    run = await toys.last()
    assert (run.state, run.counts.pages) == ("failed", 3 * (repetition.TIMES - 1))


async def test_pages_that_repeat_are_noticed_over_several_slices(toys: Desk) -> None:
    orders = list(toys.shop.orders.values())
    endless(toys.shop, lambda start: orders[:1])
    works = [await toys.work(pages=2) for _ in range(5)]
    assert works == [Work.PAUSED] * 4 + [Work.ENDED]
    assert (await toys.last()).error.sentence.startswith("A page repeated for ever")


async def test_what_several_searches_read_is_no_repetition(toys: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repetition, "TIMES", 2)
    await toys.work()
    assert (await toys.last()).state == "succeeded"
    reads: Any = toys.runner._work[Flow.ORDERS]
    assert reads._repetition._reads == {}  # what has ended takes no memory


async def test_a_read_goes_on_from_its_place_once_the_store_has_mended(toys: Desk) -> None:
    orders = list(toys.shop.orders.values())
    endless(toys.shop, lambda start: orders[:1])
    await toys.work()
    del toys.shop.found
    toys.clock.advance(100)
    await toys.work()
    assert (await toys.last()).state == "succeeded"
    toys.clock.advance(86_500)
    await toys.work()
    assert len(await found(toys.hub)) == 7


async def test_a_read_without_an_end_is_shown_as_failed_and_goes_on_in_another_run(
    toys: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(repetition, "MOST_PAGES", 30)
    shop = toys.shop

    def page(start: int) -> list[Row]:
        shop.put(f"N{start}", NOW - DAY + timedelta(seconds=start))
        return [shop.orders[f"N{start}"]]

    endless(shop, page)
    works = [await toys.work(pages=12) for _ in range(3)]
    assert works == [Work.PAUSED, Work.PAUSED, Work.ENDED]
    run = await toys.last()
    assert (run.state, run.counts.created) == ("failed", 30)
    assert run.error.sentence == ("The read had no end after 30 pages; the hub goes on from there in another run.")
    toys.clock.advance(100)
    await toys.work(pages=12)
    assert len(await found(toys.hub)) >= 30 + 11


async def test_empty_pages_without_an_end_are_noticed(toys: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repetition, "MOST_EMPTY", 20)

    class Empty(list[Row]):
        def __bool__(self) -> bool:
            return True

    endless(toys.shop, lambda start: Empty())
    await toys.work()
    run = await toys.last()
    assert (run.state, run.counts.pages) == ("failed", 19)
    assert run.error.sentence.startswith("The store gave 20 empty pages in a row, and no end.")


class Copies(dict[str, Any]):
    """Articles of which the first is there a thousand times."""

    def items(self) -> Any:
        return list(super().items())[:1] * 1000


async def test_a_listing_read_that_repeats_for_ever_is_ended(desk: StockDesk) -> None:
    desk.shop.articles, desk.shop.page_size = Copies(desk.shop.articles), 1
    run = await desk.read_listings()
    assert (run.state, run.error and run.error.code) == ("failed", "response")
    assert run.error is not None
    assert run.error.sentence.startswith("A page repeated for ever")
    desk.shop.articles = dict(desk.shop.articles)
    assert (await desk.read_listings()).state == "succeeded"


async def answering(outcomes: Sequence[Outcome]) -> AsyncGenerator[Sequence[Outcome], None]:
    while True:
        yield outcomes


@pytest.mark.parametrize("outcomes", [[], [Accepted("nobody asked for it")]], ids=["nothing", "others"])
async def test_answers_without_an_end_to_what_nobody_sent_are_ended(
    desk: StockDesk, monkeypatch: pytest.MonkeyPatch, outcomes: list[Outcome]
) -> None:
    monkeypatch.setattr(StockPush, "push", lambda *_: answering(outcomes))
    await desk.sets(a=5)
    await desk.work(Flow.STOCK)
    run = await desk.last(Flow.STOCK)
    assert run.error is not None
    assert (run.state, run.error.code) == ("failed", "plugin_fault")
    assert "in push_stock: it went on answering about nothing that was sent." in run.error.sentence
    (row,) = rows(desk.hub, pushes, pushes.c.target != pushes.c.acknowledged)
    assert row["in_flight"]  # nobody knows what the store has


async def test_settling_that_never_ends_is_ended(desk: StockDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.shop.promises.add("a")
    await desk.sets(a=5)
    await desk.push()
    desk.clock.advance(31)
    monkeypatch.setattr("hub_core.services.receipts.stream", lambda *_, **__: answering([]))
    await desk.work(Flow.STOCK)
    run = await desk.last(Flow.STOCK)
    assert (run.state, run.error and run.error.code) == ("failed", "plugin_fault")
