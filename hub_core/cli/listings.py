"""`hub listings`: what the stores offer, and how the hub ties it to its SKUs."""

from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from hub_core.cli.output import complain, document, number, say, table
from hub_core.cli.running import AsJson, Limit, OfIntegration, alone, identify, names_of, run

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from hub_core.domain.listings import Figure, StoredListing
    from hub_core.hub import Hub

app = typer.Typer(invoke_without_command=True)

State = Literal["in_step", "pending", "failed", "refused", "held", "drifted", "ambiguous", "unmatched"]
Number = Annotated[int, typer.Argument(help="The hub's number of the listing.", metavar="ID", show_default=False)]


@app.callback()
def listings(
    context: typer.Context,
    *,
    integration: OfIntegration = None,
    unmatched: Annotated[bool, typer.Option("--unmatched", help="Only those that are linked with no SKU.")] = False,
    state: Annotated[State | None, typer.Option("--state", help="Only in this state.", show_default=False)] = None,
    sku: Annotated[
        str | None, typer.Option("--sku", metavar="S", help="Only those of this SKU.", show_default=False)
    ] = None,
    gone: Annotated[bool, typer.Option("--gone", help="Also those that the stores no longer have.")] = False,
    limit: Limit = 50,
    as_json: AsJson = False,
) -> None:
    """List what the stores offer, and link it with SKUs.

    Example: hub listings --integration "My shop" --unmatched

    For stock and price it shows what the store has confirmed and, behind an arrow, what it is to be
    told next.
    """
    if not alone(context):
        return

    async def work(hub: "Hub") -> tuple[list["StoredListing"], dict[int, str]]:
        which: dict[str, Any] = {"integration": await identify(hub, integration), "unmatched": unmatched, "gone": gone}
        found = hub.listings.find(**which, sku=sku, state=state, limit=limit)
        return [one async for one in found], await names_of(hub)

    found, names = run(work)
    if as_json:
        document(found)
        return
    table([_row(one, names) for one in found], "No such listing; read them with: hub sync --listings")
    for reason, ids in _reasons(found).items():
        complain(f"{'Listing' if len(ids) == 1 else 'Listings'} {', '.join(ids)}: {reason}")


def _reasons(found: "list[StoredListing]") -> dict[str, list[str]]:
    """Give what keeps listings from being told something, with the numbers of those it is true of."""
    reasons: dict[str, list[str]] = {}
    for one in found:
        if one.reason:
            reasons.setdefault(one.reason, []).append(str(one.id))
    return reasons


def _row(one: "StoredListing", names: dict[int, str]) -> dict[str, object]:
    return {
        "id": one.id,
        "integration": names.get(one.integration_id, one.integration_id),
        "listing": one.external_id,
        "name": one.name[:40],
        "sku": one.sku or (f"({one.store_sku})" if one.store_sku else None),
        "state": "gone" if one.gone_at else one.state.replace("_", " "),
        "stock": _figure(one.stock),
        "price": _figure(one.prices, one.price.currency) if one.price else None,
    }


def _figure(figure: "Figure | None", currency: str | None = None) -> str | None:
    """Write `5`, or `5 → 4` where something else is to be told."""
    if figure is None or (figure.acknowledged is None and figure.target is None):
        return None
    known = "?" if figure.acknowledged is None else number(figure.acknowledged, currency)
    told = known if figure.target in (None, figure.expected) else f"{known} → {number(figure.target, currency)}"
    return told if currency is None else f"{told} {currency}"


@app.command("link")
def link(
    listing: Number,
    sku: Annotated[str, typer.Argument(help="The SKU.", metavar="SKU", show_default=False)],
    as_json: AsJson = False,
) -> None:
    """Link a listing with a SKU, so that it is told the stock and price of it.

    Example: hub listings link 12 SHIRT-M
    """
    _change(lambda hub: hub.listings.link(listing, sku), f"is linked with {sku.strip()} now.", as_json)


@app.command("unlink")
def unlink(listing: Number, as_json: AsJson = False) -> None:
    """Cut a listing from its SKU, so that it is told nothing.

    Example: hub listings unlink 12
    """
    _change(lambda hub: hub.listings.unlink(listing), "is linked with no SKU now and told nothing.", as_json)


@app.command("confirm")
def confirm(listing: Number, as_json: AsJson = False) -> None:
    """Let a price go out that was held because it changes a lot.

    Example: hub listings confirm 12
    """
    _change(lambda hub: hub.listings.confirm(listing), "is confirmed; its price is sent next.", as_json)


def _change(work: "Callable[[Hub], Awaitable[StoredListing]]", told: str, as_json: bool) -> None:
    one = run(work)
    if as_json:
        document(one)
    else:
        say(f"Listing {one.id} ({one.name or one.external_id}) {told}")
