"""Which orders a command is about."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from hub_core.cli.running import identify

if TYPE_CHECKING:
    from hub_core.hub import Hub

Status = Literal["pending", "open", "partially_shipped", "shipped", "cancelled", "on_hold"]
OfStatus = Annotated[Status | None, typer.Option("--status", help="Only of this status.", show_default=False)]


async def chosen(
    hub: "Hub", integration: str | None, status: str | None, since: datetime | None, until: datetime | None
) -> dict[str, Any]:
    """Give the filter for `hub.orders.find`; *since* and *until* are about when orders were placed."""
    wanted = {
        "integration": await identify(hub, integration),
        "status": status,
        "placed_after": since,
        "placed_before": until,
    }
    return {name: value for name, value in wanted.items() if value is not None}
