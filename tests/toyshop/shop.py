"""The toy shop itself: orders in a dictionary, and a diary of what it was asked."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from hub_core import Poll, Window

_SHOPS: dict[str, Shop] = {}
OPEN = ("open", "pending", "on_hold", "partially_shipped")


@dataclass
class Row:
    external_id: str
    raw: bytes
    placed_at: datetime
    updated_at: datetime
    status: str


@dataclass
class Shop:
    name: str
    password: str = "sesame"
    currency: str | None = "USD"
    timezone: str | None = "UTC"
    page_size: int = 50
    orders: dict[str, Row] = field(default_factory=dict)
    diary: list[tuple[Poll, Window, int]] = field(default_factory=list)
    heard: list[str] = field(default_factory=list)
    on_change: Callable[[], Awaitable[None]] | None = None
    before_page: Callable[[Shop, int], None] | None = None

    @property
    def key(self) -> str:
        return self.name.removesuffix("-alias")

    def asked(self, poll: Poll, window: Window, start: int) -> None:
        self.diary.append((poll, window, start))
        if self.before_page is not None:
            self.before_page(self, start)

    def put(self, external_id: str, placed_at: datetime, **members: Any) -> None:
        updated_at = members.pop("updated_at", placed_at)
        told = {
            "id": external_id,
            "placed_at": placed_at.isoformat(),
            "updated_at": updated_at.isoformat(),
            "status": "open",
            "lines": [{"id": f"{external_id}-1", "sku": "SKU-1", "quantity": "1", "price": "10.00"}],
            **members,
        }
        raw = json.dumps(told).encode()
        self.orders[external_id] = Row(external_id, raw, placed_at, updated_at, str(told["status"]))

    def put_raw(self, external_id: str, placed_at: datetime, raw: bytes) -> None:
        self.orders[external_id] = Row(external_id, raw, placed_at, placed_at, "open")

    def found(self, poll: Poll, window: Window) -> list[Row]:
        return [row for row in self.orders.values() if _matches(row, poll, window)]


def _matches(row: Row, poll: Poll, window: Window) -> bool:
    if poll is Poll.OPEN:
        return row.status in OPEN
    moment = row.updated_at if poll is Poll.CHANGED else row.placed_at
    return (window.start is None or moment >= window.start) and (window.end is None or moment <= window.end)


def open_shop(name: str, **settings: Any) -> Shop:
    """Open a shop, in place of one of the same name."""
    _SHOPS[name] = Shop(name, **settings)
    return _SHOPS[name]


def shop_at(name: str) -> Shop:
    """Give the shop of that name."""
    return _SHOPS[name]
