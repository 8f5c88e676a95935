"""The fault menu: what goes wrong, where and how often."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from itertools import count
from typing import Any
from urllib.parse import unquote_plus

from starlette.requests import Request
from starlette.responses import Response

from hub_core.testing.store.writes import Write


@dataclass
class Fault:
    """One thing that goes wrong with the requests it matches.

    *path*, *method* and *query* (decoded) are matched with patterns, case-blind: `*` stands for anything, and a `!`
    in front for all but that; with *item* (a SKU, the number of a product, `PRODUCT/VARIANT`, or a list of them) only
    requests that write one of these. The first *skip* matching requests are spared, the next *count* are hit (None:
    all, until the fault is taken away).
    """

    kind: str
    path: str = "*"
    method: str = "*"
    query: str = "*"
    store: str | None = None
    item: str | int | Sequence[str | int] | None = None
    skip: int = 0
    count: int | None = 1
    options: Mapping[str, Any] = field(default_factory=dict)
    id: int = 0
    seen: int = 0
    fired: int = 0
    memory: list[Response] = field(default_factory=list, repr=False)

    def hits(self, request: Request, store: str | None) -> bool:
        """Tell whether *request* suffers from it, and count that."""
        if not self._matches(request, store):
            return False
        self.seen += 1
        spent = self.count is not None and self.fired >= self.count
        if self.seen <= self.skip or spent:
            return False
        self.fired += 1
        return True

    def _matches(self, request: Request, store: str | None) -> bool:
        wanted = (self.path, self.method, self.query)
        given = (request.url.path, request.method, unquote_plus(request.url.query))
        if not all(map(_fits, given, wanted)) or self.store not in (None, store):
            return False
        return self.item is None or any(self.concerns(write) for write in request.state.writes)

    def concerns(self, write: Write) -> bool:
        """Tell whether *write* is of one of its items."""
        if self.item is None:
            return True
        items = (self.item,) if isinstance(self.item, str | int) else self.item
        return any(write.is_of(item) for item in items)

    def as_data(self) -> dict[str, Any]:
        """Tell everything about it, also how often it fired."""
        return {name: value for name, value in vars(self).items() if name != "memory"}


def _fits(given: str, pattern: str) -> bool:
    return fnmatchcase(given.lower(), pattern.removeprefix("!").lower()) != pattern.startswith("!")


class FaultMenu:
    """All faults that were ordered, also the spent ones: a test can prove that its fault happened."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []
        self._ids = count(1)

    def add(self, fault: Fault) -> Fault:
        """Let *fault* happen from now on."""
        fault.id = next(self._ids)
        self.faults = [*self.faults, fault]
        return fault

    def clear(self) -> None:
        """Let everything go well again."""
        self.faults = []

    def remove(self, fault_id: int) -> None:
        """Take one fault away."""
        self.faults = [fault for fault in self.faults if fault.id != fault_id]

    def due(self, request: Request, store: str | None) -> list[Fault]:
        """List what goes wrong with this request, in the order in which it was added."""
        return [fault for fault in self.faults if fault.hits(request, store)]
