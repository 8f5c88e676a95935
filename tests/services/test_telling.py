"""Telling of runs as they begin, go on and end."""

from collections.abc import Awaitable, Callable
from itertools import pairwise
from typing import Any

import pytest

from hub_core import BudgetError, Hub, UnavailableError
from hub_core.domain.integrations import Flow, Integration
from hub_core.engine.runner import Claimed, Outcome, Runner
from hub_core.services.slices import Slice
from hub_core.testing.clock import VirtualClock
from tests.hubs import DAY, NOW, connected, filled, statements, told, writing
from tests.stockshop.desk import StockDesk
from tests.toyshop.shop import Shop, open_shop


async def of_runs(hub: Hub) -> list[dict[str, Any]]:
    events = await hub.events.after(limit=10_000)
    return [{"type": each.type.removeprefix("run."), **each.data} for each in events if each.type.startswith("run.")]


async def story(hub: Hub) -> list[tuple[str, str]]:
    return [(each["type"], each["state"]) for each in await of_runs(hub)]


async def claimed_by(owner: str, hub: Hub, integration: Integration, flow: Flow = Flow.ORDERS) -> Claimed:
    claimed = await Runner(hub.parts, owner).claim(integration.id, flow)
    assert claimed is not None
    return claimed


async def polled(hub: Hub, integration: Integration, pages: int = 1000) -> Outcome:
    """Read what the schedule says is due."""
    claimed = await claimed_by("the engine", hub, integration)
    return await Runner(hub.parts, "the engine").work(claimed, Slice(hub.parts.clock, pages_left=pages))


def slow(clock: VirtualClock, seconds: float) -> Callable[[Shop, int], None]:
    return lambda shop, start: clock.advance(seconds)


async def test_a_run_that_is_asked_for_begins_and_ends_even_if_it_finds_nothing(hub: Hub) -> None:
    integration = await connected(hub)
    run = await hub.sync(integration.id)
    begun, ended = await of_runs(hub)
    assert (begun["type"], begun["run"], begun["kind"], begun["state"], begun["counts"]["read"], begun["error"]) == (
        "started",
        run.id,
        "orders",
        "running",
        0,
        None,
    )
    assert (ended["type"], ended["run"], ended["state"]) == ("finished", run.id, "succeeded")
    assert {**ended["counts"], "expected": ended["expected"]} == run.counts.model_dump()


async def test_a_scheduled_poll_that_finds_nothing_is_not_told(hub: Hub, clock: VirtualClock) -> None:
    integration = await connected(hub, filled(open_shop("north"), 3))
    await hub.sync(integration.id)
    before = len(await hub.events.after(limit=1000))
    clock.advance(61)
    with statements(hub) as seen:
        assert await polled(hub, integration) is Outcome.ENDED
    assert not {"events", "counters"} & set(writing(seen))
    assert len(await hub.events.after(limit=1000)) == before


async def test_a_scheduled_poll_is_told_with_the_first_page_that_brings_something(hub: Hub) -> None:
    integration = await connected(hub, filled(open_shop("north"), 3))
    await polled(hub, integration)
    events = [each.type for each in await hub.events.after(limit=1000)]
    assert events[-5:] == ["order.created"] * 3 + ["run.started", "run.finished"]
    begun, ended = await of_runs(hub)
    assert (begun["counts"]["created"], begun["expected"], ended["counts"]["created"]) == (3, 3, 3)


async def test_progress_is_told_every_five_seconds_at_most(hub: Hub, clock: VirtualClock) -> None:
    shop = filled(open_shop("north", page_size=1), 20)
    shop.before_page = slow(clock, 1.0)
    integration = await connected(hub, shop)
    began = clock.now()
    run = await hub.sync(integration.id)
    events = [each for each in await hub.events.after(limit=1000) if each.type == "run.progressed"]
    reads = [event.data["counts"]["read"] for event in events]
    assert (reads == sorted(reads), reads[-1] <= run.counts.read) == (True, True)
    assert min((later.at - event.at).total_seconds() for event, later in pairwise(events)) >= 5
    assert abs((clock.now() - began).total_seconds() / 5 - len(events)) <= 2
    assert {event.data["expected"] for event in events} <= {None, 20, 40}


async def test_progress_of_a_run_of_many_slices_is_as_rare_as_that_of_one(hub: Hub, clock: VirtualClock) -> None:
    shop = filled(open_shop("north", page_size=1), 30)
    shop.before_page = slow(clock, 1.0)
    integration = await connected(hub, shop)
    for _ in range(10):
        assert await polled(hub, integration, pages=3) is Outcome.PAUSED
    assert [kind for kind, _ in await story(hub)] == ["started", *["progressed"] * 5]


async def test_pages_that_bring_nothing_are_progress_of_a_run_that_was_told_of(hub: Hub, clock: VirtualClock) -> None:
    shop = filled(open_shop("north", page_size=1), 20)
    integration = await connected(hub, shop)
    await hub.sync(integration.id)
    clock.advance(61)
    shop.before_page = slow(clock, 2.0)
    before = len(await of_runs(hub))
    await hub.sync(integration.id)
    kinds = [each["type"] for each in (await of_runs(hub))[before:]]
    assert (kinds[0], kinds[-1], set(kinds[1:-1])) == ("started", "finished", {"progressed"})


