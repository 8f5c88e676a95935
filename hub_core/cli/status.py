"""`hub status`."""

from typing import TYPE_CHECKING

from hub_core.cli.output import complain, counted, document, listed, moment, say, table
from hub_core.cli.running import AsJson, run

if TYPE_CHECKING:
    from hub_core.domain.status import BudgetStatus, HubStatus, IntegrationStatus, OpenMatters, ProcessStatus


def status(as_json: AsJson = False) -> None:
    """Show how everything is doing, and what to do.

    Example: hub status

    First comes what is in trouble. It ends with 0 also where something is; with 1 where the database
    does not answer.
    """
    found = run(lambda hub: hub.status())
    if as_json:
        document(found)
    else:
        _print(found)


def _print(found: "HubStatus") -> None:
    many = counted(len(found.integrations), "integration")
    say(f"{_summary(found)} {many} on {found.database}, hub {found.version}, {moment(found.at)}")
    _part("Processes that sync", [_process(one) for one in found.processes], "No process syncs now; start: hub serve")
    _part("Integrations", [_integration(one) for one in found.integrations], "No integration has been added yet.")
    _part("Flows that are late or fail", [row for one in found.integrations for row in _flows(one)])
    _part("Rate limits that hold back", [_budget(one) for one in found.budgets])
    _part("Plugins that cannot be used", [{"plugin": one.key, "why": one.reason} for one in found.faulty_plugins])
    _part("Waits for a person", _matters(found.open))


def _summary(found: "HubStatus") -> str:
    bad = sum(one.health.state in ("failing", "late") for one in found.integrations)
    if not bad:
        return "All is well:" if found.status == "ok" else "A plugin cannot be used:"
    return f"{counted(bad, 'integration')} in trouble:"


def _part(title: str, rows: list[dict[str, object]], empty: str = "") -> None:
    if rows:
        say()
        say(title)
        table(rows, empty)
    elif empty:
        complain(empty)


def _process(one: "ProcessStatus") -> dict[str, object]:
    return {
        "kind": one.kind,
        "host": one.host,
        "pid": one.pid,
        "busy": f"{one.busy} of {one.slots}",
        "channels": listed(one.channels),
        "version": one.version,
        "seen": one.seen_at,
    }


def _integration(one: "IntegrationStatus") -> dict[str, object]:
    health = one.health
    return {
        "id": one.id,
        "name": one.name,
        "state": health.state,
        "code": health.code,
        "since": health.since,
        "what to know": health.sentence,
    }


def _flows(one: "IntegrationStatus") -> list[dict[str, object]]:
    return [
        {
            "integration": one.name,
            "flow": flow,
            "code": status.code,
            "age": _seconds(status.freshness_seconds),
            "target": _seconds(status.target_seconds),
            "why": status.sentence,
        }
        for flow, status in one.flows.items()
        if one.health.state in ("failing", "late") and status.state in ("failing", "late")
    ]


def _seconds(figure: float | None) -> str:
    return "-" if figure is None else f"{figure:,.0f} s"


def _budget(one: "BudgetStatus") -> dict[str, object]:
    return {
        "store": one.scope,
        "limit": one.name,
        "closed until": one.closed_until,
        "lets through": None if one.per_second is None else f"{one.per_second:.3g} a second",
    }


def _matters(found: "OpenMatters") -> list[dict[str, object]]:
    matters = (
        (found.rejects, "data that could not be used", "hub rejects"),
        (found.held_prices, "prices that are held", "hub listings"),
        (found.refused_figures, "figures that a store refused", "hub listings"),
    )
    return [{"how many": many, "what": what, "see": see} for many, what, see in matters if many]
