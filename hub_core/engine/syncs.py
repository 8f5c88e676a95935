"""Syncing now, for somebody who waits: stock that waits for the store's orders gets them read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hub_core.domain.integrations import Flow
from hub_core.domain.pushes import Waiting
from hub_core.domain.runs import Run, RunError, RunState
from hub_core.engine.foreground import Foreground, Progress
from hub_core.services.runs import Runs
from hub_core.storage.pushes import PushRepository

if TYPE_CHECKING:
    from hub_core.services.parts import Parts

_ROUNDS: Final = 3
"""How often the orders are read for a figure: what is raised again meanwhile must not keep anybody waiting."""


class Syncs:
    """Runs flows in the foreground."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._runs = Runs(parts)

    async def run(self, integration: int | str, kind: str, progress: Progress | None = None) -> Run:
        """Run a flow to its end, and stock until nothing waits for orders any more or those cannot be read."""
        run = await self._once(integration, kind, progress, anew=True)
        if kind != Flow.STOCK:
            return run
        for _ in range(_ROUNDS):
            if run.error is not None or not await self._wait_for_orders(run.integration_id):
                return run
            orders = await self._once(run.integration_id, Flow.ORDERS, progress)
            if orders.error is not None or orders.state is RunState.STOPPED:
                return _unread(run, orders)
            run = _after(run, await self._once(run.integration_id, Flow.STOCK, progress))
        return run

    async def _once(self, integration: int | str, kind: str, progress: Progress | None, *, anew: bool = False) -> Run:
        (requested,) = await self._runs.request(integration, [kind], anew=anew)
        return await Foreground(self._parts).run(requested, progress)

    async def _wait_for_orders(self, integration_id: int) -> int:
        return await self._parts.database.read(
            lambda connection: PushRepository(connection, integration_id, Flow.STOCK).count_waiting(Waiting.ORDERS)
        )


def _unread(run: Run, orders: Run) -> Run:
    """Say of a run why what it left waiting was not sent."""
    why = orders.error or RunError(code="stopped", sentence="That read was stopped.")
    sentence = f"Higher figures were not sent, for the store's orders could not be read before. {why.sentence}"
    return run.model_copy(update={"state": RunState.PARTIAL, "error": RunError(code=why.code, sentence=sentence)})


def _after(first: Run, second: Run) -> Run:
    """Give the second of two runs with what both did; what waits is what the second left."""
    counts = first.counts.plus(second.counts).model_copy(update={"waiting": second.counts.waiting})
    told: dict[str, object] = {"counts": counts, **first.spent.plus(*second.spent)._asdict()}
    if second.state is RunState.SUCCEEDED:
        told["state"] = first.state
    return second.model_copy(update=told)
