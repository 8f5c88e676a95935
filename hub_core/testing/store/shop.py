"""One store of a sandbox."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from hub_core.testing.store.clock import StoreClock
from hub_core.testing.store.dice import Dice
from hub_core.testing.store.meter import Meter
from hub_core.testing.store.records import Product
from hub_core.testing.store.shelf import Shelf


@dataclass
class Shop:
    """A store: who may ask it what, what it holds and what time it has.

    *rights* are spelt `RESOURCE:read` and `RESOURCE:write`; *authorized* is false after the merchant threw us out;
    *retry_after* are the seconds that a refusal for asking too often names (`auto`: until there is room).
    """

    name: str
    clock: StoreClock
    dice: Dice
    rights: frozenset[str]
    meter: Meter = field(default_factory=Meter)
    orders: Shelf[Any] = field(default_factory=Shelf)
    products: Shelf[Any] = field(default_factory=Shelf)
    goods: list[Product] = field(default_factory=list)
    authorized: bool = True
    retry_after: float | str | None = None

    def may(self, resource: str, verb: str) -> bool:
        """Tell whether our app may *verb* this *resource* here."""
        return self.authorized and f"{resource}:{verb}" in self.rights
