"""Real answers, served as they are."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hub_threedcart.sandbox.orders import order_record
from hub_threedcart.sandbox.shop import ThreeDCartShop

_SPACE = re.compile(r"[ \t\r\n]*")
_NEEDED = ("OrderID", "OrderDate", "OrderItemList")


@dataclass
class Loaded:
    """What came of reading a folder: how many orders, what files hold none, and what orders were left out why."""

    orders: int = 0
    skipped: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)

    @property
    def notes(self) -> list[str]:
        """All that in sentences."""
        skipped = [f"Skipped, for they hold no orders: {', '.join(self.skipped)}."] if self.skipped else []
        return [f"Serving {self.orders} recorded orders as they are.", *skipped, *self.left_out]


def load(shop: ThreeDCartShop, folder: Path) -> Loaded:
    """Take in every order of the JSON files in *folder*, its text kept byte for byte.

    Of an order that stands in several files, the first in the order of their names counts.
    """
    loaded = Loaded()
    sources: dict[int, str] = {}
    for path in sorted(folder.glob("*.json")):
        found = list(_orders(path.read_text(encoding="utf-8-sig")))
        if not found:
            loaded.skipped.append(path.name)
        for members, text in found:
            key = members["OrderID"]
            if key in sources:
                loaded.left_out.append(f"Left out order {key} of {path.name}: it is in {sources[key]}, too.")
                continue
            sources[key] = path.name
            _keep(shop, key, members, text.encode())
    loaded.orders = len(sources)
    return loaded


def _keep(shop: ThreeDCartShop, key: int, members: dict[str, Any], text: bytes) -> None:
    record = order_record(key, members, text)
    record.texts["whole:v1"] = text  # as it is, whichever version is asked for
    shop.orders.put(record)
    shop.numbers.order = max(shop.numbers.order, key + 1)
    shop.numbers.invoice = max(shop.numbers.invoice, record.facets.number + 1)


def _orders(text: str) -> Iterator[tuple[dict[str, Any], str]]:
    """Find the orders of a file: the elements of a list, or the one object that it is."""
    try:
        for value, source in _elements(text):
            if isinstance(value, dict) and all(name in value for name in _NEEDED) and isinstance(value["OrderID"], int):
                yield value, source
    except json.JSONDecodeError:
        return


def _elements(text: str) -> Iterator[tuple[Any, str]]:
    """Read the elements of a JSON list one by one, each with its own text."""
    decoder = json.JSONDecoder()
    at = _skip(text, 0)
    if text[at : at + 1] != "[":
        value, end = decoder.raw_decode(text, at)
        yield value, text[at:end]
        return
    at = _skip(text, at + 1)
    while text[at : at + 1] not in ("]", ""):
        value, end = decoder.raw_decode(text, at)
        yield value, text[at:end]
        at = _skip(text, end)
        at = _skip(text, at + 1) if text[at : at + 1] == "," else at


def _skip(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    return match.end() if match else at
