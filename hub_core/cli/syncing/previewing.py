"""A dry run: what stores would be told, from which figure to which."""

from typing import TYPE_CHECKING

from hub_core.cli.faults import explain
from hub_core.cli.output import complain, document, number, table
from hub_core.cli.syncing.choosing import chosen, kinds_of
from hub_core.domain.errors import HubError

if TYPE_CHECKING:
    from hub_core.domain.integrations import Integration
    from hub_core.hub import Hub
    from hub_core.services.preview import PlannedChange

_TELLING = ("stock", "prices")


async def preview(hub: "Hub", names: list[str], wanted: list[str], as_json: bool) -> bool:
    """Print what would be sent now; nothing is, and nothing is read. Tell whether all stores could be reckoned."""
    planned: list[tuple[Integration, PlannedChange]] = []
    whole = True
    for integration in await chosen(hub, names):
        kinds = [kind for kind in kinds_of(integration, wanted, named=bool(names)) if kind in _TELLING]
        try:
            planned += [(integration, change) for change in await hub.preview(integration.id, kinds)]
        except HubError as error:
            explain(error, "" if integration.name in str(error) else f"{integration.name}: ")
            whole = False
    if as_json:
        document([{"integration_id": one.id, **change.model_dump(mode="json")} for one, change in planned])
    elif planned or whole:
        table([_row(one, change) for one, change in planned], "The stores have all that they are to be told.")
    if planned and not as_json:
        complain("Nothing was sent or read: this was a dry run.")
    return whole


def _row(integration: "Integration", change: "PlannedChange") -> dict[str, object]:
    return {
        "integration": integration.name,
        "listing": change.external_id,
        "sku": change.sku,
        "what": "price" if change.flow == "prices" else "stock",
        "from": _figure(change, before=True),
        "to": _figure(change, before=False),
        "waits": "" if change.waiting is None else change.reason or f"for {change.waiting}",
    }


def _figure(change: "PlannedChange", *, before: bool) -> str:
    figure = change.before if before else change.after
    if figure is None:
        return "unknown"
    told = number(figure, change.currency)
    return told if change.currency is None else f"{told} {change.currency}"
