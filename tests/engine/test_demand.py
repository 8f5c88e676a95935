"""What is asked for, paused and switched off while a flow runs."""

from typing import Any

import pytest

from hub_core import BudgetError
from hub_core.domain.integrations import Flow
from hub_core.domain.runs import Run
from hub_core.engine.ending import Ending, Endings
from hub_core.engine.runner import Outcome
from hub_core.services.slices import Slice
from hub_core.storage.flows import Lease
from hub_core.storage.tables import runs
from tests.engine.desk import Desk
from tests.hubs import found, rows


async def test_what_is_asked_for_during_a_run_makes_the_flow_due_at_once(desk: Desk) -> None:
    claimed = await desk.runner.claim(desk.integration.id, Flow.ORDERS)
    assert claimed is not None
    (asked,) = await desk.hub.request_sync("north", ["orders"])
    assert asked.id == claimed.run.id
    await desk.runner.work(claimed, Slice(desk.clock))
    assert desk.wait() == 0
    await desk.work()
    assert desk.wait() > 0


async def test_what_is_asked_for_during_a_search_is_looked_for_once_more(desk: Desk) -> None:
    await desk.work()
    desk.clock.advance(61)
    desk.shop.diary.clear()
    await desk.work(pages=2)
    desk.clock.advance(1)
    desk.shop.put("A0", desk.clock.now())
    desk.shop.orders = dict(sorted(desk.shop.orders.items()))  # where the search has been already
    await desk.hub.request_sync("north", ["orders"])
    await desk.work()
    assert [poll.value for poll, _, start in desk.shop.diary if start == 0] == ["new", "new", "changed"]
    assert len(await found(desk.hub)) == 6


async def test_of_scheduled_runs_that_found_nothing_only_the_last_is_kept(desk: Desk) -> None:
    for _ in range(4):
        await desk.work()
        desk.clock.advance(61)
    assert [run.counts.created for run in await desk.hub.runs.page()] == [0, 5]
    assert desk.flow()["quiet_runs"] == 3


async def test_a_run_that_was_asked_for_is_kept_even_if_it_was_under_way(desk: Desk) -> None:
    await desk.work()
    kept = []
    for early in (True, False):
        desk.clock.advance(61)
        if early:
            kept += await desk.hub.request_sync("north", ["orders"])
        claimed = await desk.runner.claim(desk.integration.id, Flow.ORDERS)
        assert claimed is not None
        if not early:
            kept += await desk.hub.request_sync("north", ["orders"])
        await desk.runner.work(claimed, Slice(desk.clock))
        desk.clock.advance(61)
        await desk.work()
    assert [(await desk.hub.runs.get(run.id)).state for run in kept] == ["succeeded", "succeeded"]


@pytest.mark.parametrize("how", ["disable", "remove"])
async def test_a_read_that_is_switched_off_stops_at_the_page(desk: Desk, how: str) -> None:
    claimed = await desk.runner.claim(desk.integration.id, Flow.ORDERS)
    assert claimed is not None
    pages = []

    async def switch_off() -> None:
        await getattr(desk.hub.integrations, how)(desk.integration.id)

    def note(counts: Any) -> None:
        pages.append(counts.pages)

    await desk.runner.work(claimed, Slice(desk.clock, pages_left=1))
    claimed = await desk.runner.claim(desk.integration.id, Flow.ORDERS)
    assert claimed is not None
    await switch_off()
    await desk.runner.work(claimed, Slice(desk.clock), note)
    run = await desk.last()
    assert (run.state, run.error) == ("stopped", None)
    assert run.counts.pages <= 3
    assert rows(desk.hub, runs)[0]["finished_at"] == desk.clock.now()


@pytest.mark.parametrize("how", ["disable", "remove"])
async def test_a_read_that_pauses_is_stopped_by_switching_off_too(desk: Desk, how: str) -> None:
    await desk.work(pages=2)
    assert (await desk.last()).state == "running"
    await getattr(desk.hub.integrations, how)(desk.integration.id)
    assert (await desk.last()).state == "stopped"


@pytest.mark.parametrize("how", ["disable", "remove"])
@pytest.mark.parametrize("limited", [False, True], ids=["slice", "rate limit"])
async def test_a_read_that_is_switched_off_after_its_last_page_does_not_pause(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, how: str, limited: bool
) -> None:
    write = Endings.write

    async def late(self: Endings, lease: Lease, run: Run, ending: Ending) -> Ending:
        await getattr(desk.hub.integrations, how)(desk.integration.id)
        return await write(self, lease, run, ending)

    if limited:
        desk.fails(lambda: BudgetError("No room.", retry_after=30))
    monkeypatch.setattr(Endings, "write", late)
    assert await desk.work(pages=2) is Outcome.ENDED
    run = await desk.last()
    assert (run.state, run.finished_at, run.error) == ("stopped", desk.clock.now(), None)
    assert desk.flow()["lease_owner"] is None


async def test_after_switching_on_again_the_read_goes_on(desk: Desk) -> None:
    await desk.work(pages=2)
    await desk.hub.integrations.disable("north")
    await desk.hub.integrations.enable("north")
    desk.shop.diary.clear()
    await desk.work()
    assert desk.shop.diary[0][2] == 2
    assert len(await found(desk.hub)) == 5
