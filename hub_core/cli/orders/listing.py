"""Listing orders."""

from typing import TYPE_CHECKING

import typer

from hub_core.cli.orders.filters import OfStatus, chosen
from hub_core.cli.output import document, table, written
from hub_core.cli.running import AsJson, Limit, OfIntegration, Since, Until, alone, names_of, run

if TYPE_CHECKING:
    from hub_core.domain.orders import StoredOrder
    from hub_core.hub import Hub


def orders(
    context: typer.Context,
    *,
    integration: OfIntegration = None,
    status: OfStatus = None,
    since: Since = None,
    until: Until = None,
    limit: Limit = 50,
    as_json: AsJson = False,
) -> None:
    """List, show and export orders, newest first.

    Example: hub orders --integration "My shop" --status open --since 7d
    """
    if not alone(context):
        return

    async def work(hub: "Hub") -> tuple[list["StoredOrder"], dict[int, str]]:
        which = await chosen(hub, integration, status, since, until)
        return [one async for one in hub.orders.find(**which, limit=limit)], await names_of(hub)

    found, names = run(work)
    if as_json:
        document(found)
    else:
        table([_row(one, names) for one in found], "No such order.")


def _row(one: "StoredOrder", names: dict[int, str]) -> dict[str, object]:
    return {
        "id": one.id,
        "placed": one.placed_at,
        "integration": names.get(one.integration_id, one.integration_id),
        "number": one.number,
        "status": one.status,
        "total": written(one.total),
        "buyer": one.buyer.name or one.buyer.email,
    }
