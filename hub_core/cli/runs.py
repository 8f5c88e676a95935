"""`hub runs`."""

from typing import TYPE_CHECKING

from hub_core.cli.outcomes import outcome
from hub_core.cli.output import document, table
from hub_core.cli.running import AsJson, Limit, OfIntegration, identify, names_of, run

if TYPE_CHECKING:
    from hub_core.domain.runs import Run
    from hub_core.hub import Hub


def runs(integration: OfIntegration = None, limit: Limit = 20, as_json: AsJson = False) -> None:
    """List the newest sync runs.

    Example: hub runs --integration "My shop"

    It says when each was, what it did, how long it waited for the store's rate limit, and why it failed. Runs are kept
    for 90 days.
    """

    async def work(hub: "Hub") -> tuple[list["Run"], dict[int, str]]:
        found = await hub.runs.page(integration=await identify(hub, integration), limit=limit)
        return found, await names_of(hub)

    found, names = run(work)
    if as_json:
        document(found)
    else:
        waited = any(one.waited_seconds for one in found)
        table([_row(one, names, waited=waited) for one in found], "No run yet; start one with: hub sync")


def _row(one: "Run", names: dict[int, str], *, waited: bool) -> dict[str, object]:
    return {
        "id": one.id,
        "integration": names.get(one.integration_id, one.integration_id),
        "kind": one.kind,
        "state": one.state,
        "started": one.started_at,
        "finished": one.finished_at,
        "calls": one.api_calls,
        **({"waited": f"{one.waited_seconds:,.1f} s"} if waited else {}),
        "done": outcome(one),
        "error": one.error.sentence if one.error else "",
    }
