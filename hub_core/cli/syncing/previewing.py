"""A dry run: what stores would be told, from which figure to which."""

from typing import TYPE_CHECKING

from hub_core.cli.faults import explain
from hub_core.cli.output import complain, document, number, table
from hub_core.cli.syncing.choosing import chosen, kinds_of
from hub_core.domain.errors import HubError

if TYPE_CHECKING:
    from hub_core.domain.fulfilments import StoredFulfilment
    from hub_core.domain.integrations import Integration
    from hub_core.hub import Hub
    from hub_core.services.preview import PlannedChange

_TELLING = ("stock", "prices")


async def preview(hub: "Hub", names: list[str], wanted: list[str], as_json: bool) -> bool:
    """Print what would be sent now; nothing is, and nothing is read. Tell whether all stores could be reckoned."""
    planned: list[tuple[Integration, PlannedChange]] = []
    parcels: list[tuple[Integration, StoredFulfilment]] = []
    whole = True
    for integration in await chosen(hub, names):
        all_kinds = kinds_of(integration, wanted, named=bool(names))
        kinds = [kind for kind in all_kinds if kind in _TELLING]
        try:
            if "fulfilment" in all_kinds:
                parcels += [(integration, one) for one in await _untold(hub, integration)]
            planned += [(integration, change) for change in await hub.preview(integration.id, kinds)]
        except HubError as error:
            explain(error, "" if integration.name in str(error) else f"{integration.name}: ")
            whole = False
    if as_json:
        changes = [{"integration_id": one.id, **change.model_dump(mode="json")} for one, change in planned]
        document([*changes, *({"flow": "fulfilment", **one.model_dump(mode="json")} for _, one in parcels)])
    elif planned or parcels or whole:
        rows = [_row(one, change) for one, change in planned] + [_parcel(*one) for one in parcels]
        table(rows, "The stores have all that they are to be told.")
    if (planned or parcels) and not as_json:
        complain("Nothing was sent or read: this was a dry run.")
    return whole


async def _untold(hub: "Hub", integration: "Integration") -> "list[StoredFulfilment]":
    from hub_core.domain.fulfilments import FulfilmentState
    from hub_core.storage.fulfilments import FulfilmentFilter

    return await hub.fulfilments.page(FulfilmentFilter(integration.id, state=FulfilmentState.WAITING))


def _parcel(integration: "Integration", one: "StoredFulfilment") -> dict[str, object]:
    return {
        "integration": integration.name,
        "listing": f"order {one.order_id}",
        "sku": None,
        "what": "parcel",
        "from": None,
        "to": one.tracking_number,
        "waits": one.reason,
    }


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
