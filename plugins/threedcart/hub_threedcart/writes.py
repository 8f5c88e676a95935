"""Writing many figures with few requests, and finding the one that the platform will not take.

A request that fails as a whole says nothing about which entry was bad, so its entries are sent again in halves. An
entry of which the answer says nothing is read back: figures are absolute, so what the store has decides.
"""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Mapping, Sequence
from decimal import Decimal
from http import HTTPStatus
from typing import Any, Final, NamedTuple, Protocol

from hub_threedcart.answers import BAD_REQUEST, NOT_FOUND, SERVER_FAULT, TOO_LARGE
from hub_threedcart.client import StoreClient
from hub_threedcart.results import Result, results_of

MOST: Final = 100
"""Entries of a request: what clients keep to; the platform documents no limit."""
_FAILURES: Final = (BAD_REQUEST, NOT_FOUND, TOO_LARGE, SERVER_FAULT)
_PASSING: Final = (HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS)
_PATIENCE: Final = 3
"""Single entries in a row that may meet a fault of the server, until it is the server that is taken for broken."""


class Entry(NamedTuple):
    """A *figure* to write; *value* is what results call the entry."""

    value: str
    figure: int | Decimal


class Verdict(NamedTuple):
    """What the platform said of an entry: no fault, or one that may pass (*later*), or one that will not."""

    fault: str = ""
    later: bool = False


class Figures(Protocol):
    """Figures of one kind that are written at one path."""

    @property
    def resource(self) -> str:
        """Name the path below the API's root."""

    def body(self, entry: Entry) -> dict[str, Any]:
        """Write down an entry."""

    def name(self, value: str) -> str:
        """Name what *value* stands for, for a person."""

    async def held(self, values: Sequence[str]) -> Mapping[str, Decimal | None]:
        """Ask what the store has; what it no longer offers is left out, what it does not tell is None."""


class _Told(NamedTuple):
    """What one request brought: verdicts, and entries that have to be sent *again*."""

    verdicts: dict[str, Verdict]
    again: Sequence[Sequence[Entry]] = ()


class BulkWrite:
    """Writes *figures*."""

    def __init__(self, client: StoreClient, figures: Figures) -> None:
        self._client = client
        self._figures = figures

    async def verdicts(self, entries: Sequence[Entry]) -> AsyncIterator[dict[str, Verdict]]:
        """Write all *entries* and yield, as the store answers, what became of each, by its value."""
        parts = deque(entries[start : start + MOST] for start in range(0, len(entries), MOST))
        faults = 0
        while parts:
            if faults >= _PATIENCE:
                yield {entry.value: _BROKEN for part in parts for entry in part}
                return
            told = await self._send(parts.popleft())
            parts.extendleft(reversed(told.again))
            if told.verdicts:
                faults = faults + 1 if {*told.verdicts.values()} == {_BROKEN} else 0
                yield told.verdicts

    async def _send(self, part: Sequence[Entry]) -> _Told:
        bodies = [self._figures.body(entry) for entry in part]
        answer, results = await self._client.put(self._figures.resource, bodies, _FAILURES, results_of)
        verdicts, rest, stray = self._judged(part, results)
        status = answer.status if answer.status in _FAILURES else (stray.status or BAD_REQUEST) if stray else None
        if not rest:
            return _Told(verdicts)
        if status is None:
            return _Told({**verdicts, **await self._read_back(rest)})
        if len(rest) == 1 and len(part) == 1:
            return _Told({rest[0].value: self._fault(rest[0], status, stray.message if stray else "")})
        middle = (len(rest) + 1) // 2
        return _Told(verdicts, (rest,) if len(rest) < len(part) else (rest[:middle], rest[middle:]))

    def _judged(
        self, part: Sequence[Entry], results: Sequence[Result]
    ) -> tuple[dict[str, Verdict], list[Entry], Result | None]:
        """Match results with entries; give verdicts, entries without one, and an error that names no entry."""
        entries = {entry.value: entry for entry in part}
        verdicts: dict[str, Verdict] = {}
        stray = None
        for result in results:
            entry = entries.get(result.value)
            if entry is None:
                stray = stray if result.good else result
            elif not result.good and (result.error or result.status is not None):
                verdicts[entry.value] = self._fault(entry, result.status or BAD_REQUEST, result.message)
            elif result.good:
                verdicts.setdefault(entry.value, Verdict())
        return verdicts, [entry for entry in part if entry.value not in verdicts], stray

    async def _read_back(self, entries: Sequence[Entry]) -> dict[str, Verdict]:
        held = await self._figures.held([entry.value for entry in entries])
        return {entry.value: self._compared(entry, held) for entry in entries}

    def _compared(self, entry: Entry, held: Mapping[str, Decimal | None]) -> Verdict:
        if entry.value not in held:
            return self._fault(entry, NOT_FOUND, "")
        if held[entry.value] == entry.figure:
            return Verdict()
        name = self._figures.name(entry.value)
        return Verdict(
            f"3DCart did not say that it took {entry.figure} for {name}, and has something else.", later=True
        )

    def _fault(self, entry: Entry, status: int, message: str) -> Verdict:
        name = self._figures.name(entry.value)
        if status == SERVER_FAULT:
            return _BROKEN
        if status > SERVER_FAULT or status in _PASSING:
            return Verdict(f"3DCart could not write {name} now ({status}).", later=True)
        if status == NOT_FOUND:
            return Verdict(f"3DCart has no {name} any more; read the listings again.")
        why = f"{message.rstrip('.')} ({status})" if message else f"status {status}"
        return Verdict(f"3DCart does not take {entry.figure} for {name}: {why}. Look at the product in the shop.")


_BROKEN: Final = Verdict("3DCart had a fault of its own (500), so this was not written.", later=True)
