"""The stock shop itself: articles with figures, a diary of what it was told, and faults on demand."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from tests.toyshop.shop import Row, Shop

_SHOPS: dict[str, StockShop] = {}


@dataclass
class Article:
    external_id: str
    sku: str | None
    stock: Decimal | None = Decimal(0)
    price: Decimal | None = Decimal("10.00")
    parent: str | None = None
    currency: str = "USD"
    fractions: bool = False

    @property
    def raw(self) -> bytes:
        return json.dumps(self.__dict__, default=str).encode()


@dataclass
class Told:
    """One listing's figure in one call."""

    listing: str
    figure: Decimal
    call: int


@dataclass
class StockShop(Shop):
    """*refuses*, *delays* and *promises* name the listings of which it says so; *loses* how many replies get lost.

    *before_push* runs before each call is taken, *before_answer* after it was applied. *asks* tells whether each call
    takes from the rate budget, as one over HTTP does.

    *parcels* are those that were made, each of an order; *requests* tell what was asked for that, *cuts* which of them
    are cut off, `before` they take effect or `after`. Of parcels that it *forgets* the channel tells no outcome.
    """

    articles: dict[str, Article] = field(default_factory=dict)
    broken: dict[str, bytes] = field(default_factory=dict)
    told: list[Told] = field(default_factory=list)
    siblings: list[dict[str, Decimal | None]] = field(default_factory=list)
    calls: int = 0
    reads: int = 0
    refuses: set[str] = field(default_factory=set)
    delays: dict[str, float | None] = field(default_factory=dict)
    promises: set[str] = field(default_factory=set)
    pending: dict[str, tuple[str, Decimal]] = field(default_factory=dict)
    settles: bool = False
    loses: int = 0
    dies: int = 0
    asks: bool = False
    orders_fail: Exception | None = None
    looked: list[str] = field(default_factory=list)
    hooks: dict[int, str] = field(default_factory=dict)
    subscribed: int = 0
    hooks_end: datetime | None = None
    on_subscribe: Callable[[], Awaitable[None]] | None = None
    before_push: Callable[[], Awaitable[None]] | None = None
    before_answer: Callable[[], Awaitable[None]] | None = None
    before_listings: Callable[[int], Awaitable[None]] | None = None
    parcels: list[tuple[str, str]] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    cuts: dict[int, str] = field(default_factory=dict)
    forgets: set[str] = field(default_factory=set)
    before_request: Callable[[int], Awaitable[None]] | None = None
    after_request: Callable[[int], Awaitable[None]] | None = None

    def members(self, order: str) -> dict[str, Any]:
        """What the text of an order holds."""
        told: dict[str, Any] = json.loads(self.orders[order].raw)
        return told

    def edit(self, order: str, *, lines: list[dict[str, Any]] | None = None, **also: Any) -> None:
        """Change an order in the shop: its lines, its status, its shipments."""
        members = self.members(order)
        members["also"] = {**members.get("also", {}), **{k: v for k, v in also.items() if k != "status"}}
        members["status"] = also.get("status", members["status"])
        members["lines"] = members["lines"] if lines is None else lines
        self.orders[order].raw = json.dumps(members).encode()
        self.orders[order].status = members["status"]

    def offer(self, external_id: str, sku: str | None = "", stock: Any = 0, **members: Any) -> Article:
        units = None if stock is None else Decimal(stock)
        article = Article(external_id, external_id.upper() if sku == "" else sku, units, **members)
        self.articles[external_id] = article
        return article

    def sell(self, order: str, external_id: str, quantity: int, placed_at: Any) -> Row:
        article = self.articles[external_id]
        if article.stock is not None:
            article.stock -= quantity
        line = {"id": "1", "sku": article.sku, "listing": external_id, "quantity": str(quantity), "price": "10.00"}
        self.put(order, placed_at, lines=[line])
        return self.orders[order]

    def stock(self, external_id: str) -> Any:
        return self.articles[external_id].stock

    def figures(self, external_id: str) -> list[Any]:
        return [each.figure for each in self.told if each.listing == external_id]


def open_stock_shop(name: str = "north", **members: Any) -> StockShop:
    """Open a shop, in place of one of the same name."""
    _SHOPS[name] = StockShop(name, **members)
    return _SHOPS[name]


def stock_shop_at(name: str) -> StockShop:
    """Give the shop of that name."""
    return _SHOPS[name]
