"""One store of a sandbox."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from hub_core.testing.store.clock import StoreClock
from hub_core.testing.store.dice import Dice
from hub_core.testing.store.goods import Goods
from hub_core.testing.store.meter import Meter
from hub_core.testing.store.shelf import Shelf
from hub_core.testing.store.writes import Write, WriteLog


@dataclass
class Shop:
    """A store: who may ask it what, what it holds and what time it has.

    *rights* are spelt `RESOURCE:read` and `RESOURCE:write`; *authorized* is false after the merchant threw us out;
    *retry_after* are the seconds that a refusal for asking too often names (`auto`: until there is room). *goods* are
    what it sells, *products* what its platform tells of them besides, *writes* what it was told to change; with
    *restock* a cancelled order gives back what it took.
    """

    name: str
    clock: StoreClock
    dice: Dice
    rights: frozenset[str]
    meter: Meter = field(default_factory=Meter)
    orders: Shelf[Any] = field(default_factory=Shelf)
    products: Shelf[Any] = field(default_factory=Shelf)
    goods: Goods = field(default_factory=Goods)
    writes: WriteLog = field(default_factory=WriteLog)
    restock: bool = True
    authorized: bool = True
    retry_after: float | str | None = None

    def may(self, resource: str, verb: str) -> bool:
        """Tell whether our app may *verb* this *resource* here."""
        return self.authorized and f"{resource}:{verb}" in self.rights

    def accept(self, write: Write) -> bool:
        """Let *write* take effect and note that; False where a fault refuses it or its item is not (any more) here."""
        if write.refused or write.key is None or self.goods.item(write.key) is None:
            return False
        self.goods.write(write.key, write.values, self.clock.now())
        self.writes.apply(write)
        return True
