"""`hub events`."""

import json
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from hub_core.cli.output import document, say, table
from hub_core.cli.running import AsJson, Limit, OfIntegration, identify, run

if TYPE_CHECKING:
    from hub_core.domain.events import Event
    from hub_core.hub import Hub


def events(
    after: Annotated[
        int | None,
        typer.Option("--after", min=0, metavar="ID", help="Only those with a higher number.", show_default=False),
    ] = None,
    integration: OfIntegration = None,
    limit: Limit = 50,
    follow: Annotated[
        bool, typer.Option("--follow", help="Go on with each event as it happens, until Ctrl-C.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """List what happened, oldest first.

    Example: hub events --after 120

    Example: hub events --follow --json

    Without --after, the last events there are. With --follow and --json, each line is a document.
    """
    if follow:
        run(lambda hub: _follow(hub, after, integration, as_json))
        return

    async def work(hub: "Hub") -> list["Event"]:
        wanted = await identify(hub, integration)
        if after is None:
            return await _newest(hub, limit, wanted)
        return await hub.events.after(after, limit=limit, integration=wanted)

    found = run(work)
    if as_json:
        document(found)
    else:
        table([_row(one) for one in found], "No such event.")


async def _newest(hub: "Hub", limit: int, integration: int | None) -> list["Event"]:
    """Give the last events; numbers have no gaps, so only events of other integrations make it look further back."""
    newest, span = await hub.events.newest(), limit
    while True:
        found = await hub.events.after(max(0, newest - span), limit=span, integration=integration)
        if len(found) >= limit or span >= newest:
            return found[-limit:]
        span *= 4


async def _follow(hub: "Hub", after: int | None, integration: str | None, as_json: bool) -> None:
    wanted = await identify(hub, integration)
    async for one in hub.events.follow(await hub.events.newest() if after is None else after):
        if wanted in (None, one.integration_id):
            if as_json:
                document(one, indent=None)
            else:
                say(_line(one))
            sys.stdout.flush()


def _line(one: "Event") -> str:
    return f"{one.id}  {one.at:%Y-%m-%d %H:%M:%S}Z  {one.type}  {_concerns(one)}  {_told(one)}".rstrip()


def _row(one: "Event") -> dict[str, object]:
    return {"id": one.id, "at": one.at, "type": one.type, "concerns": _concerns(one), "data": _told(one)}


def _concerns(one: "Event") -> str:
    if one.order_id is not None:
        return f"order {one.order_id}"
    if one.sku is not None:
        return f"SKU {one.sku}"
    return "-" if one.integration_id is None else f"integration {one.integration_id}"


def _told(one: "Event") -> str:
    return json.dumps(one.data, ensure_ascii=False, default=str) if one.data else ""
