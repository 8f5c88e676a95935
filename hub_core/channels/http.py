"""The HTTP client that a store handle carries: the one place where HTTP turns into hub errors."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import httpx
import msgspec
import stamina

from hub_core.channels import faults, quiet
from hub_core.channels.body import ENCODINGS, Limits, as_utf8, read_body
from hub_core.channels.network import check_address
from hub_core.channels.redaction import Redactor
from hub_core.channels.response import Answer
from hub_core.channels.scrub import scrubber
from hub_core.channels.transport import GuardedTransport
from hub_core.domain.budget import Budget
from hub_core.domain.clock import Clock
from hub_core.domain.errors import AuthorizationError, BudgetError, ResponseError, UnavailableError

__all__ = ["LONGEST_EXCHANGE", "Answer", "Limits", "StoreHttp"]

LOG = logging.getLogger("hub_core.http")

ATTEMPTS = 4
"""How often a safe request is sent at most."""

_TIMEOUTS = httpx.Timeout(connect=10, read=120, write=30, pool=30)
"""Reading takes long where a store needs a minute for a page of orders, as 3DCart's do."""

LONGEST_EXCHANGE = 300.0
"""Seconds after which a request that left has been answered, or is not waited for any more."""

_LIMITS = Limits()
_LONGEST_SPREAD = 2.5
_LONGEST_REPEATING = 150.0
_SAFE = frozenset({"GET", "HEAD"})
_REDIRECTS = 5
_REDIRECT_STATUSES = frozenset({301, 302, 303, 307, 308})
_HEADERS = {"accept": "*/*", "accept-encoding": ENCODINGS, "user-agent": "hub-core"}
_OF_A_BODY = frozenset({"content-length", "content-type", "transfer-encoding"})
_JSON = msgspec.json.Encoder(decimal_format="number")


@dataclass(frozen=True, slots=True)
class _Call:
    """One request as the plugin asked for it."""

    request: httpx.Request
    expect: Collection[int]
    budget: str
    cost: int

    @property
    def safe(self) -> bool:
        return self.request.method in _SAFE


