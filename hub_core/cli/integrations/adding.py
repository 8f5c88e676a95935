"""Adding integrations, and letting the hub in at their stores."""

import signal
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hub_core.cli import fields, prompting
from hub_core.cli.integrations.entering import go_on, let_in
from hub_core.cli.integrations.showing import print_integration
from hub_core.cli.output import complain, document
from hub_core.cli.running import AsJson, Name, run
from hub_core.domain.errors import ConflictError, HubError, InputError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic import BaseModel

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
    name: Annotated[
        str | None, typer.Option("--name", metavar="N", help="How it is to be called.", show_default=False)
    ] = None,
    settings: Settings = None,
    rules: Rules = None,
    credentials_file: CredentialsFile = None,
    as_json: AsJson = False,
) -> None:
    """Add an integration.

    Example: hub integrations add threedcart --name "My shop" --set store_url=https://shop.example.com
    --credentials-file token.json

    On a terminal it asks for what is not given: the name, the settings, and what opens the store, after
    it has said how to get that. Ctrl-C at any question leaves nothing behind. With a credentials file,
    the credentials are tried at the store; if it refuses them, nothing is added.
    """
    chosen, ruled = fields.changes(settings or (), "--set"), fields.changes(rules or (), "--rule")
    credentials = None if credentials_file is None else fields.read_credentials(credentials_file)
    asks = credentials is None and not as_json and fields.can_ask()
    name = name or _asked_name(asks=asks)
    chosen |= _asked_settings(channel, chosen) if asks else {}

    async def work(hub: "Hub") -> "Integration":
        try:
            added = await hub.integrations.add(channel, name=name, settings=chosen, rules=ruled)
        except InputError as error:
            raise await _with_next_step(hub, name, error) from error
        return added if credentials is None else await _authorized_or_gone(hub, added, credentials)

    integration = run(work)
    if credentials is None:
        with _gone_if_cancelled(integration):
            integration = let_in(integration, silent=as_json)
    _show(integration, as_json)


def reauthorise(integration: Name, credentials_file: CredentialsFile = None, as_json: AsJson = False) -> None:
    """Let the hub in at a store, at first or anew.

    Example: hub integrations reauthorise "My shop" --credentials-file token.json

    New credentials are tried at the store first; if it refuses them, the old ones stay in force.
    """
    credentials = None if credentials_file is None else fields.read_credentials(credentials_file)
    if credentials is None:
        _show(let_in(run(lambda hub: hub.integrations.get(integration)), silent=as_json), as_json)
    else:
        _show(run(lambda hub: hub.integrations.authorize(integration, credentials)), as_json)


def _asked_name(*, asks: bool) -> str:
    if not asks:
        raise typer.BadParameter("say how it is to be called.", param_hint="--name")
    return prompting.ask_text("Name")


def _asked_settings(channel: str, given: dict[str, Any]) -> dict[str, str]:
    """Ask for all settings, or, where some were given, for those that must be."""
    model = run(lambda hub: _settings_of(hub, channel))
    wanted = [name for name, field in model.model_fields.items() if not given or field.is_required()]
    return prompting.ask_fields(model, [name for name in wanted if name not in given])


async def _settings_of(hub: "Hub", channel: str) -> "type[BaseModel]":
    return hub.channels.channel(channel).info.settings


@contextmanager
def _gone_if_cancelled(added: "Integration") -> "Iterator[None]":
    """Take back what was just added where somebody presses Ctrl-C, unless the store has let the hub in meanwhile."""
    try:
        yield
    except (KeyboardInterrupt, typer.Exit):
        with _undisturbed():
            if run(lambda hub: _erased(hub, added)):
                complain(f"'{added.name}' was not added.")
        raise


@contextmanager
def _undisturbed() -> "Iterator[None]":
    """Let another Ctrl-C pass unheard while the first one is obeyed."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


async def _erased(hub: "Hub", added: "Integration") -> bool:
    waits = (await hub.integrations.get(added.id)).connection == "awaiting_authorization"
    if waits:
        await hub.integrations.remove(added.id)
    return waits


async def _with_next_step(hub: "Hub", name: str, error: InputError) -> InputError:
    """Add to what is said how to go on: with one of that name that was begun, or with other settings and rules."""
    if "name" in error.fields:
        with suppress(HubError):
            there = await hub.integrations.get(name)
            if there.connection == "awaiting_authorization":
                return ConflictError(f"'{there.name}' was begun already; to go on with it, run: {go_on(there)}")
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
