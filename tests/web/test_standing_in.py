"""Telling of late flows while the engine cannot."""

import asyncio

from hub_core.domain.integrations import Integration
from hub_core.engine.watchdog import Heartbeat
from hub_core.hub import Hub
from hub_core.testing.clock import VirtualClock
from hub_core.web.standing_in import SILENCE, StandIn
from tests.hubs import told


async def beaten(clock: VirtualClock) -> Heartbeat:
    """The heartbeat of an engine that gave one sign just now."""
    heartbeat = Heartbeat(clock)
    beating = asyncio.create_task(heartbeat.beat())
    await asyncio.sleep(0)
    beating.cancel()
    return heartbeat


async def test_while_the_engine_is_held_the_web_tells_that_flows_are_not_worked_on(
    hub: Hub, stocked: Integration
) -> None:
    clock = hub.parts.clock
    assert isinstance(clock, VirtualClock)
    clock.advance(600)
    heartbeat = await beaten(clock)
    stand_in = StandIn(hub.parts, heartbeat)
    await stand_in.look()
    await stand_in.look()
    assert await told(hub, "integration.failing") == []
    clock.advance(SILENCE)
    await stand_in.look()
    await stand_in.look()
    (failing,) = await told(hub, "integration.failing")
    assert (failing["flow"], failing["code"]) == ("orders", "no_worker")
    assert (await hub.integrations.get(stocked.id)).health.code == "no_worker"
