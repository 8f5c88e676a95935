"""Where the demo lives: a folder and an environment that have nothing to do with the user's own hub."""

import os
import shutil
import socket
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from hub_core.cli.output import complain
from hub_core.domain.errors import InputError

_HOST = "127.0.0.1"
_PORT = 8000
_LAST_PORT = 65_535


@contextmanager
def demo_home(keep: bool) -> Iterator[Path]:
    """Make a folder for the demo, and remove it at the end unless it is to *keep*."""
    try:
        home = Path(tempfile.mkdtemp(prefix="hub-demo-"))
    except OSError as error:
        raise InputError(f"The demo finds no room for a folder ({error.strerror}); set TMPDIR to one.") from error
    try:
        yield home
    finally:
        if not keep:
            shutil.rmtree(home, ignore_errors=True)


def environment(home: Path, api_url: str) -> dict[str, str]:
    """Give the settings of the demo; each is named, so that none of the user's environment or .env takes part."""
    chosen = os.environ.get("HUB_PORT", "")
    port = free_port(int(chosen) if chosen.isdecimal() and int(chosen) <= _LAST_PORT else _PORT)
    return {
        "HUB_HOME": str(home),
        "HUB_DATABASE_URL": f"sqlite:///{home / 'hub.db'}",
        "HUB_SECRET_KEYS": "",
        "HUB_HOST": _HOST,
        "HUB_PORT": str(port),
        "HUB_PUBLIC_URL": f"http://{_HOST}:{port}",
        "HUB_ALLOW_PRIVATE_NETWORK": "1",
        "HUB_CHANNELS": "threedcart",
        "THREEDCART_API_URL": api_url,
        "THREEDCART_RATE": "",
    }


def free_port(wanted: int) -> int:
    """Give *wanted* if it is free on this machine, else another port that is."""
    for port in (wanted, 0):
        with closing(socket.socket()) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((_HOST, port))
            except OSError:
                continue
            found: int = probe.getsockname()[1]
            if found != wanted:
                complain(f"Port {wanted} is in use, so the demo takes {found}.")
            return found
    raise InputError(f"No port of {_HOST} is free; end a program that listens there and try again.")
