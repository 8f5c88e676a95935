"""Erasing an order of its personal data."""

from typing import TYPE_CHECKING, Annotated

import typer

from hub_core.cli import fields
from hub_core.cli.orders.showing import Number
from hub_core.cli.output import complain, document, say
from hub_core.cli.running import AsJson, command, names_of, run
from hub_core.domain.errors import InputError

if TYPE_CHECKING:
    from hub_core.domain.orders import StoredOrder
    from hub_core.hub import Hub

_DONE = ("shipped", "cancelled")


def erase(
    order: Number,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: AsJson = False,
) -> None:
    """Erase an order of its personal data, for good.

    Example: hub orders erase 17

    It says what that does and asks first. Names, addresses, remarks, what was chosen for a line and
    the store's own text go; figures, SKUs, totals, numbers and what was taken from stock stay.
    """

    async def look(hub: "Hub") -> tuple["StoredOrder", dict[int, str]]:
        return await hub.orders.get(order), await names_of(hub)

    one, names = run(look)
    complain(_preview(one, str(names.get(one.integration_id, one.integration_id))))
    if not (yes or _confirmed(order)):
        complain("Nothing was erased.")
        raise typer.Exit(1)
    erased = run(lambda hub: hub.orders.erase(order))
    if as_json:
        document(erased)
    else:
        say(f"Order {erased.number} is erased of its personal data.")


def _preview(one: "StoredOrder", integration: str) -> str:
    due = "" if one.status in _DONE else f" It is {one.status}: whoever sends it must look up the address in the store."
    return (
        f"Order {one.number} of '{integration}' loses its buyer, addresses, remarks, chosen options, tracking numbers, "
        "payment references and the text that the store sent, also in its history, and for good. Its figures, SKUs and "
        f"totals stay.{due} Earlier backups and exported files still hold what they hold, and so does the store."
    )


def _confirmed(order: int) -> bool:
    if not fields.can_ask():
        confirmed = command("orders", "erase", order, "--yes")
        raise InputError(f"Nothing was erased, since nobody can be asked here; run: {confirmed}")
    return fields.confirmed("Erase it?")