async def test_who_asks_for_a_poll_that_is_under_way_hears_of_it_once(hub: Hub, clock: VirtualClock) -> None:
    shop = filled(open_shop("north"), 3)
    integration = await connected(hub, shop)
    claimed = await claimed_by("the engine", hub, integration)
    await hub.request_sync(integration.id, ["orders"])
    assert await story(hub) == [("started", "running")]
    await Runner(hub.parts, "the engine").work(claimed, Slice(clock))
    assert await story(hub) == [("started", "running"), ("finished", "succeeded")]


async def test_of_a_row_of_failures_the_schedule_tells_the_first(hub: Hub, clock: VirtualClock) -> None:
    shop = open_shop("north")
    integration = await connected(hub, shop)

    def close(shop: Shop, start: int) -> None:
        raise UnavailableError("Closed for lunch.")

    shop.before_page = close
    for _ in range(3):
        await polled(hub, integration)
        clock.advance(1000)
    begun, ended = await of_runs(hub)
    assert (begun["type"], ended["state"], ended["error"]) == (
        "started",
        "failed",
        {"code": "unavailable", "sentence": "Closed for lunch."},
    )


async def test_a_reject_is_news_once(hub: Hub, clock: VirtualClock) -> None:
    shop = open_shop("north")
    shop.put_raw("bad", NOW - DAY / 2, b"[")
    integration = await connected(hub, shop)
    await polled(hub, integration)
    assert await story(hub) == [("started", "running"), ("finished", "partial")]
    clock.advance(61)
    await polled(hub, integration)
    assert len(await story(hub)) == 2
    shop.put_raw("bad", NOW - DAY / 2, b"{")
    clock.advance(61)
    await polled(hub, integration)
    assert len(await story(hub)) == 4


async def test_a_run_whose_process_died_ends_as_interrupted_for_who_heard_of_it(hub: Hub, clock: VirtualClock) -> None:
    integration = await connected(hub, filled(open_shop("north"), 3))
    await hub.request_sync(integration.id, ["orders"])
    await claimed_by("a process that will die", hub, integration)
    clock.advance(9)
    await polled(hub, integration)
    assert await story(hub) == [
        ("started", "running"),
        ("finished", "failed"),
        ("started", "running"),
        ("finished", "succeeded"),
    ]
    assert (await of_runs(hub))[1]["error"]["code"] == "interrupted"


async def test_who_asks_anew_hears_that_the_earlier_run_was_interrupted(hub: Hub, clock: VirtualClock) -> None:
    integration = await connected(hub)
    await hub.request_sync(integration.id, ["orders"])
    await claimed_by("a process that will die", hub, integration)
    clock.advance(9)
    await hub.request_sync(integration.id, ["orders"])
    assert await story(hub) == [("started", "running"), ("finished", "failed")]


@pytest.mark.parametrize(
    "stop",
    [
        lambda hub: hub.integrations.disable("north"),
        lambda hub: hub.integrations.disable("north", flow="orders"),
        lambda hub: hub.integrations.remove("north"),
    ],
    ids=["disabled", "flow", "removed"],
)
async def test_a_queued_run_that_is_stopped_is_told_as_ended(hub: Hub, stop: Callable[[Hub], Awaitable[Any]]) -> None:
    integration = await connected(hub)
    await hub.request_sync(integration.id, ["orders"])
    await stop(hub)
    assert await story(hub) == [("finished", "stopped")]


async def test_a_run_that_is_stopped_under_way_is_told_as_ended(hub: Hub, clock: VirtualClock) -> None:
    integration = await connected(hub, filled(open_shop("north", page_size=1), 3))
    await hub.request_sync(integration.id, ["orders"])
    claimed = await claimed_by("the engine", hub, integration)
    await hub.integrations.disable("north")
    await Runner(hub.parts, "the engine").work(claimed, Slice(clock))
    assert await story(hub) == [("started", "running"), ("finished", "stopped")]


async def test_a_push_is_told_with_its_first_outcomes(desk: StockDesk) -> None:
    await desk.sets(a=5)
    before = len(await of_runs(desk.hub))
    await desk.push()
    begun, ended = (await of_runs(desk.hub))[before:]
    assert (begun["type"], begun["kind"], ended["type"]) == ("started", "stock", "finished")
    assert (begun["counts"]["accepted"], ended["counts"]["accepted"]) == (1, 1)


async def test_numbers_have_no_gaps_with_runs_among_them(hub: Hub, clock: VirtualClock) -> None:
    shop = filled(open_shop("north", page_size=2), 9)
    shop.before_page = slow(clock, 3.0)
    integration = await connected(hub, shop)
    await hub.sync(integration.id)
    await told(hub)  # which looks at the numbers
    assert len(await of_runs(hub)) > 2


async def test_what_a_run_waited_for_is_summed_up_over_its_slices(hub: Hub, clock: VirtualClock) -> None:
    shop = filled(open_shop("north", page_size=1), 3)
    integration = await connected(hub, shop)

    def spend(shop: Shop, start: int) -> None:
        if start == 1 and len(shop.diary) < 4:
            raise BudgetError("No room.", retry_after=30)

    shop.before_page = spend
    assert await polled(hub, integration) is Outcome.PAUSED
    clock.advance(31)
    assert await polled(hub, integration) is Outcome.PAUSED
    clock.advance(31)
    assert await polled(hub, integration) is Outcome.ENDED
    (run,) = [run for run in await hub.runs.page() if run.counts.created]
    assert run.waited_seconds == 60