class StoreHttp:
    """Talks to one store: within its rate budget, with retries of safe requests, size limits and a guarded network.

    *scrub* names the members, *scrub_parameters* the parameters of addresses, whose values never come in; *secrets*
    are the values that no error or log may show.
    """

    def __init__(  # noqa: PLR0913 - built in one place, by keyword
        self,
        *,
        budget: Budget,
        clock: Clock,
        scrub: Sequence[str] = (),
        scrub_parameters: Sequence[str] = (),
        secrets: Sequence[str] = (),
        allow_private: bool = False,
        timeouts: httpx.Timeout = _TIMEOUTS,
        limits: Limits = _LIMITS,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self.calls = 0
        self.writes = 0
        self.waited = 0.0
        self._budget = budget
        self._clock = clock
        self._scrubber = scrubber(tuple(scrub), tuple(scrub_parameters))
        self._redact = Redactor(secrets)
        self._allow_private = allow_private
        self._limits = limits
        # Without httpx's client on top: it would read a redirect's location even where it does not follow, and keep
        # cookies, read netrc files and proxy settings, and log whole addresses.
        self._transport = transport or GuardedTransport(allow_private=allow_private)
        self._extensions = {"timeout": timeouts.as_dict()}

    async def __aenter__(self) -> Self:
        """Give the client itself."""
        return self

    async def __aexit__(self, *details: object) -> None:
        """Close the connections."""
        await self.aclose()

    async def aclose(self) -> None:
        """Close the connections."""
        await self._transport.aclose()

    async def request(  # noqa: PLR0913 - all by keyword
        self,
        method: str,
        url: str,
        *,
        params: Mapping[str, str | int] | None = None,
        headers: Mapping[str, str] | None = None,
        json: Any = None,
        form: Mapping[str, str] | None = None,
        expect: Collection[int] = (),
        budget: str = "default",
        cost: int = 1,
    ) -> Answer:
        """Send one request and give its answer: any 2xx, and those statuses that the caller *expect*s to handle.

        Each time that it is sent, also again or where a redirect leads, takes *cost* of the rate budget *budget*.
        Raises AuthorizationError (401), PermissionMissingError (403), UnavailableError (no connection, timeout, 408,
        429, 5xx; safe requests are tried again before), ResponseError (anything else), BudgetError (the rate limit
        would have it wait longer than 15 s), PluginError (there is no such budget, or the cost is below one).
        """
        address = check_address(url, allow_private=self._allow_private)
        with faults.translated(address.host):
            address = address.copy_merge_params(params) if params else address
            request = self._build(method, address, headers or {}, json, form)
        with quiet.libraries():
            return await self._repeat(_Call(request, expect, budget, cost))

    async def throttled(self, budget: str = "default", retry_after: float | None = None) -> float:
        """Note that the store says it is asked too much: nobody asks it meanwhile, and all more slowly afterwards.

        Gives the seconds that it is left alone: *retry_after*, but 5 at least and an hour at most. After 429 and 503
        this is done already; a channel does it where its platform says so in other ways, and then raises
        UnavailableError.
        """
        pause = faults.closure(retry_after)
        await self._budget.throttled(budget, pause)
        return pause

    def _build(
        self, method: str, url: httpx.URL, headers: Mapping[str, str], json: Any, form: Mapping[str, str] | None
    ) -> httpx.Request:
        for name, value in headers.items():
            if not value.isprintable() or not value.isascii():
                raise AuthorizationError(
                    f"What the hub should send as '{name}' holds characters that cannot be sent; enter it again."
                )
        kind = {} if json is None else {"content-type": "application/json"}
        return httpx.Request(
            method.upper(),
            url,
            headers={**_HEADERS, **kind, **headers},
            content=None if json is None else _JSON.encode(json),
            data=None if form is None else {**form},
            extensions=self._extensions,
        )

    async def _repeat(self, call: _Call) -> Answer:
        if not call.safe:
            return await self._follow(call)
        pause = 0.0
        # The library decides whether and how long to wait; the waiting itself is done by the hub's own clock.
        async for attempt in stamina.retry_context(
            on=faults.pause_wanted,
            attempts=ATTEMPTS,
            timeout=_LONGEST_REPEATING,
            wait_initial=0.5,
            wait_jitter=0,
        ):
            with attempt:
                await self._wait(pause)
                pause = attempt.next_wait
                try:
                    return await self._follow(call)
                except UnavailableError as error:
                    pause = max(pause, error.retry_after or 0)
                    LOG.debug("attempt %d: %s", attempt.num, error)
                    raise
        raise AssertionError  # the loop returns or raises

    async def _follow(self, call: _Call) -> Answer:
        request = call.request
        for _ in range(_REDIRECTS + 1):
            answer = await self._exchange(request, call)
            if answer.status not in _REDIRECT_STATUSES or answer.status in call.expect:
                return answer
            request = self._redirected(request, answer)
        raise ResponseError(
            f"{request.url.host} redirects the hub more than {_REDIRECTS} times; check the address of the store."
        )

    def _redirected(self, request: httpx.Request, answer: Answer) -> httpx.Request:
        here = request.url
        try:
            there = here.join(answer.headers["location"])
            host = there.host  # read here, since one that pretends to be encoded is found out only now
        except (KeyError, ValueError, httpx.InvalidURL):
            raise ResponseError(
                f"{here.host} redirects, but not to a readable address; check the address of the store."
            ) from None
        if request.method not in _SAFE or not _is_same_host(here, there):
            raise ResponseError(
                f"{here.host} redirects to {self._redact(host)[:200]!r}, which the hub does not follow; "
                "check the address of the store."
            )
        check_address(str(there), allow_private=self._allow_private)
        kept = {name: value for name, value in request.headers.items() if name not in _OF_A_BODY}
        return httpx.Request(request.method, there, headers=kept, extensions=self._extensions)

    async def _exchange(self, request: httpx.Request, call: _Call) -> Answer:
        await self._admit(call, request.url.host)
        self.calls += 1
        self.writes += not call.safe
        started = self._clock.monotonic()
        with faults.translated(request.url.host):
            async with asyncio.timeout(LONGEST_EXCHANGE):
                response = await self._transport.handle_async_request(request)
                try:
                    body = await read_body(response, request.url.host, self._limits)
                finally:
                    await response.aclose()
        self._log(request, response.status_code, self._clock.monotonic() - started)
        cleaned = self._scrubber.cut(as_utf8(body, response.charset_encoding))
        answer = Answer(
            response.status_code, response.headers, cleaned.text, request.url.host, cleaned.members, self._redact
        )
        return await self._checked(call, answer)

    async def _checked(self, call: _Call, answer: Answer) -> Answer:
        if httpx.codes.is_success(answer.status) or answer.status in _REDIRECT_STATUSES:
            return answer
        wish = faults.retry_after(answer.headers, self._clock.now())
        if faults.is_throttled(answer.status):
            await self.throttled(budget=call.budget, retry_after=wish)
        if answer.status in call.expect:
            return answer
        raise faults.of_status(answer, f"{call.request.method} {self._redact(call.request.url.path)}", wish)

    async def _admit(self, call: _Call, host: str) -> None:
        waited = 0.0
        while wait := await self._budget.take(call.budget, call.cost):
            if waited + wait > faults.LONGEST_WAIT:
                raise BudgetError(
                    f"The rate limit of {host} leaves no room now; the hub goes on in {faults.spoken(wait)}.",
                    retry_after=_spread(wait),
                )
            waited += await self._wait(wait)

    async def _wait(self, seconds: float) -> float:
        if seconds <= 0:
            return 0.0
        seconds = _spread(seconds)
        await self._clock.sleep(seconds)
        self.waited += seconds
        return seconds

    def _log(self, request: httpx.Request, status: int, seconds: float) -> None:
        if LOG.isEnabledFor(logging.DEBUG):
            url = request.url
            LOG.debug(
                "%s %s %s: %d in %.0f ms", request.method, url.host, self._redact(url.path), status, seconds * 1000
            )


def _spread(seconds: float) -> float:
    """Make a wait a little longer, so that those who wait together do not come back together."""
    return seconds + random.uniform(0, min(seconds, _LONGEST_SPREAD) / 10)  # noqa: S311 - spreads load, guards nothing


def _is_same_host(here: httpx.URL, there: httpx.URL) -> bool:
    upgraded = (here.scheme, here.port, there.scheme) == ("http", None, "https")
    return here.host == there.host and here.port == there.port and (here.scheme == there.scheme or upgraded)
