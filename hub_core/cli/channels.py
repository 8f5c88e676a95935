"""`hub channels`."""

from typing import TYPE_CHECKING, Any

from hub_core.cli.output import document, listed, say, table
from hub_core.cli.running import AsJson, quiet

if TYPE_CHECKING:
    from hub_core.channels.channel import Channel
    from hub_core.domain.channels import ChannelFault


def channels(as_json: AsJson = False) -> None:
    """List the installed channels, and faulty plugins.

    Example: hub channels

    A plugin that cannot be used is listed with the reason.
    """
    from hub_core.channels.registry import ChannelRegistry
    from hub_core.settings import HubSettings

    quiet()
    registry = ChannelRegistry.load(allowed=HubSettings.load().channels)
    found = list(registry.channels.values())
    if as_json:
        observers = [{**_fault(fault), "observer": True} for fault in registry.observer_faults]
        document([*map(_channel, found), *map(_fault, registry.faults), *observers])
        return
    rows = [
        {
            "key": one.key,
            "company": one.info.company,
            "version": one.version,
            "can do": listed(one.capabilities),
            "needs": listed(_needs(one)),
        }
        for one in found
    ]
    table(rows, "No channel is installed; install a plugin such as hub-channel-threedcart.")
    for fault in registry.faults:
        origin = f" of {fault.distribution}" if fault.distribution else ""
        say(f"The channel '{fault.key}'{origin} cannot be used: {fault.reason}")
    for fault in registry.observer_faults:
        say(f"The observer '{fault.key}' of {fault.distribution} cannot be used: {fault.reason}")


def _needs(channel: "Channel") -> list[str]:
    """List the settings without which no store of the channel can be added."""
    return [name for name, field in channel.info.settings.model_fields.items() if field.is_required()]


def _channel(channel: "Channel") -> dict[str, Any]:
    info = channel.info
    return {
        "key": channel.key,
        "company": info.company,
        "description": info.description,
        "distribution": channel.distribution,
        "version": channel.version,
        "capabilities": list(channel.capabilities),
        "application_schema": None if info.application is None else info.application.model_json_schema(),
        "settings_schema": info.settings.model_json_schema(),
        "credentials_schema": info.credentials.model_json_schema(),
        "fault": None,
    }


def _fault(fault: "ChannelFault") -> dict[str, Any]:
    return {"key": fault.key, "distribution": fault.distribution, "capabilities": [], "fault": fault.reason}
