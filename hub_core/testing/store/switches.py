"""The settings of a store that every platform has, changed and told as data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from hub_core.testing.store.errors import SteeringError
from hub_core.testing.store.shop import Shop
from hub_core.testing.store.wire import AnyShop, Wire


def set_up(shop: AnyShop, wire: Wire[AnyShop], name: str, value: Any) -> None:
    """Change one setting: one of every store, or one of the platform."""
    if name not in _SWITCHES:
        wire.set_up(shop, name, value)
        return
    try:
        _SWITCHES[name](shop, value)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise SteeringError(f"{value!r} is no value for {name}.") from error


def overview(shop: AnyShop, wire: Wire[AnyShop]) -> dict[str, Any]:
    """Tell what a store is and has."""
    return {
        "name": shop.name,
        "orders": len(shop.orders),
        "products": len(shop.goods),
        "clock": shop.clock.now().isoformat(),
        "running": shop.clock.running,
        "timezone": shop.clock.zone.key,
        "authorized": shop.authorized,
        "rights": sorted(shop.rights),
        "retry_after": shop.retry_after,
        "restock": shop.restock,
        "overlapped_writes": shop.writes.overlapped,
        "meter": shop.meter.reading(),
        **wire.describe(shop),
    }


def _set_rate(shop: Shop, value: Any) -> None:
    """Switch the limit on or off, or change it: `{"depth": 25, "per_second": 1}`."""
    if isinstance(value, bool):
        shop.meter.enforced = value
        return
    bucket = shop.meter.bucket
    shop.meter.limit(float(value.get("depth", bucket.depth)), float(value.get("per_second", bucket.per_second)))
    shop.meter.enforced = True


def _set_rights(shop: Shop, value: list[str]) -> None:
    shop.rights = frozenset(str(right) for right in value)


def _set_authorized(shop: Shop, value: bool) -> None:  # noqa: FBT001 - a value from JSON
    shop.authorized = bool(value)


def _set_restock(shop: Shop, value: bool) -> None:  # noqa: FBT001 - a value from JSON
    shop.restock = bool(value)


def _set_retry_after(shop: Shop, value: float | str | None) -> None:
    shop.retry_after = value if value in ("auto", None) else float(value or 0)


_SWITCHES: Mapping[str, Callable[[Shop, Any], None]] = {
    "rate": _set_rate,
    "rights": _set_rights,
    "authorized": _set_authorized,
    "retry_after": _set_retry_after,
    "restock": _set_restock,
}
