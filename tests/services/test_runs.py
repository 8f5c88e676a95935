"""Looking at runs."""

from hub_core import Hub
from hub_core.domain.integrations import Flow
from hub_core.engine.runner import Runner
from hub_core.testing.clock import VirtualClock
from tests.hubs import connected


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
