"""The command `hub sync`."""

from typing import TYPE_CHECKING, Annotated

import typer

from hub_core.cli.output import document
from hub_core.cli.running import AsJson, run
from hub_core.cli.syncing.previewing import preview
from hub_core.cli.syncing.rounds import Ended, sync_all
from hub_core.cli.syncing.telling import tell, tell_failure

if TYPE_CHECKING:
    from hub_core.hub import Hub


def sync(
    *,
    names: Annotated[
        list[str] | None,
        typer.Argument(help="Names or ids; all that are enabled if none.", metavar="INTEGRATION", show_default=False),
    ] = None,
    orders: Annotated[bool, typer.Option("--orders", help="Read the orders.")] = False,
    listings: Annotated[bool, typer.Option("--listings", help="Read what the stores list.")] = False,
    stock: Annotated[bool, typer.Option("--stock", help="Tell the stores the stock that has changed.")] = False,
    prices: Annotated[bool, typer.Option("--prices", help="Tell the stores the prices that have changed.")] = False,
    fulfilment: Annotated[bool, typer.Option("--fulfilment", help="Tell the stores what has been shipped.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what the stores would be told, and send nothing.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Read the stores and tell them what has changed, now and to the end.

    Example: hub sync

    Example: hub sync "My shop" --stock --dry-run

    Without a kind, all that a store can do: orders, listings, stock, prices, fulfilment, in this
    order. Stock that must wait until a store's orders have been read gets that. A dry run reads
    nothing either: it says what follows from what the hub knows.
    """
    wanted = {"orders": orders, "listings": listings, "stock": stock, "prices": prices, "fulfilment": fulfilment}
    kinds = [kind for kind, named in wanted.items() if named]
    if dry_run:
        if not run(lambda hub: preview(hub, names or [], kinds, as_json)):
            raise typer.Exit(1)
        return

    async def work(hub: "Hub") -> list[Ended]:
        ended = await sync_all(hub, names or [], kinds, tell_failure if as_json else tell)
        await hub.orders.erase_due()  # where nothing but such commands is ever run, nobody else does
        await hub.runs.drop_old()
        return ended

    ended = run(work)
    if as_json:
        document([one.run for one in ended if one.run is not None])
    if any(one.failed for one in ended):
        raise typer.Exit(1)
