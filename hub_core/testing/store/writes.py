"""What a store was told to change."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from hub_core.testing.store.goods import Key
from hub_core.testing.store.numbers import as_data

REMEMBERED_WRITES = 100_000


@dataclass(slots=True, eq=False)
class Write:
    """The change of one item that a request asks for.

    *named* is how the request names the item, *key* the item itself (None: the store has none), *values* are its new
    fields. *refused* is what a fault says instead of applying it (empty: it may be applied), *untold* that the answer
    shall not mention it. *number* counts the writes as they came, *applied* those that took effect; *status* is that
    of the whole answer, None while the request is under way; *overlapped* tells that another write of the same item
    was under way at the same time.
    """

    named: str
    key: Key | None
    sku: str
    values: Mapping[str, Any]
    refused: Mapping[str, Any] = field(default_factory=dict)
    untold: bool = False
    number: int = 0
    at: str = ""
    method: str = ""
    path: str = ""
    status: int | None = None
    applied: int | None = None
    overlapped: bool = False

    def is_of(self, item: str | int) -> bool:
        """Tell whether it concerns *item*: a SKU, the number of a product, or `PRODUCT/VARIANT`."""
        product, variant = self.key or (None, None)
        names = {self.named, self.sku.strip()}
        if product is not None:
            names |= {str(product), f"{product}/{variant}" if variant is not None else ""}
        return str(item).strip() in names - {""}

    def as_data(self) -> dict[str, Any]:
        """Tell everything about it."""
        product, variant = self.key or (None, None)
        names = ("number", "at", "method", "path", "named", "sku", "status", "applied", "overlapped")
        told = {name: getattr(self, name) for name in names}
        values = {name: as_data(value) for name, value in self.values.items()}
        return {**told, "product": product, "variant": variant, "values": values}


class WriteLog:
    """The latest writes of a store, in the order in which they came, also those that it did not accept."""

    def __init__(self) -> None:
        self.writes: deque[Write] = deque(maxlen=REMEMBERED_WRITES)
        self._under_way: dict[Key, list[Write]] = {}
        self._received = 0
        self._applied = 0

    @property
    def overlapped(self) -> int:
        """How many writes were under way at the same time as another one of the same item."""
        return sum(write.overlapped for write in tuple(self.writes))

    def begin(self, writes: Sequence[Write], at: str, method: str, path: str) -> None:
        """Note that a request with these *writes* came in."""
        for write in writes:
            self._received += 1
            write.number, write.at, write.method, write.path = self._received, at, method, path
            self.writes.append(write)
            if write.key is not None:
                others = self._under_way.setdefault(write.key, [])
                others.append(write)
                for one in others if len(others) > 1 else ():
                    one.overlapped = True

    def apply(self, write: Write) -> None:
        """Note that a write took effect."""
        self._applied += 1
        write.applied = self._applied

    def end(self, writes: Sequence[Write]) -> None:
        """Note that the request with these *writes* has its answer, or never gets one."""
        for write in writes:
            if write.key is not None and write in (others := self._under_way.get(write.key, [])):
                others.remove(write)
                if not others:
                    del self._under_way[write.key]

    def clear(self) -> None:
        """Forget them, but for those under way."""
        self.writes.clear()
        self._received = self._applied = 0
