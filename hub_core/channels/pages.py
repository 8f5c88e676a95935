"""Pages of what a store holds, as hooks yield them: texts first, read one by one only where something changed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pydantic import JsonValue

from hub_core.domain.orders import Order

Cursor = JsonValue
"""Where a read goes on: any JSON of at most 8 kB, opaque to the core."""

CURSOR_LIMIT = 8 * 1024


@dataclass(frozen=True, slots=True)
class Record:
    """The text of one order as the store sent it (already scrubbed), and the order's id where it can be seen."""

    external_id: str | None
    raw: bytes


@dataclass(frozen=True, slots=True)
class OrderPage:
    """One page of orders.

    *read* turns one record's text into an order; the core calls it only for texts that it does not hold yet, and
    makes a reject of each record for which it raises. *cursor* is where to go on after this page. *basis* names what
    else decides how a text is read (zone, currency, version of the reading): where it differs, texts are read again.
    """

    records: Sequence[Record]
    read: Callable[[bytes], Order]
    cursor: Cursor
    basis: bytes = b""
