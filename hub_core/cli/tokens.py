"""`hub tokens`: access for programs."""

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from hub_core.cli.output import complain, document, say, table
from hub_core.cli.running import AsJson, run

if TYPE_CHECKING:
    from hub_core.hub import Hub
    from hub_core.services.tokens import NewToken

app = typer.Typer(help="Create, list and revoke tokens for the HTTP API.", no_args_is_help=True)

Permission = Literal["read", "write", "admin"]
Holder = Annotated[str, typer.Argument(help="Name of the token.", metavar="NAME", show_default=False)]


@app.command("create")
def create(
    name: Holder,
    scope: Annotated[Permission, typer.Option("--scope", help="What it may do.")] = "read",
    as_json: AsJson = False,
) -> None:
    """Create an access token, and print it this once.

    Example: hub tokens create "My program" --scope write
    """

    async def work(hub: "Hub") -> "NewToken":
        from hub_core.domain.tokens import Scope

        return await hub.tokens.create(name, Scope(scope))

    new = run(work)
    if as_json:
        document(new)
    else:
        complain(f"The token of '{new.name}' (scope {new.scope}) is shown this once; keep it safe.")
        say(new.token)


@app.command("list")
def list_tokens(as_json: AsJson = False) -> None:
    """List the access tokens, without their secrets.

    Example: hub tokens list
    """
    found = run(lambda hub: hub.tokens.list())
    if as_json:
        document(found)
        return
    rows = [
        {"name": one.name, "scope": one.scope, "created": one.created_at, "last used": one.last_used_at}
        for one in found
    ]
    table(rows, "No token; create one with: hub tokens create NAME")


@app.command("revoke")
def revoke(name: Holder, as_json: AsJson = False) -> None:
    """Revoke an access token.

    Example: hub tokens revoke "My program"
    """
    run(lambda hub: hub.tokens.revoke(name))
    if as_json:
        document({"revoked": name})
    else:
        say(f"The token '{name}' is revoked.")
