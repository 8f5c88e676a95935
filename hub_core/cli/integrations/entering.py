"""Being let in at a store: what to do is said, and the answer taken from a person or awaited from the platform."""

import asyncio
from contextlib import closing, suppress
from typing import TYPE_CHECKING, Any, Final

from hub_core.cli import fields, prompting
from hub_core.cli.output import complain, listed
from hub_core.cli.running import command, run
from hub_core.domain.errors import HubError, InputError

if TYPE_CHECKING:
    from pydantic import BaseModel

    from hub_core.domain.integrations import Integration
    from hub_core.hub import Hub
    from hub_core.services.authorization import AuthorizationStart

_LOOK_SECONDS: Final = 0.5
_KNOCK_SECONDS: Final = 2.0
_LET_IN: Final = ("integration.connected", "integration.reauthorized")


def let_in(integration: "Integration", *, silent: bool) -> "Integration":
    """Say what the merchant has to do, and take his answer if he sits at the terminal."""
    newest, start = run(lambda hub: _begun(hub, integration))
    complain(f"To let the hub in at '{integration.name}':")
    for number, instruction in enumerate(start.instructions, 1):
        complain(f"  {number}. {instruction}")
    if start.url:
        complain(f"  Open {start.url}")
    asks = not silent and fields.can_ask()
    if start.method == "redirect":
        return _sent_away(integration, newest if asks else None)
    if asks:
        return _asked(integration)
    complain(f"Then write the answer into a file of JSON ({listed(start.fields.get('properties', ()))}) and run:")
    complain(f"  {go_on(integration)} --credentials-file FILE")
    return integration


def go_on(integration: "Integration") -> str:
    """Name the command that goes on with an authorisation."""
    return command("integrations", "reauthorise", integration.name)


async def _begun(hub: "Hub", integration: "Integration") -> "tuple[int, AuthorizationStart]":
    """Begin, and tell what the newest event was before."""
    return await hub.events.newest(), await hub.integrations.begin_authorization(integration.id)


def _sent_away(integration: "Integration", newest: int | None) -> "Integration":
    """Wait for him who signs in at the platform, where somebody is there to whom it sends him back.

    *newest* is the newest event before he was sent there; without it nobody waits.
    """
    if not run(_is_served):
        complain("The platform sends you back to the hub, which does not answer there; start it first: hub serve")
        complain(f"Then run: {go_on(integration)}")
        return integration
    if newest is None:
        complain("It must be done within 15 minutes; 'hub integrations show' tells what came of it.")
        return integration
    return run(lambda hub: _answered(hub, integration, newest))


async def _is_served(hub: "Hub") -> bool:
    """Tell whether `hub serve` answers where this hub's settings say."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(hub.settings.host, hub.settings.host)  # noqa: S104 - not bound here
    with suppress(OSError, TimeoutError):
        _, writer = await asyncio.wait_for(asyncio.open_connection(host, hub.settings.port), _KNOCK_SECONDS)
        with closing(writer):
            return True
    return False


async def _answered(hub: "Hub", integration: "Integration", newest: int) -> "Integration":
    complain("Waiting for you to come back from there; Ctrl-C ends it.")  # in the loop, which then hears it
    while await hub.integrations.is_begun(integration.id):
        await hub.parts.clock.sleep(_LOOK_SECONDS)
    events = await hub.events.after(newest, limit=200, integration=integration.id)
    if not any(event.type in _LET_IN for event in events):
        raise InputError(
            f"'{integration.name}' is not authorised; the page that you came back to says why. "
            f"To try again: {go_on(integration)}"
        )
    return await hub.integrations.get(integration.id)


def _asked(integration: "Integration") -> "Integration":
    settings, credentials = run(lambda hub: _models(hub, integration))
    complain("Now type in what the store gave you; press Enter to leave one out.")
    answer = prompting.ask_fields(credentials, tuple(credentials.model_fields), until_whole=True)
    try:
        return _authorized(integration, settings, answer)
    except HubError:
        complain(f"'{integration.name}' is not authorised. To try again: {go_on(integration)}")
        raise


def _authorized(integration: "Integration", settings: "type[BaseModel]", answer: dict[str, Any]) -> "Integration":
    """Try the answer at the store; where that leaves a setting open, such as the zone, ask for it and try again."""
    while True:
        try:
            return run(lambda hub: hub.integrations.authorize(integration.id, answer))
        except InputError as error:
            open_ones = [name for name in error.fields if name in settings.model_fields and name not in answer]
            _ask_for(open_ones, integration, settings, error)


def _ask_for(names: list[str], integration: "Integration", settings: "type[BaseModel]", error: InputError) -> None:
    """Ask for settings that turned out to be needed, and keep them. Raises *error* where they are not given."""
    if not names:
        raise error
    complain(str(error))
    more = prompting.ask_fields(settings, names)
    if len(more) < len(names):
        raise error
    run(lambda hub: hub.integrations.change(integration.id, settings=more))


async def _models(hub: "Hub", integration: "Integration") -> "tuple[type[BaseModel], type[BaseModel]]":
    info = hub.channels.channel(integration.channel).info
    return info.settings, info.credentials
