"""The demo's store: the 3DCart sandbox in a process of its own."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import metadata

from hub_core.domain.errors import InputError

_COMMAND = "threedcart-sandbox"
_ORDERS = 12
_SECONDS_BETWEEN_ORDERS = 4
_PATIENCE = 5


@dataclass(frozen=True, slots=True)
class SandboxStore:
    """Where the sandbox is, and what opens it."""

    api_url: str
    address: str
    timezone: str
    private_key: str
    token: str


@contextmanager
def sandbox() -> Iterator[SandboxStore]:
    """Start the sandbox on a free port and yield its store; it ends with the `with`, or with this process."""
    if not metadata.entry_points(group="console_scripts", name=_COMMAND):
        raise InputError("The demo needs the 3DCart plugin; install it: pip install ./plugins/threedcart")
    arguments = ("--port", "0", "--orders", str(_ORDERS), "--new-order-every", str(_SECONDS_BETWEEN_ORDERS), "--json")
    child = subprocess.Popen(  # noqa: S603 - our own command, with fixed arguments
        (sys.executable, "-m", "hub_core.cli.demo.leash", _COMMAND, *arguments),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,  # Ctrl-C reaches this process alone, which then ends the child in good order
    )
    try:
        yield _store(child)
    finally:
        child.terminate()
        try:
            child.communicate(timeout=_PATIENCE)
        except subprocess.TimeoutExpired:
            child.kill()
            child.communicate()


def _store(child: "subprocess.Popen[bytes]") -> SandboxStore:
    line = child.stdout.readline() if child.stdout else b""
    try:
        told = json.loads(line)
    except ValueError:
        raise InputError("The sandbox did not start; try its command by itself: threedcart-sandbox") from None
    store = told["stores"][0]
    return SandboxStore(
        api_url=told["api_url"],
        address=store["address"],
        timezone=told["timezone"],
        private_key=store["private_key"],
        token=store["token"],
    )
