"""Looking at runs."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from hub_core import Hub
from hub_core.domain.errors import ConflictError
from hub_core.domain.integrations import Flow
from hub_core.domain.runs import UNFINISHED
from hub_core.engine.runner import Claimed, Outcome, Runner
from hub_core.services.runs import Runs
from hub_core.services.slices import Slice
from hub_core.storage.integrations import IntegrationRow
from hub_core.testing.clock import VirtualClock
from tests.hubs import connected, filled, found
from tests.toyshop.shop import open_shop


async def test_a_run_whose_process_died_is_shown_as_interrupted_before_anybody_notes_it(
    hub: Hub, clock: VirtualClock
) -> None:
    integration = await connected(hub)
    await Runner(hub.parts, "a process that will die").claim(integration.id, Flow.ORDERS)
    assert [run.state for run in await hub.runs.page()] == ["running"]
    clock.advance(9)
    (run,) = await hub.runs.page()
    assert (run.state, run.error and run.error.code) == ("failed", "interrupted")
    assert await hub.runs.get(run.id) == run


async def refuse(hub: Hub) -> None:
    """Let the store close its door."""
    open_shop("north", password="changed")
    await Runner(hub.parts, "the engine").work(await claimed_by("the engine", hub), Slice(hub.parts.clock))


async def claimed_by(owner: str, hub: Hub) -> Claimed:
    claimed = await Runner(hub.parts, owner).claim((await hub.integrations.get("north")).id, Flow.ORDERS)
    assert claimed is not None
    return claimed


@pytest.mark.parametrize(
    ("close", "sentence"),
    [
        (lambda hub: hub.integrations.disable("north"), "is disabled; run: hub integrations enable"),
        (lambda hub: hub.integrations.remove("north"), "was removed; add the store anew"),
        (refuse, "is not authorised; run: hub integrations reauthorise"),
    ],
    ids=["disabled", "removed", "refused"],
)
async def test_a_run_that_is_asked_for_while_the_flow_closes_is_refused_and_not_queued(
    hub: Hub, monkeypatch: pytest.MonkeyPatch, close: Callable[[Hub], Awaitable[Any]], sentence: str
) -> None:
    await connected(hub)
    reachable = Runs._reachable

    async def look_and_be_late(self: Runs, integration: int | str) -> IntegrationRow:
        monkeypatch.setattr(Runs, "_reachable", reachable)
        row = await reachable(self, integration)
        await close(hub)
        return row

    monkeypatch.setattr(Runs, "_reachable", look_and_be_late)
    with pytest.raises(ConflictError, match=sentence):
        await hub.sync("north")
    assert [run.state for run in await hub.runs.page() if run.state in UNFINISHED] == []


async def test_who_asks_for_a_run_keeps_its_owner_out_if_that_has_not_been_heard_of_for_long(
    hub: Hub, clock: VirtualClock
) -> None:
    integration = await connected(hub, filled(open_shop("north"), 3))
    slow = await claimed_by("a process that sleeps", hub)
    clock.advance(9)
    (asked,) = await hub.request_sync(integration.id, ["orders"])
    assert (asked.state, asked.id > slow.run.id) == ("queued", True)
    assert await Runner(hub.parts, "a process that sleeps").work(slow, Slice(clock)) is Outcome.NOT_DUE
    ended = await hub.runs.get(slow.run.id)
    assert (ended.state, ended.error and ended.error.code, await found(hub)) == ("failed", "interrupted", [])
    run = await hub.sync(integration.id)
    assert (run.id, run.state, run.counts.created) == (asked.id, "succeeded", 3)


async def test_who_asks_for_a_run_leaves_those_of_other_stores_alone(hub: Hub, clock: VirtualClock) -> None:
    await connected(hub, "north")
    other = await claimed_by("a process that sleeps", hub)
    clock.advance(9)
    await connected(hub, "south")
    await hub.request_sync("south", ["orders"])
    assert await Runner(hub.parts, "a process that sleeps").work(other, Slice(clock)) is Outcome.ENDED
