"""What can go wrong on the way to a store, as errors of the hub."""

from __future__ import annotations

import re
import ssl
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import anyio
import httpcore
import httpx

from hub_core.channels.body import CutError
from hub_core.channels.response import Answer
from hub_core.domain.errors import (
    AuthorizationError,
    ChannelError,
    PermissionMissingError,
    ResponseError,
    UnavailableError,
)

LONGEST_WAIT = 15.0
"""Seconds that a request waits at most, for its budget or before it is repeated; what is longer the engine waits."""

SHORTEST_CLOSURE = 5.0
"""Seconds that nobody asks a store which says that it is asked too much, where it says no longer time."""

LONGEST_CLOSURE = 3600.0
"""Seconds after which a store is asked again at the latest, however long it wants to be left alone."""

_UNAUTHORIZED, _FORBIDDEN, _TIMEOUT, _TOO_MANY, _SERVER_FAULT, _UNAVAILABLE = 401, 403, 408, 429, 500, 503
_LATER = "The hub tries again later."
_AGES = 1000 * 86_400

_TIMEOUTS = (TimeoutError, httpx.TimeoutException, httpcore.TimeoutException)
_CONNECTING = (httpx.ConnectError, httpcore.ConnectError, httpx.ProxyError, httpcore.ProxyError)
_BROKEN = (
    CutError,
    ssl.SSLError,
    OSError,
    httpx.NetworkError,
    httpcore.NetworkError,
    httpx.RemoteProtocolError,
    httpcore.RemoteProtocolError,
    anyio.BrokenResourceError,
    anyio.ClosedResourceError,
    anyio.EndOfStream,
)
_REFUSED = (httpx.LocalProtocolError, httpcore.LocalProtocolError, httpx.InvalidURL)
_SENSELESS = (
    zlib.error,
    httpx.HTTPError,
    httpx.StreamError,
    httpcore.ProtocolError,
    httpcore.UnsupportedProtocol,
)


def pause_wanted(error: Exception) -> float | bool:
    """Tell stamina that the request is worth repeating; it need not wait itself."""
    return 0.0 if isinstance(error, UnavailableError) and error.passing else False


@contextmanager
def translated(host: str) -> Iterator[None]:
    """Turn what the HTTP libraries raise into errors of the hub.

    Only faults of connecting are kept as cause: others may quote what was sent, or what the store chose to send.
    """
    try:
        yield
    except _TIMEOUTS:
        raise UnavailableError(f"{host} did not answer in time. {_LATER}", passing=True) from None
    except _CONNECTING as error:
        raise _unreachable(host, error) from error
    except _BROKEN:
        raise UnavailableError(f"The connection to {host} broke off. {_LATER}", passing=True) from None
    except _REFUSED:
        raise ResponseError(
            f"What was to be sent to {host} is no proper HTTP; check the credentials and the address of the store."
        ) from None
    except _SENSELESS:
        raise ResponseError(
            f"{host} answered in a way that is no proper HTTP; check the address of the store."
        ) from None


def _unreachable(host: str, error: BaseException) -> ChannelError:
    causes = list(_causes(error))
    for cause in causes:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return UnavailableError(
                f"{host} shows a certificate that is not valid ({cause.verify_message}), so the hub sends it nothing; "
                "renew the certificate or check the address."
            )
    if any(isinstance(cause, ssl.SSLError) for cause in causes):
        return UnavailableError(f"{host} does not speak HTTPS as it should; check the address. {_LATER}", passing=True)
    if any(isinstance(cause, ConnectionRefusedError) for cause in causes):
        return UnavailableError(f"{host} refuses connections; check the address. {_LATER}", passing=True)
    detail = f": {error}" if str(error).startswith("its name") else ""
    return UnavailableError(f"{host} cannot be reached{detail}; check the address. {_LATER}", passing=True)


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """Read Retry-After (seconds or an HTTP date) as seconds from *now*; None where it says nothing.

    A date counts from the store's own, where it tells that: its clock may not go like ours.
    """
    text = headers.get("retry-after", "").strip()
    if re.fullmatch(r"[0-9]+(\.[0-9]*)?", text):
        return float(text)
    moment = _moment(text)
    if moment is None:
        return None
    return max(0.0, (moment - (_moment(headers.get("date", "")) or now)).total_seconds())


def _moment(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return moment.replace(tzinfo=moment.tzinfo or UTC)


def is_throttled(status: int) -> bool:
    """Tell whether the store says that it is asked too much; some, such as 3DCart, leave open with which status."""
    return status in {_TOO_MANY, _UNAVAILABLE}


def closure(wish: float | None) -> float:
    """Give the seconds that nobody asks a store which wants to be left alone for *wish*, or does not say how long."""
    return min(max(wish or 0.0, SHORTEST_CLOSURE), LONGEST_CLOSURE)


def spoken(seconds: float) -> str:
    """Say a time in the unit that fits."""
    if seconds > _AGES:
        return "years"
    for name, unit in (("days", 86_400), ("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * unit:
            return f"{seconds / unit:.0f} {name}"
    return f"{seconds:.0f} s"


def of_status(answer: Answer, what: str, wish: float | None) -> ChannelError:
    """Make the error for a status that nobody expected; *what* was asked, *wish* is how long the store wants us away.

    That is obeyed up to an hour, and no shorter than `closure` where the store says that it is asked too much.
    """
    status, host = answer.status, answer.host
    if status == _UNAUTHORIZED:
        return AuthorizationError(f"{host} does not accept the hub's credentials (401); reauthorise the integration.")
    if status == _FORBIDDEN:
        return PermissionMissingError(
            what, f"{host} does not let the hub do '{what}' (403); grant that right in the store and verify again."
        )
    if status in {_TIMEOUT, _TOO_MANY} or status >= _SERVER_FAULT:
        return _unavailable(answer, wish)
    return ResponseError(
        f"{host} answered {what} with status {status} {answer.excerpt()}, which the hub does not understand; "
        "check the address of the store, and report it if it stays so."
    )


def _unavailable(answer: Answer, wish: float | None) -> UnavailableError:
    obeyed = None if wish is None else min(wish, LONGEST_CLOSURE)
    wait = closure(wish) if is_throttled(answer.status) else obeyed
    later = _LATER if wait is None else f"The hub asks again in {spoken(wait)}."
    if wish is not None and wish > LONGEST_CLOSURE:
        later = f"It wants to be left alone for {spoken(wish)}; the hub asks again in {spoken(LONGEST_CLOSURE)}."
    return UnavailableError(
        f"{answer.host} {_why(answer.status)} ({answer.status}). {later}",
        retry_after=wait,
        passing=wait is None or wait <= LONGEST_WAIT,
    )


def _why(status: int) -> str:
    if status == _TOO_MANY:
        return "is asked too often"
    return "did not get the request in time" if status == _TIMEOUT else "has a fault of its own"
