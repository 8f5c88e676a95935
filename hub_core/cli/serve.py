"""`hub serve`."""

import typer


def serve() -> None:
    """Start the hub: sync on its own, answer the HTTP API.

    Example: hub serve

    HUB_HOST and HUB_PORT say where it listens. Ctrl-C ends it.
    """
    import gc

    gc.disable()  # imports leave no garbage, but looking for it takes a tenth of the start; `run` switches it on again

    from hub_core.settings import HubSettings
    from hub_core.web.serve import run

    raise typer.Exit(run(HubSettings.load()))
