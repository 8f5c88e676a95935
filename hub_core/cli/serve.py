"""`hub serve`."""

import typer


def serve() -> None:
    """Start the hub: sync on its own, answer the HTTP API.

    Example: hub serve

    HUB_HOST and HUB_PORT say where it listens. Ctrl-C ends it.
    """
    from hub_core.settings import HubSettings
    from hub_core.web.serve import run

    raise typer.Exit(run(HubSettings.load()))
