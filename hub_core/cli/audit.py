"""`hub audit`."""

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hub_core.cli.output import document, table
from hub_core.cli.running import AsJson, Limit, run

if TYPE_CHECKING:
    from hub_core.domain.audit import AuditRow
    from hub_core.hub import Hub


def audit(
    after: Annotated[
        int | None,
        typer.Option("--after", min=0, metavar="ID", help="Only those with a higher number.", show_default=False),
    ] = None,
    limit: Limit = 50,
    as_json: AsJson = False,
) -> None:
    """List who changed what, oldest first.

    Example: hub audit

    Example: hub audit --after 120 --json

    Without --after, the last changes there are. Whoever types a command is named as the operating
    system knows him, whoever calls the HTTP API by his token.
    """

    async def work(hub: "Hub") -> list["AuditRow"]:
        start = max(0, await hub.audit.newest() - limit) if after is None else after
        return await hub.audit.page(after=start, limit=limit)

    found = run(work)
    if as_json:
        document(found)
    else:
        table([_row(one) for one in found], "Nobody has changed anything.")


def _row(one: "AuditRow") -> dict[str, object]:
    name = one.subject.name or one.subject.id
    return {
        "id": one.id,
        "at": one.at,
        "who": f"{one.actor.kind} {one.actor.name}".rstrip(),
        "action": one.action,
        "concerns": f"{one.subject.kind} {name}",
        "before": _told(one.before),
        "after": _told(one.after),
    }


def _told(state: dict[str, Any] | None) -> str:
    return "" if state is None else json.dumps(state, ensure_ascii=False)
