"""Telling a store that goods of an order are under way, and deciding where nobody knows whether it was told."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from hub_core.cli.orders.showing import Number
from hub_core.cli.output import complain, document, say, table
from hub_core.cli.running import AsJson, Limit, OfIntegration, command, identify, names_of, run
from hub_core.cli.times import parse_when
from hub_core.domain.errors import ConflictError

if TYPE_CHECKING:
    from hub_core.domain.fulfilments import StoredFulfilment
    from hub_core.hub import Hub
    from hub_core.services.fulfilments import Asked

State = Literal["waiting", "sending", "sent", "refused", "unknown"]
Fulfilment = Annotated[
    int, typer.Argument(help="The number of the fulfilment.", metavar="FULFILMENT", show_default=False)
]
Shipped = Annotated[
    datetime | None,
    typer.Option("--shipped", parser=parse_when, metavar="WHEN", help="When; now if not given.", show_default=False),
]
_FAILED = ("refused", "unknown")


def ship(
    order: Number,
    *,
    tracking: Annotated[str, typer.Option("--tracking", metavar="T", help="Its tracking number.", show_default=False)],
    line: Annotated[
        list[str] | None,
        typer.Option("--line", metavar="EXTERNAL_ID=N", help="So many of this line; all that is left if none."),
    ] = None,
    carrier: Annotated[str, typer.Option("--carrier", metavar="C", help="Who carries it.", show_default=False)] = "",
    shipped: Shipped = None,
    as_json: AsJson = False,
) -> None:
    """Tell the store that goods of an order are under way in one parcel, now.

    Example: hub orders ship 17 --tracking 1Z999AA10123456784 --carrier "UPS Ground"

    Example: hub orders ship 17 --line 90001=1 --tracking 1Z999AA10123456784

    Each parcel is told once: where its store's answer is lost, the hub looks into the order before it
    tells it again, and asks you where it cannot know. Where the integration is disabled, the parcel
    waits. `hub orders show ID` names the lines.
    """
    lines = None if not line else [_pair(one) for one in line]

    async def work(hub: "Hub") -> "tuple[Asked, StoredFulfilment, str]":
        asked = await hub.fulfilments.ship(order, tracking, carrier=carrier, lines=lines, shipped_at=shipped)
        trouble = await _told(hub, asked)
        return asked, await hub.fulfilments.get(asked.fulfilment.id), trouble

    asked, now, trouble = run(work)
    if as_json:
        document(now)
    elif asked.new or now.state == "sent":
        say(_sentence(now, new=asked.new))
    if now.state in _FAILED or (trouble and now.state != "sent"):
        complain(trouble or now.reason)
        raise typer.Exit(1)
    if now.state != "sent":
        complain(f"Fulfilment {now.id} is kept, and told as soon as that can be. {now.reason}".rstrip())


async def _told(hub: "Hub", asked: "Asked") -> str:
    """Let the store be told now, and give what went wrong; of an integration that is switched off, nothing does."""
    if asked.fulfilment.state not in ("waiting", "sending"):
        return ""
    try:
        done = await hub.sync(asked.fulfilment.integration_id, "fulfilment")
    except ConflictError as error:
        complain(str(error))
        return ""
    return "" if done.error is None else f"{done.error.sentence} It is kept, and tried again."


def _pair(text: str) -> tuple[str, str]:
    name, mark, units = text.rpartition("=")
    if not mark or not name:
        raise typer.BadParameter(f"'{text}' is not of the form EXTERNAL_ID=N.", param_hint="--line")
    return name.strip(), units.strip()


def _sentence(one: "StoredFulfilment", *, new: bool) -> str:
    units = ", ".join(f"{line.quantity:f} of line {line.external_id}" for line in one.lines)
    if one.state != "sent":
        return f"Fulfilment {one.id}: {units}."
    how = "The store knows now" if new else "The store knows already"
    return f"{how} that {units} of order {one.order_id} went with {one.tracking_number}."


def fulfilments(
    *,
    integration: OfIntegration = None,
    state: Annotated[State | None, typer.Option("--state", help="Only in this state.", show_default=False)] = None,
    limit: Limit = 50,
    as_json: AsJson = False,
) -> None:
    """List the parcels that stores are told of, and what became of each.

    Example: hub orders fulfilments --state unknown
    """

    async def work(hub: "Hub") -> "tuple[list[StoredFulfilment], dict[int, str]]":
        from hub_core.domain.fulfilments import FulfilmentState
        from hub_core.storage.fulfilments import FulfilmentFilter

        wanted = None if state is None else FulfilmentState(state)
        which = FulfilmentFilter(integration=await identify(hub, integration), state=wanted, limit=limit)
        return await hub.fulfilments.page(which), await names_of(hub)

    found, names = run(work)
    if as_json:
        document(found)
    else:
        rows = [{"integration": names.get(one.integration_id, one.integration_id), **row_of(one)} for one in found]
        table(rows, "No such fulfilment; ship an order with: hub orders ship ID --tracking T")


def row_of(one: "StoredFulfilment") -> dict[str, object]:
    """Give what is shown of a fulfilment in a list."""
    return {
        "fulfilment": one.id,
        "order": one.order_id,
        "lines": ", ".join(f"{line.external_id}={line.quantity:f}" for line in one.lines),
        "tracking": one.tracking_number,
        "carrier": one.carrier,
        "shipped": one.shipped_at,
        "state": one.state,
        "reason": one.reason,
    }


def settle(
    fulfilment: Fulfilment,
    decision: Annotated[
        Literal["sent", "again", "drop"],
        typer.Argument(help="sent: the store has it; again: tell the store (again); drop: do not.", show_default=False),
    ],
    as_json: AsJson = False,
) -> None:
    """Decide of a parcel that is `unknown`: nobody can tell whether its store was told.

    Example: hub orders settle 5 sent

    Look at the order in the store first. With `again`, the hub too looks at it before it tells it.
    A parcel that waits can be dropped as well.
    """
    settled = run(lambda hub: hub.fulfilments.settle(fulfilment, decision))
    if as_json:
        document(settled)
    else:
        told = {"sent": "counts as told", "again": "is told soon", "drop": "is dropped, and its goods are free"}
        say(f"Fulfilment {settled.id} {told[decision]}.")
    if decision == "again":
        complain(f"To tell it now: {command('sync', settled.integration_id, '--fulfilment')}")
