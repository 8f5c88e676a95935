"""Which addresses the hub may call: none that leads into a private network, whatever it looks like."""

from __future__ import annotations

import re
import socket
from ipaddress import IPv4Address, ip_address, ip_network

import httpx

from hub_core.domain.errors import PrivateNetworkError, ResponseError

ALLOW = "set HUB_ALLOW_PRIVATE_NETWORK=1 if that is meant"

_LONGEST_URL = 8192
_LONGEST_HOST = 253
_LONGEST_LABEL = 63
_PORTS = range(1, 65536)
_WEB_PORTS = (80, 443)
_FREE_PORTS = range(1024, 65536)
"""The others below 1024 belong to mail, files and the like: a hub is no way to knock at those."""

_UNREADABLE = re.compile(r"[\x00-\x20\x7f\\]")
_AUTHORITY_END = re.compile(r"[/?#]")
_NUMERIC_END = re.compile(r"(?:.*\.)?(?:[0-9]+|0x[0-9a-f]*)\.?", re.IGNORECASE)
"""A host whose last part is a number, decimal or hex, is an IPv4 address in one of its old forms, or nothing."""

# From the special-purpose registries of IANA, besides what Python's own tables (they vary by version) already say.
_NEVER_V4 = tuple(
    ip_network(text)
    for text in (
        "0.0.0.0/8",
        "100.64.0.0/10",
        "168.63.129.16/32",  # the host of a virtual machine at Azure
        "192.0.0.0/24",
        "192.88.99.0/24",
        "198.18.0.0/15",
        "224.0.0.0/3",
    )
)
_UNICAST_V6 = ip_network("2000::/3")
_NEVER_V6 = tuple(
    ip_network(text)
    for text in (
        "2001::/23",  # Teredo, ORCHID, benchmarks and others
        "2001:db8::/32",
        "2002::/16",  # 6to4: any IPv4 address in disguise
        "3fff::/20",
    )
)
_ISATAP = (b"\0\0\x5e\xfe", b"\2\0\x5e\xfe")
"""What stands before an IPv4 address in the lower half of an address of that tunnel (RFC 5214)."""


def private(host: str) -> PrivateNetworkError:
    """Make the error that names *host* as it was given: what it resolves to is nobody's business outside."""
    return PrivateNetworkError(f"The address {host} leads into a private network; {ALLOW}.")


def is_public(address: str) -> bool:
    """Tell whether a numeric *address* belongs to the public internet; forms that hide another address do not."""
    try:
        ip = ip_address(address)
    except ValueError:
        return False
    if not ip.is_global or ip.is_multicast or ip.is_reserved:
        return False
    if isinstance(ip, IPv4Address):
        return not any(ip in network for network in _NEVER_V4)
    hidden = ip.scope_id is not None or ip.packed[8:12] in _ISATAP or any(ip in network for network in _NEVER_V6)
    return ip in _UNICAST_V6 and not hidden


def address_fault(url: str, *, allow_private: bool = False) -> str | None:
    """Say in a sentence what is wrong with the form of *url*, without asking the network; None if nothing is."""
    if len(url) > _LONGEST_URL or _UNREADABLE.search(url):
        return "The address has blanks or other characters that no web address has; enter it again."
    try:
        parsed = httpx.URL(url)
        port = parsed.port
    except (httpx.InvalidURL, ValueError):
        return "The address cannot be read as a web address; enter it like https://www.example.com."
    if "@" in _AUTHORITY_END.split(url.partition("//")[2], maxsplit=1)[0]:
        return "The address holds a user name or password; leave out everything before the @."
    return _scheme_fault(parsed, allow_private) or _host_fault(parsed.host, port, allow_private)


def check_address(url: str, *, allow_private: bool = False) -> httpx.URL:
    """Read *url*. Raises ResponseError where its form is one that the hub does not call."""
    fault = address_fault(url, allow_private=allow_private)
    if fault:
        raise ResponseError(fault)
    return httpx.URL(url)


def _scheme_fault(url: httpx.URL, allow_private: bool) -> str | None:  # noqa: FBT001 - private
    if url.scheme == "https" or (url.scheme == "http" and allow_private):
        return None
    if url.scheme == "http":
        return "The address must begin with https://, or what is sent can be read on the way."
    return "The address must begin with https://."


def _host_fault(host: str, port: int | None, allow_private: bool) -> str | None:  # noqa: FBT001 - private
    labels = host.removesuffix(".").split(".")
    if not all(labels) or max(map(len, labels)) > _LONGEST_LABEL or len(host) > _LONGEST_HOST:
        return "The address names no host; enter it like https://www.example.com."
    if "%" in host:
        return f"The address names a network interface ({host}); enter it like https://www.example.com."
    if port is not None and port not in _PORTS:
        return f"There is no port {port}; leave it out."
    if allow_private:
        return None
    return _public_fault(host, port)


def _public_fault(host: str, port: int | None) -> str | None:
    if port is not None and port not in _WEB_PORTS and port not in _FREE_PORTS:
        return f"The port {port} is none that a web store has; leave it out."
    if _is_local_name(host) or not is_public(_numeric(host) or "1.1.1.1"):
        return str(private(host))
    return None


def _is_local_name(host: str) -> bool:
    return host.rstrip(".").lower().rpartition(".")[2] in {"localhost", "local", "internal", "localdomain"}


def _numeric(host: str) -> str | None:
    """Give the address that *host* writes out in numbers, in any of the old forms too; None for a name."""
    try:
        return str(ip_address(host))
    except ValueError:
        pass
    if not _NUMERIC_END.fullmatch(host):
        return None
    try:
        return str(IPv4Address(socket.inet_aton(host.rstrip("."))))
    except (OSError, ValueError):
        return "0.0.0.0"  # noqa: S104 - numbers that are no address: refused like this one
