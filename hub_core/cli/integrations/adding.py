"""Adding integrations, and letting the hub in at their stores."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hub_core.cli import fields
from hub_core.cli.integrations.showing import print_integration
from hub_core.cli.output import complain, document, listed
from hub_core.cli.running import AsJson, Name, command, run
from hub_core.domain.errors import HubError, InputError

if TYPE_CHECKING:
    from hub_core.domain.integrations import Integration
    from hub_core.hub import Hub

CredentialsFile = Annotated[
    Path | None,
    typer.Option(
        "--credentials-file",
        metavar="FILE",
        help="JSON object with the store's credentials; keep it readable by you alone (chmod 600).",
        show_default=False,
    ),
]
Settings = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="A setting of the channel.", show_default=False),
]
Rules = Annotated[
    list[str] | None,
    typer.Option("--rule", metavar="KEY=VALUE", help="A rule such as order_interval=60.", show_default=False),
]


def add(
    *,
    channel: Annotated[str, typer.Argument(help="Key of the channel.", metavar="CHANNEL", show_default=False)],
    name: Annotated[str, typer.Option("--name", metavar="N", help="How it is to be called.", show_default=False)],
    settings: Settings = None,
    rules: Rules = None,
    credentials_file: CredentialsFile = None,
    as_json: AsJson = False,
) -> None:
    """Add an integration.

    Example: hub integrations add threedcart --name "My shop" --set store_url=https://shop.example.com
    --credentials-file token.json

    Without a credentials file it says how the store lets the hub in, and asks for the answer on a
    terminal. With one, the credentials are tried at the store; if it refuses them, nothing is added.
    """
    chosen, ruled = fields.changes(settings or (), "--set"), fields.changes(rules or (), "--rule")
    credentials = None if credentials_file is None else fields.read_credentials(credentials_file)

    async def work(hub: "Hub") -> "Integration":
        try:
            added = await hub.integrations.add(channel, name=name, settings=chosen, rules=ruled)
        except InputError as error:
            raise _with_next_step(error) from error
        return added if credentials is None else await _authorized_or_gone(hub, added, credentials)

    integration = run(work)
    _show(_let_in(integration, as_json) if credentials is None else integration, as_json)


def reauthorise(integration: Name, credentials_file: CredentialsFile = None, as_json: AsJson = False) -> None:
    """Let the hub in at a store, at first or anew.

    Example: hub integrations reauthorise "My shop" --credentials-file token.json
    """
    credentials = None if credentials_file is None else fields.read_credentials(credentials_file)
    if credentials is None:
        _show(_let_in(run(lambda hub: hub.integrations.get(integration)), as_json), as_json)
    else:
        _show(run(lambda hub: hub.integrations.authorize(integration, credentials)), as_json)


def _with_next_step(error: InputError) -> InputError:
    """Add to what is said of settings and rules how they are given here."""
    if not error.fields.keys() - {"name"}:
        return error
    return InputError(f"{error} Give settings with --set KEY=VALUE, rules with --rule KEY=VALUE.", fields=error.fields)


def _show(integration: "Integration", as_json: bool) -> None:
    if as_json:
        document(integration)
    else:
        print_integration(integration)


async def _authorized_or_gone(hub: "Hub", added: "Integration", credentials: dict[str, Any]) -> "Integration":
    """Authorise what was just added, or take it back, so that nothing is half done."""
    connected = False
    try:
        integration = await hub.integrations.authorize(added.id, credentials)
        connected = True
        return integration
    except HubError:
        complain(f"'{added.name}' was not added:")
        raise
    finally:
        if not connected:
            await hub.integrations.remove(added.id)


def _let_in(integration: "Integration", as_json: bool) -> "Integration":
    """Say what the merchant has to do, and take his answer if he sits at the terminal."""
    start = run(lambda hub: hub.integrations.begin_authorization(integration.id))
    complain(f"To let the hub in at '{integration.name}':")
    for number, instruction in enumerate(start.instructions, 1):
        complain(f"  {number}. {instruction}")
    if start.url:
        complain(f"  Open {start.url}")
    if start.method == "redirect":
        return integration
    if not as_json and fields.can_ask():
        return _asked(integration, start.fields)
    complain(f"Then write the answer into a file of JSON ({listed(start.fields.get('properties', ()))}) and run:")
    complain(f"  {_next(integration)} --credentials-file FILE")
    return integration


def _asked(integration: "Integration", schema: fields.Schema) -> "Integration":
    complain("Now type in what the store gave you; press Enter to leave one out.")
    answer = fields.ask(schema)
    try:
        return run(lambda hub: hub.integrations.authorize(integration.id, answer))
    except HubError:
        complain(f"'{integration.name}' is not authorised. To try again: {_next(integration)}")
        raise


def _next(integration: "Integration") -> str:
    return command("integrations", "reauthorise", integration.name)
