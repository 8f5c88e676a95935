"""`hub worker`."""

from typing import TYPE_CHECKING, Annotated

import typer

from hub_core.cli.output import complain, listed

if TYPE_CHECKING:
    from hub_core.channels.registry import ChannelRegistry
    from hub_core.settings import HubSettings

_WRONG_USAGE = 2


def worker(
    channels: Annotated[
        list[str] | None,
        typer.Option("--channels", metavar="KEY", help="Only stores of this channel; may be repeated."),
    ] = None,
) -> None:
    """Sync beside `hub serve`, on this or another machine.

    Example: hub worker --channels threedcart

    All of them share one PostgreSQL database. Ctrl-C ends it.
    """
    from hub_core.settings import HubSettings
    from hub_core.storage.database import parse_url
    from hub_core.worker import run

    settings = HubSettings.load()
    if parse_url(settings.url).drivername == "sqlite":
        complain(
            "Workers share a PostgreSQL database, and this hub has a file of SQLite, whose stores 'hub serve' syncs "
            "alone. Set HUB_DATABASE_URL to a database of PostgreSQL, or run 'hub serve' without workers."
        )
        raise typer.Exit(_WRONG_USAGE)
    raise typer.Exit(run(settings, _loaded(settings, channels)))


def _loaded(settings: "HubSettings", wanted: list[str] | None) -> "ChannelRegistry":
    """Load the channels that were named, of those that the settings allow, and say which of them there are not."""
    from hub_core.channels.registry import ChannelRegistry

    registry = ChannelRegistry.load(allowed=settings.channels)
    if not registry.channels:
        complain("No channel is installed that this worker could sync; install a plugin, such as hub-threedcart.")
        raise typer.Exit(_WRONG_USAGE)
    if wanted is None:
        return registry
    keys = [key.strip() for each in wanted for key in each.split(",")]
    for key in keys:
        if key not in registry.channels:
            faults = [fault.reason for fault in registry.faults if fault.key == key]
            complain(
                f"The channel '{key}' cannot be used: {faults[0]}"
                if faults
                else f"There is no channel '{key}'. Name any of these: {listed(registry.channels)}."
            )
            raise typer.Exit(_WRONG_USAGE)
    return registry.only(keys)
