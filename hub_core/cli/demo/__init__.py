"""`hub demo`: the hub beside two local stores, to see it work."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, NoReturn

import typer

from hub_core.cli.output import say


def demo(
    keep: Annotated[bool, typer.Option("--keep", help="Keep the demo's folder at the end.")] = False,
) -> None:
    """Start the hub beside two local 3DCart stores.

    Example: hub demo

    The stores sell the same. Their orders are shown as they arrive, and how a sale in one lowers
    the stock of the other. Everything is in a folder of its own, which is
    removed at the end; your own hub is not touched. Ctrl-C ends it.
    """
    from hub_core.cli.demo.place import demo_home, environment
    from hub_core.cli.demo.sandbox import sandbox
    from hub_core.cli.demo.scene import prepare, tell
    from hub_core.cli.demo.watch import watching
    from hub_core.settings import HubSettings
    from hub_core.web.serve import run

    with _ends_on_signal(), demo_home(keep) as home, sandbox() as stores:
        os.environ.update(environment(home, stores.api_url))
        settings = HubSettings.load()
        tell(settings, prepare(settings, stores))
        with watching(settings):
            code = run(settings)
    if keep:
        say(f"The demo's folder is kept: {home}")
    raise typer.Exit(code)


_ENDING = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
"""What ends a demo: being asked to, and a terminal that is closed."""


@contextmanager
def _ends_on_signal() -> Iterator[None]:
    """Let a signal unwind this process as Ctrl-C does, so that nothing of the demo is left over."""

    def end(number: int, frame: object) -> NoReturn:
        del frame
        raise SystemExit(128 + number)

    before = {number: signal.signal(number, end) for number in _ENDING}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
