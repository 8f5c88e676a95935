"""`hub rejects`: data of stores that could not be used."""

from typing import TYPE_CHECKING, Annotated

import typer

from hub_core.cli.output import complain, document, facts, say, table
from hub_core.cli.running import AsJson, Limit, OfIntegration, alone, command, identify, names_of, run

if TYPE_CHECKING:
    from hub_core.domain.rejects import Reject
    from hub_core.hub import Hub

app = typer.Typer(invoke_without_command=True)

Number = Annotated[int, typer.Argument(help="Number of the reject.", metavar="ID", show_default=False)]


@app.callback()
def rejects(
    context: typer.Context,
    integration: OfIntegration = None,
    every: Annotated[bool, typer.Option("--all", help="Also those put aside, settled or discarded.")] = False,
    limit: Limit = 50,
    as_json: AsJson = False,
) -> None:
    """List data of stores that could not be used.

    Example: hub rejects --integration "My shop"
    """
    if not alone(context):
        return

    async def work(hub: "Hub") -> tuple[list["Reject"], dict[int, str]]:
        from hub_core.domain.rejects import RejectState

        states = tuple(RejectState) if every else (RejectState.OPEN,)
        wanted = await identify(hub, integration)
        return await hub.rejects.page(integration=wanted, limit=limit, states=states), await names_of(hub)

    found, names = run(work)
    if as_json:
        document(found)
    else:
        table([_row(one, names) for one in found], "No rejects.")


def _row(one: "Reject", names: dict[int, str]) -> dict[str, object]:
    return {
        "id": one.id,
        "at": one.at,
        "integration": names.get(one.integration_id, one.integration_id),
        "kind": one.kind,
        "store's id": one.external_id,
        "state": one.state,
        "reason": one.reason,
    }


@app.command("show")
def show(reject: Number, as_json: AsJson = False) -> None:
    """Show one reject with the text that the store sent.

    Example: hub rejects show 3
    """

    async def work(hub: "Hub") -> tuple["Reject", dict[int, str]]:
        return await hub.rejects.get(reject), await names_of(hub)

    one, names = run(work)
    if as_json:
        document(one)
        return
    facts(_row(one, names))
    say()
    for line in (one.raw or _why_empty(one)).splitlines():
        say(line)


def _why_empty(one: "Reject") -> str:
    """Say why there is no text: it was too old, or told of a person, as the reason says then."""
    from hub_core.domain.rejects import RejectState
    from hub_core.domain.retention import TEXT_GONE

    return TEXT_GONE if one.state in (RejectState.SETTLED, RejectState.DISCARDED) else ""


@app.command("retry")
def retry(reject: Number, as_json: AsJson = False) -> None:
    """Try once more to read a reject.

    Example: hub rejects retry 3

    Useful after an update of the channel's plugin.
    """
    outcome = run(lambda hub: hub.rejects.retry(reject))
    if as_json:
        document(outcome)
    reason = getattr(outcome, "reason", None)
    if reason is None:
        if not as_json:
            say(f"It can be used now; see it with: {command('orders', 'show', outcome.id)}")
        return
    complain(f"It still cannot be used: {reason}")
    raise typer.Exit(1)


@app.command("discard")
def discard(reject: Number, as_json: AsJson = False) -> None:
    """Discard a reject for good.

    Example: hub rejects discard 3
    """
    one = run(lambda hub: hub.rejects.discard(reject))
    if as_json:
        document(one)
    else:
        say(f"Reject {one.id} is discarded.")
