"""Showing integrations."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from hub_core.cli.output import document, facts, listed, moment, table
from hub_core.cli.running import AsJson, Name, alone, run

if TYPE_CHECKING:
    from hub_core.domain.integrations import FlowStatus, Integration, StoreIdentity


def integrations(
    context: typer.Context,
    removed: Annotated[bool, typer.Option("--removed", help="List those that were removed.")] = False,
    as_json: AsJson = False,
) -> None:
    """List, add and change the stores that the hub works for.

    Example: hub integrations
    """
    if not alone(context):
        return
    found = run(lambda hub: hub.integrations.list(removed=removed))
    if as_json:
        document(found)
    else:
        table([_row(one) for one in found], "No integration; add one with: hub integrations add CHANNEL --name NAME")


def _row(one: "Integration") -> dict[str, object]:
    successes = [flow.last_success_at for flow in one.flows.values() if flow.last_success_at]
    due = [flow.next_run_at for flow in one.flows.values() if flow.next_run_at]
    return {
        "id": one.id,
        "name": one.name,
        "company": one.company,
        "enabled": one.enabled,
        "connection": words(one.connection),
        "last sync": max(successes, default=None),
        "next sync": min(due, default=None),
        "health": one.health.sentence,
    }


def words(value: str) -> str:
    """Write `needs_reauthorization` as words."""
    return value.replace("_", " ")


def show(integration: Name, as_json: AsJson = False) -> None:
    """Show one integration.

    Example: hub integrations show "My shop"
    """
    one = run(lambda hub: hub.integrations.get(integration))
    if as_json:
        document(one)
    else:
        print_integration(one)


def print_integration(one: "Integration") -> None:
    """Print one integration for people."""
    facts(
        {
            **_row(one),
            "channel": one.channel,
            **_prefixed("setting", one.settings),
            **{f"flow {flow}": _flow(status) for flow, status in one.flows.items()},
            **_prefixed("rule", one.rules.model_dump(mode="json", exclude_none=True)),
            "added": one.created_at,
            "removed": one.removed_at,
            **({} if one.store is None else _store(one.store)),
        }
    )


def _flow(status: "FlowStatus") -> str:
    """Say when it was last done and is due next."""
    if not status.enabled:
        return "switched off"
    done = "never done yet" if status.last_success_at is None else f"last done {moment(status.last_success_at)}"
    told = done if status.next_run_at is None else f"{done}, next at {moment(status.next_run_at)}"
    return f"{told}: {status.sentence}" if status.state in ("late", "failing") else told


def _prefixed(what: str, values: dict[str, Any]) -> dict[str, object]:
    return {f"{what} {name}": value for name, value in values.items()}


def verify(integration: Name, as_json: AsJson = False) -> None:
    """Ask the store who it is.

    Example: hub integrations verify "My shop"

    So it shows whether the store still lets the hub in, and which rights are missing.
    """
    identity = run(lambda hub: hub.integrations.verify(integration))
    if as_json:
        document(identity)
    else:
        facts(_store(identity))


def _store(store: "StoreIdentity") -> dict[str, object]:
    return {
        "store": store.name or store.key,
        "store key": store.key,
        "account": store.account,
        "currency": store.currency,
        "time zone": store.timezone or store.timezone_hint,
        "missing rights": listed(store.missing_permissions) if store.missing_permissions else None,
    }
