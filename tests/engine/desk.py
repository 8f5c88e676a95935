"""A store that a process works on, for tests of what becomes of runs."""

from collections.abc import Callable
from typing import Any

from hub_core import Hub
from hub_core.domain.integrations import Flow, Integration
from hub_core.engine.embedded import Embedded
from hub_core.engine.engine import Engine
from hub_core.engine.runner import Outcome, Runner
from hub_core.services.slices import Slice
from hub_core.storage.tables import flow_state
from hub_core.testing.clock import VirtualClock
from tests.hubs import rows
from tests.toyshop.shop import Shop

MANY = 10**6


async def quiet(engine: Engine) -> None:
    """Start what is due, and wait until it has ended."""
    await look(engine)
    await engine.slots.quiet()


async def look(engine: Engine) -> None:
    """Look once for what is due, and start it."""
    await Embedded(engine.runner.parts, engine.slots).tick()


class Desk:
    """A store with five orders, read one by one, and a process that works on it."""

    def __init__(self, hub: Hub, clock: VirtualClock, shop: Shop, integration: Integration) -> None:
        self.hub = hub
        self.clock = clock
        self.shop = shop
        self.integration = integration
        self.runner = Runner(hub.parts, "this process")

    async def work(self, pages: int = MANY, seconds: float = MANY) -> Outcome:
        claimed = await self.runner.claim(self.integration.id, Flow.ORDERS)
        assert claimed is not None
        return await self.runner.work(claimed, Slice(self.clock, seconds=seconds, pages_left=pages))

    def fails(self, error: Callable[[], Exception] | None) -> None:
        def fail(shop: Shop, start: int) -> None:
            if error is not None:
                raise error()

        self.shop.before_page = fail

    def flow(self) -> dict[str, Any]:
        (row,) = rows(self.hub, flow_state)
        return row

    def wait(self) -> float:
        seconds: float = (self.flow()["next_due_at"] - self.clock.now()).total_seconds()
        return seconds

    async def last(self) -> Any:
        return (await self.hub.runs.page())[0]
