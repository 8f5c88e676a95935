"""Showing one order."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from hub_core.cli.output import document, facts, say, table, written
from hub_core.cli.running import AsJson, names_of, run

if TYPE_CHECKING:
    from hub_core.domain.fulfilments import StoredFulfilment
    from hub_core.domain.orders import Address, OrderLine, Shipment, StoredOrder
    from hub_core.hub import Hub

Number = Annotated[int, typer.Argument(help="The hub's number of the order.", metavar="ID", show_default=False)]


def show(
    order: Number,
    history: Annotated[bool, typer.Option("--history", help="Show its revisions instead.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show one order, or what changed in it.

    Example: hub orders show 17

    Example: hub orders show 17 --history
    """
    if history:
        revisions = run(lambda hub: hub.orders.history(order))
        if as_json:
            document(revisions)
        else:
            table(
                [row for one in revisions for row in _revision(one)], "Nothing in it changed since it was first seen."
            )
        return

    async def work(hub: "Hub") -> tuple["StoredOrder", list["StoredFulfilment"], dict[int, str]]:
        return await hub.orders.get(order), await hub.fulfilments.of(order), await names_of(hub)

    one, parcels, names = run(work)
    if as_json:
        document(one)
        return
    _print(one, str(names.get(one.integration_id, one.integration_id)))
    for parcel in reversed(parcels):
        say()
        facts(_parcel(parcel))


def _revision(one: dict[str, Any]) -> list[dict[str, object]]:
    """Give a row for each change; those of one revision are told apart by what the first of them says."""
    heading = {"revision": one["revision"], "at": one["at"], "event": one["event"]}
    sentences = [str(change["sentence"]) for change in one["changes"]]
    first, *others = sentences or ["it was first seen"]
    return [{**heading, "change": first}, *({**dict.fromkeys(heading), "change": other} for other in others)]


def _print(one: "StoredOrder", integration: str) -> None:
    facts(_heading(one, integration))
    say()
    table([_line(line) for line in one.lines], "The order has no lines.")
    for shipment in one.shipments:
        say()
        facts(_shipment(shipment))
    for comment in one.comments:
        say()
        facts({f"comment ({comment.author})": comment.text})


def _heading(one: "StoredOrder", integration: str) -> dict[str, object]:
    status = f"{one.status} (the store says: {one.channel_status.label or one.channel_status.id})"
    return {
        "id": one.id,
        "number": one.number,
        "integration": integration,
        "store's id": one.external_id,
        "status": status,
        "placed": one.placed_at,
        "updated": one.updated_at,
        "buyer": ", ".join(filter(None, (one.buyer.name, one.buyer.company, one.buyer.email, one.buyer.phone))),
        "billed to": _address(one.billing_address),
        "subtotal": written(one.subtotal),
        "discount": written(one.discount),
        "shipping": written(one.shipping),
        "tax": written(one.tax),
        "total": written(one.total),
        **{f"payment {number}": f"{paid.method} {written(paid.amount)}" for number, paid in enumerate(one.payments, 1)},
        **{f"warning {number}": warning for number, warning in enumerate(one.warnings, 1)},
        "revision": one.revision,
        "history": "it was there before the hub" if one.history else None,
        "personal data": None if one.erased_at is None else f"erased {one.erased_at:%Y-%m-%d}",
        "same as": None if one.same_as is None else f"order {one.same_as}",
    }


def _address(address: "Address") -> str:
    name = f"{address.first_name} {address.last_name}".strip()
    place = f"{address.postal_code} {address.city}".strip()
    parts = (name, address.company, address.street, address.street2, place, address.state, address.country)
    return ", ".join(part for part in parts if part)


def _line(line: "OrderLine") -> dict[str, object]:
    return {
        "line": line.external_id,
        "sku": line.sku,
        "name": line.name,
        "options": ", ".join(f"{option.name}: {option.value}" for option in line.options),
        "quantity": f"{line.quantity:f}",
        "shipped": f"{line.shipped:f}",
        "price": written(line.unit_price),
        "total": written(line.total),
        "shipment": line.shipment,
    }


def _shipment(shipment: "Shipment") -> dict[str, object]:
    return {
        "shipment": shipment.external_id,
        "to": _address(shipment.address),
        "method": shipment.method,
        "cost": written(shipment.cost),
        "status": shipment.status,
        "tracking": shipment.tracking_number,
        "shipped": shipment.shipped_at,
    }


def _parcel(one: "StoredFulfilment") -> dict[str, object]:
    return {
        "fulfilment": one.id,
        "lines": ", ".join(f"{line.external_id}={line.quantity:f}" for line in one.lines),
        "tracking": one.tracking_number,
        "carrier": one.carrier,
        "shipped": one.shipped_at,
        "state": one.state,
        "reason": one.reason,
    }
