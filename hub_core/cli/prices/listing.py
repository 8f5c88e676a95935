"""Listing prices."""

from typing import TYPE_CHECKING

import typer

from hub_core.cli.output import document, table, written
from hub_core.cli.running import AsJson, Limit, alone, run
from hub_core.cli.stock.listing import OfSku

if TYPE_CHECKING:
    from hub_core.domain.prices import Price
    from hub_core.hub import Hub


def prices(context: typer.Context, sku: OfSku = None, limit: Limit = 50, as_json: AsJson = False) -> None:
    """List, set and import prices.

    Example: hub prices --sku SHIRT

    A SKU has one price in each currency. A store is told the one in its own; none is converted.
    """
    if not alone(context):
        return

    async def work(hub: "Hub") -> list["Price"]:
        return [one async for one in hub.prices.find(sku=sku, limit=limit)]

    found = run(work)
    if as_json:
        document(found)
    else:
        rows = [{"sku": one.sku, "price": written(one.price), "set": one.changed_at} for one in found]
        table(rows, "No such price; set one with: hub prices set SKU AMOUNT CURRENCY")
