"""Wishes about orders, read from JSON."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from hub_core.testing.store.errors import SteeringError
from hub_core.testing.store.wire import Wish

_NAMES = ("status", "placed_at", "id", "lines", "sku", "quantity", "price", "members", "missing", "tracking")
_LINE = ("sku", "quantity", "price", "name")


def wish_from(data: Mapping[str, Any]) -> Wish:
    """Read a wish; `sku` with `quantity` and `price` is short for one line."""
    unknown = [name for name in data if name not in _NAMES]
    if unknown:
        raise SteeringError(f"An order has no {', '.join(unknown)} here, only {', '.join(_NAMES)}.")
    _refuse_misshapen(data)
    lines = data.get("lines") or ([{name: data[name] for name in _LINE if name in data}] if "sku" in data else ())
    return Wish(
        status=data.get("status"),
        placed_at=moment_from(data["placed_at"]) if data.get("placed_at") else None,
        key=data.get("id"),
        lines=tuple(lines),
        members=data.get("members"),
        missing=tuple(data.get("missing", ())),
        tracking=data.get("tracking"),
    )


def _refuse_misshapen(data: Mapping[str, Any]) -> None:
    lines, members, missing = data.get("lines") or (), data.get("members") or {}, data.get("missing") or ()
    if not _is_list_of(Mapping, lines):
        raise SteeringError('`lines` is a list of objects, such as [{"sku": "A", "quantity": 2}].')
    if not isinstance(members, Mapping):
        raise SteeringError("`members` is an object of members and values.")
    if not _is_list_of(str, missing):
        raise SteeringError("`missing` is a list of the names of members.")


def _is_list_of(kind: type, value: object) -> bool:
    return isinstance(value, (list, tuple)) and all(isinstance(one, kind) for one in value)


def moment_from(text: Any) -> datetime:
    """Read an ISO 8601 time; one without a zone stays without."""
    if isinstance(text, datetime):
        return text
    try:
        return datetime.fromisoformat(str(text))
    except ValueError as error:
        raise SteeringError(f"{text!r} is no time. Write one like 2024-05-06T10:14:02.") from error
