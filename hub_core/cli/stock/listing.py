"""Listing stock levels."""

from typing import TYPE_CHECKING, Annotated

import typer

from hub_core.cli.output import document, table
from hub_core.cli.running import AsJson, Limit, alone, run

if TYPE_CHECKING:
    from hub_core.domain.stock import StockLevel
    from hub_core.hub import Hub

OfSku = Annotated[
    str | None,
    typer.Option("--sku", metavar="TEXT", help="Only SKUs with this text in them.", show_default=False),
]


def stock(context: typer.Context, sku: OfSku = None, limit: Limit = 50, as_json: AsJson = False) -> None:
    """List, set, import and explain stock levels.

    Example: hub stock --sku SHIRT

    The level is what somebody set; available is what is left of it after all orders since.
    """
    if not alone(context):
        return

    async def work(hub: "Hub") -> list["StockLevel"]:
        return [one async for one in hub.stock.find(sku=sku, limit=limit)]

    found = run(work)
    if as_json:
        document(found)
    else:
        table([_row(one) for one in found], "No such level; set one with: hub stock set SKU N")


def _row(one: "StockLevel") -> dict[str, object]:
    return {
        "sku": one.sku,
        "available": None if one.available is None else f"{one.available:f}",
        "level": None if one.level is None else f"{one.level:f}",
        "set": one.changed_at,
    }
