"""Setting and adjusting stock."""

from contextlib import suppress
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated

import typer

from hub_core.cli.output import counted, document, say
from hub_core.cli.running import AsJson, run
from hub_core.domain.errors import NotFoundError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from hub_core.domain.stock import Written
    from hub_core.hub import Hub

Sku = Annotated[str, typer.Argument(help="The SKU.", metavar="SKU", show_default=False)]
AfterEvent = Annotated[
    int | None,
    typer.Option(
        "--after-event",
        metavar="ID",
        help="The last event that is part of the figure; what was sold later is taken off. By default the newest.",
        show_default=False,
    ),
]


def set_level(
    sku: Sku,
    units: Annotated[str, typer.Argument(help="How many there are.", metavar="N", show_default=False)],
    after_event: AfterEvent = None,
    as_json: AsJson = False,
) -> None:
    """Say how many units of a SKU there are.

    Example: hub stock set SHIRT-M 12

    All orders that the hub knows of are part of that figure.
    """
    _change(sku, lambda hub: hub.stock.set({sku: units}, after_event=after_event), as_json)


def adjust(
    sku: Sku,
    by: Annotated[str, typer.Argument(help="By how many, such as -3 or +5.", metavar="±N", show_default=False)],
    as_json: AsJson = False,
) -> None:
    """Change the stock of a SKU by some units.

    Example: hub stock adjust SHIRT-M -3
    """
    _change(sku, lambda hub: hub.stock.adjust({sku: by}), as_json)


def _change(sku: str, work: "Callable[[Hub], Awaitable[Written]]", as_json: bool) -> None:
    async def whole(hub: "Hub") -> tuple["Written", str]:
        before = None
        with suppress(NotFoundError):
            before = (await hub.stock.get(sku)).available
        written = await work(hub)
        return written, "" if as_json else await _told(hub, sku, before, changed=bool(written.changed))

    written, told = run(whole)
    if as_json:
        document(written)
    else:
        say(told)


async def _told(hub: "Hub", sku: str, before: Decimal | None, *, changed: bool) -> str:
    """Say how much is available now, and who is to be told."""
    explained = await hub.stock.explain(sku)
    now = f"{explained.available:f}"
    if not changed:
        return f"{explained.sku}: {now} are available as before; nothing was changed."
    since = "" if before is None else f", before that {before:f}"
    listings = sum(store.told is not None for store in explained.stores)
    nobody = "No listing is linked with it yet." if explained.stores else "No store lists it yet."
    whom = f"{counted(listings, 'listing')} of it to be told." if listings else nobody
    return f"{explained.sku}: {now} available{since}. {whom}"
