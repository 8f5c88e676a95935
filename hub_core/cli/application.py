"""`hub application`: the hub's own keys with a platform."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hub_core.cli import fields
from hub_core.cli.output import complain, say
from hub_core.cli.running import run

if TYPE_CHECKING:
    from hub_core.hub import Hub

app = typer.Typer(help="Set the hub's own keys with a platform.", no_args_is_help=True)


@app.callback()
def _application() -> None:
    """Set the hub's own keys with a platform."""


@app.command("set")
def set_keys(
    channel: Annotated[str, typer.Argument(help="Key of the channel.", metavar="CHANNEL", show_default=False)],
    given: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="A key that is no secret.", show_default=False),
    ] = None,
    files: Annotated[
        list[str] | None,
        typer.Option("--secret-file", metavar="KEY=FILE", help="A secret, read from a file.", show_default=False),
    ] = None,
) -> None:
    """Store the hub's own keys for a channel.

    Example: hub application set threedcart --set public_key=… --secret-file private_key=key.txt

    What is not given stays as it is. On a terminal, secrets that are not given are asked for.
    """
    open_values = fields.pairs(given or (), "--set")
    paths = fields.pairs(files or (), "--secret-file")
    schema = run(lambda hub: _schema(hub, channel))
    _refuse_secrets(schema, open_values)
    values = {**open_values, **{key: fields.read_secret(Path(path)) for key, path in paths.items()}}
    values |= _asked(schema, values)
    callback_url, return_url = run(lambda hub: _set(hub, channel, values))
    say(f"The application keys of {channel} are set. Addresses to register with the platform, where it asks for them:")
    say(f"  merchants come back to    {return_url}")
    if callback_url not in (None, return_url):
        say(f"  it posts what they grant  {callback_url}  (keep this one secret)")


async def _set(hub: "Hub", channel: str, values: dict[str, str]) -> tuple[str | None, str]:
    await hub.applications.set(channel, values)
    return await hub.applications.callback_url(channel), f"{hub.settings.address}/authorizations/{channel}"


async def _schema(hub: "Hub", channel: str) -> fields.Schema:
    """Give the JSON schema of the keys; the hub itself says that a channel has none."""
    model = hub.channels.channel(channel).info.application
    return {} if model is None else model.model_json_schema()


def _refuse_secrets(schema: fields.Schema, values: Mapping[str, str]) -> None:
    for key in fields.secrets_of(schema):
        if key in values:
            message = (
                f"{key} is a secret, and arguments are seen by others and kept in the shell's history. "
                f"Write it into a file and give --secret-file {key}=FILE, or leave it out to be asked for it."
            )
            raise typer.BadParameter(message, param_hint="--set")


def _asked(schema: fields.Schema, values: Mapping[str, Any]) -> dict[str, str]:
    """Ask for the secrets that were not given, and for the other keys as well where none was."""
    if not schema or not fields.can_ask():
        return {}
    wanted = fields.secrets_of(schema) if values else tuple(schema["properties"])
    missing = [name for name in wanted if name not in values]
    if missing:
        complain("Press Enter to leave one as it is.")
    return fields.ask(schema, missing, may_be_empty=True)
