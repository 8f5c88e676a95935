"""Which addresses the hub may call: none that leads into a private network, whatever it looks like."""

from __future__ import annotations

import re
import socket
from functools import lru_cache
from ipaddress import IPv4Address, ip_address, ip_network

import httpx

from hub_core.domain.errors import PrivateNetworkError, ResponseError

ALLOW = "set HUB_ALLOW_PRIVATE_NETWORK=1 if that is meant"

_LONGEST_URL = 8192
_LONGEST_HOST = 253
_PORTS = range(1, 65536)
_WEB_PORTS = (80, 443)
_FREE_PORTS = range(1024, 65536)
"""The others below 1024 belong to mail, files and the like: a hub is no way to knock at those."""

_LOCAL_NAMES = frozenset(
    ("arpa", "corp", "home", "internal", "intranet", "lan", "local", "localdomain", "localhost", "private")
)
"""Last parts of names that no store on the internet has, but networks at home (`.home.arpa`) and at work do."""

_UNREADABLE = re.compile(r"[\x00-\x20\x7f-\xa0\\]")
_AUTHORITY_END = re.compile(r"[/?#]")
_HOST = re.compile(r"(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.?")
_PORT = re.compile(r"(?:\[[^\]]*\]|[^:\[\]]*)(?::[0-9]{0,5})?")
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
        host, port = parsed.host, parsed.port
    except (httpx.InvalidURL, ValueError):  # a host that pretends to be encoded is only read when it is asked for
        return "The address cannot be read as a web address; enter it like https://www.example.com."
    authority = _AUTHORITY_END.split(url.partition("//")[2], maxsplit=1)[0]
    if "@" in authority:
        return "The address holds a user name or password; leave out everything before the @."
    fault = _scheme_fault(parsed, allow_private) or _host_fault(parsed.raw_host.decode("ascii"))
    if fault is None and not (_PORT.fullmatch(authority) and (port is None or port in _PORTS)):
        return "The address has a port that there is none of; leave it out."
    return fault if fault or allow_private else _public_fault(host, port)


@lru_cache(maxsize=256)
def check_address(url: str, *, allow_private: bool = False) -> httpx.URL:
    """Read *url*. Raises ResponseError where its form is one that the hub does not call.

    Looking at one takes as long as reading ten products, and a store is asked at few addresses again and again.
    """
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


def _host_fault(host: str) -> str | None:
    """Judge the form of *host* as it is sent, which has the foreign letters of its name encoded."""
    if "%" in host and ":" in host:
        return f"The address names a network interface ({host}); enter it like https://www.example.com."
    is_name = len(host) <= _LONGEST_HOST and _HOST.fullmatch(host.lower())
    if not is_name and ":" not in host:
        return "The address names no host; enter it like https://www.example.com."
    return None


def _public_fault(host: str, port: int | None) -> str | None:
    if port is not None and port not in _WEB_PORTS and port not in _FREE_PORTS:
        return f"The port {port} is none that a web store has; leave it out."
    written = _numeric(host)
    is_elsewhere = not _is_local_name(host) if written is None else is_public(written)
    return None if is_elsewhere else str(private(host))


def _is_local_name(host: str) -> bool:
    """Tell whether only a private network can know the name: without a dot, or of a kind that is never handed out."""
    name, dot, last = host.rstrip(".").lower().rpartition(".")
    return not dot or not name or last in _LOCAL_NAMES


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
