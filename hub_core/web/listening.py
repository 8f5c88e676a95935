"""The address that the hub listens on, taken before anything else starts."""

from __future__ import annotations

import errno
import ipaddress
import os
import socket
from typing import Final

from hub_core.domain.errors import SettingsError

_BACKLOG: Final = 2048
_REASONS: Final = {
    errno.EADDRINUSE: "Port {port} of {host} is in use already; stop the program that uses it, or set HUB_PORT.",
    errno.EACCES: "The hub may not listen on port {port} of {host}; set HUB_PORT to a port above 1023.",
    errno.EADDRNOTAVAIL: "{host} is no address of this machine; set HUB_HOST to one that is, such as 127.0.0.1.",
}


def listen(host: str, port: int) -> socket.socket:
    """Listen on an address; port 0 takes any free one. Raises SettingsError where that cannot be."""
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    except (socket.gaierror, UnicodeError) as error:
        raise SettingsError(f"HUB_HOST names no address: '{host}'; set it to one, such as 127.0.0.1.") from error
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        if os.name == "posix":  # else a restart would wait for the connections of the process before
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        reason = _REASONS.get(error.errno or 0, f"The hub cannot listen on port {{port}} of {{host}} ({error}).")
        raise SettingsError(reason.format(host=host, port=port)) from error
    return listener


def address_of(listener: socket.socket) -> str:
    """Give the address as people type it."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def is_loopback(listener: socket.socket) -> bool:
    """Tell whether only this machine reaches the address."""
    return ipaddress.ip_address(listener.getsockname()[0].partition("%")[0]).is_loopback
