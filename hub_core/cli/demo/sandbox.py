"""The demo's stores: the 3DCart sandbox in a process of its own."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import metadata

from hub_core.domain.errors import InputError

_COMMAND = "threedcart-sandbox"
_STORES = 2
_ORDERS = 6
_PRODUCTS = 8
_SECONDS_BETWEEN_ORDERS = 8
_PATIENCE = 5


@dataclass(frozen=True, slots=True)
class SandboxStore:
    """A store of the sandbox, and what opens it."""

    address: str
    private_key: str
    token: str


@dataclass(frozen=True, slots=True)
class SandboxStores:
    """Where the sandbox is, and its stores, which sell the same."""

    api_url: str
    timezone: str
    stores: tuple[SandboxStore, ...]


@contextmanager
def sandbox() -> Iterator[SandboxStores]:
    """Start the sandbox on a free port and yield its stores; it ends with the `with`, or with this process."""
    if not metadata.entry_points(group="console_scripts", name=_COMMAND):
        raise InputError("The demo needs the 3DCart plugin; install it: pip install ./plugins/threedcart")
    chosen = {
        "--port": 0,
        "--stores": _STORES,
        "--orders": _ORDERS,
        "--products": _PRODUCTS,
        "--new-order-every": _SECONDS_BETWEEN_ORDERS,
    }
    arguments = [str(word) for pair in chosen.items() for word in pair]
    child = subprocess.Popen(  # noqa: S603 - our own command, with fixed arguments
        (sys.executable, "-m", "hub_core.cli.demo.leash", _COMMAND, *arguments, "--shared-products", "--json"),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=_environment(),
        start_new_session=True,  # Ctrl-C reaches this process alone, which then ends the child in good order
    )
    try:
        yield _stores(child)
    finally:
        child.terminate()
        try:
            child.communicate(timeout=_PATIENCE)
        except subprocess.TimeoutExpired:
            child.kill()
            child.communicate()


def _environment() -> dict[str, str]:
    """Give the child the environment without the hub's own settings, some of which are secrets."""
    return {name: value for name, value in os.environ.items() if not name.upper().startswith("HUB_")}


def _stores(child: "subprocess.Popen[bytes]") -> SandboxStores:
    line = child.stdout.readline() if child.stdout else b""
    try:
        told = json.loads(line)
    except ValueError:
        raise InputError("The sandbox did not start; try its command by itself: threedcart-sandbox") from None
    stores = (SandboxStore(one["address"], one["private_key"], one["token"]) for one in told["stores"])
    return SandboxStores(api_url=told["api_url"], timezone=told["timezone"], stores=tuple(stores))
