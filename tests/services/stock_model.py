"""How stock should come out, reckoned anew and plainly: what the state machine compares the hub with."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

FLOOR = Decimal(0)


@dataclass
class ModelLine:
    """What a line said last, whose stock it takes, and how much of it."""

    text: str | None
    listing: str | None
    article: str | None
    units: Decimal


@dataclass
class ModelOrder:
    """An order as it was seen last."""

    raw: bytes
    history: bool
    told: dict[str, Any]
    lines: dict[str, ModelLine] = field(default_factory=dict)

    def taken(self) -> dict[str, Decimal]:
        """The units taken, by article."""
        taken: defaultdict[str, Decimal] = defaultdict(Decimal)
        for line in self.lines.values():
            if line.article is not None:
                taken[line.article] += line.units
        return taken


@dataclass
class ModelStore:
    """A store as the hub knows it: orders, and by listing the SKU that it is linked with."""

    buffer: int = 0
    maximum: int | None = None
    orders: dict[str, ModelOrder] = field(default_factory=dict)
    links: dict[str, str | None] = field(default_factory=dict)
    earlier: dict[str, ModelOrder] = field(default_factory=dict)
    unseen_since: datetime | None = None
    connecting: bool = True


def units_of(order: dict[str, Any]) -> dict[str, Decimal]:
    """What the lines of an order's text take, if they are articles of the hub."""
    parents = {line.get("bundle_parent") for line in order["lines"]}
    units = {}
    for line in order["lines"]:
        shipped = Decimal(line.get("shipped", 0))
        wanted = Decimal(line["quantity"]) - Decimal(line.get("cancelled", 0))
        if order["status"] == "cancelled":
            wanted = FLOOR
        elsewhere = line["id"] in parents or line.get("fulfilled_by") == "channel"
        units[line["id"]] = FLOOR if elsewhere else max(wanted, shipped, FLOOR)
    return units


class Model:
    """Levels, and everything that moved since the beginning, one step after the other."""

    def __init__(self) -> None:
        self.stores: dict[str, ModelStore] = {}
        self.step = 0
        self.moved: list[tuple[int, str, Decimal]] = []
        self.adjusted: defaultdict[str, Decimal] = defaultdict(Decimal)
        self.levels: dict[str, tuple[Decimal, int]] = {}

    def see(self, name: str, raw: bytes, placed_at: datetime) -> None:
        """An order is read in a store."""
        store, told = self.stores[name], json.loads(raw)
        key = told["id"]
        held = store.orders.get(key)
        if held is None:
            held = store.orders[key] = self._first_seen(store, key, placed_at)
        elif held.raw == raw or (held.told["lines"] and not told["lines"] and told["status"] != "cancelled"):
            return
        before = held.taken()
        if not held.history:
            self._settle(store, held, told)
        held.raw, held.told = raw, told
        after = held.taken()
        for article in before.keys() | after.keys():
            self._move(article, before.get(article, FLOOR) - after.get(article, FLOOR))

    def _first_seen(self, store: ModelStore, key: str, placed_at: datetime) -> ModelOrder:
        same = store.earlier.get(key)
        if same is not None:
            lines = {number: ModelLine(**vars(line)) for number, line in same.lines.items()}
            return ModelOrder(same.raw, same.history, same.told, lines)
        unseen = store.unseen_since is not None and placed_at > store.unseen_since
        return ModelOrder(b"", store.connecting and not unseen, {"lines": []})

    def _settle(self, store: ModelStore, held: ModelOrder, told: dict[str, Any]) -> None:
        units = units_of(told)
        for line in told["lines"]:
            text, listing = (line["sku"] or "").strip() or None, line["listing"]
            old = held.lines.get(line["id"])
            if old is None or (old.text, old.listing) != (text, listing):
                article = store.links.get(listing) or text
            else:
                article = old.article
            held.lines[line["id"]] = ModelLine(text, listing, article, units[line["id"]])
        shipped = units_of({**held.told, "status": "cancelled"})
        for key, left in shipped.items():
            if key not in units:
                held.lines[key].units = left

    def _move(self, article: str, units: Decimal) -> None:
        if units:
            self.moved.append((self.step, article, units))

    def set(self, article: str, units: Decimal, after: int) -> None:
        """A level is set that counts everything up to the end of a step."""
        if self._since(article, after) + units != self.available(article):
            self.levels[article] = (units, after)

    def adjust(self, article: str, by: Decimal) -> None:
        """Somebody adds to a level, or takes from it."""
        self._move(article, by)
        self.adjusted[article] += by

    def available(self, article: str) -> Decimal | None:
        """The level and what moved since."""
        if article not in self.levels:
            return None
        level, after = self.levels[article]
        return level + self._since(article, after)

    def _since(self, article: str, after: int) -> Decimal:
        return sum((units for step, one, units in self.moved if one == article and step > after), FLOOR)

    def target(self, name: str, listing: str) -> Decimal | None:
        """What a store should be told of a listing."""
        store = self.stores[name]
        article = store.links[listing]
        available = None if article is None else self.available(article)
        if available is None:
            return None
        units = available - store.buffer
        if store.maximum is not None:
            units = min(units, Decimal(store.maximum))
        return max(units // 1, FLOOR)
