"""`hub settings`."""

import os
from typing import TYPE_CHECKING

from hub_core.cli.output import document, table
from hub_core.cli.running import AsJson

if TYPE_CHECKING:
    from hub_core.settings import HubSettings

_MASK = "********"


def settings(as_json: AsJson = False) -> None:
    """Print the settings in force, secrets masked.

    Example: hub settings

    They come from the environment and from a file .env in the present folder.
    """
    from hub_core.settings import HubSettings

    loaded = HubSettings.load()
    of_channels = _of_channels(loaded)
    shown = _shown(loaded)
    if as_json:
        document(shown | of_channels)
        return
    names = {f"HUB_{name.upper()}": name for name in HubSettings.model_fields}
    rows = [
        {
            "setting": variable,
            "value": value,
            "": "" if name in loaded.model_fields_set else "(default)",
            "meaning": HubSettings.model_fields[name].description,
        }
        for variable, value in shown.items()
        for name in [names[variable]]
    ]
    table([*rows, *_rows_of_channels(of_channels)], "No settings.")


def _of_channels(loaded: "HubSettings") -> dict[str, object]:
    from hub_core.channels.registry import ChannelRegistry

    channels = ChannelRegistry.load(allowed=loaded.channels).channels.values()
    return {name: value for channel in channels for name, value in channel.info.environment.items()}


def _rows_of_channels(shown: dict[str, object]) -> list[dict[str, object]]:
    return [
        {
            "setting": variable,
            "value": value,
            "": "" if os.environ.get(variable) else "(default)",
            "meaning": "read by the channel itself",
        }
        for variable, value in shown.items()
    ]


def _shown(loaded: "HubSettings") -> dict[str, object]:
    return {
        "HUB_DATABASE_URL": _masked(loaded.url),
        "HUB_HOME": str(loaded.home),
        "HUB_SECRET_KEYS": _MASK if loaded.secret_keys else None,
        "HUB_HOST": loaded.host,
        "HUB_PORT": loaded.port,
        "HUB_PUBLIC_URL": loaded.address,
        "HUB_ALLOW_PRIVATE_NETWORK": int(loaded.allow_private_network),
        "HUB_CHANNELS": None if loaded.channels is None else ",".join(loaded.channels),
        "HUB_LOG_FORMAT": loaded.log_format,
    }


def _masked(address: str) -> str:
    """Write a database's address without its password, wherever in it that stands."""
    from hub_core.storage.database import parse_url

    url = parse_url(address)
    query = {name: _MASK if "password" in name else value for name, value in url.query.items()}
    return url.set(query=query).render_as_string(hide_password=True)
