"""An order without the person who placed it: figures, SKUs, totals and identities stay, everything else goes."""

from __future__ import annotations

from typing import Any, Final

from hub_core.domain.orders import Address, Buyer, Discount, Order, OrderLine, Payment, Shipment
from hub_core.domain.revisions import WORDS

REASON_ERASED: Final = (
    "The store's text of this order cannot be used. Since the order was erased of its personal data, neither the text "
    "nor what is wrong with it is kept; look at the order in the store."
)
"""Why a reject holds no text: both that and the true reason may tell of the person."""
_ORDER: Final = frozenset(
    [
        "external_id",
        "number",
        "status",
        "channel_status",
        "placed_at",
        "updated_at",
        "total",
        "subtotal",
        "discount",
        "shipping",
        "tax",
        "taxes",
    ]
)
_PARTS: Final[dict[str, frozenset[str]]] = {
    "lines": frozenset(
        [
            "external_id",
            "sku",
            "listing",
            "quantity",
            "cancelled",
            "shipped",
            "unit_price",
            "total",
            "shipment",
            "bundle_parent",
            "fulfilled_by",
        ]
    ),
    "shipments": frozenset(["external_id", "method", "cost", "shipped_at", "status"]),
    "payments": frozenset(["external_id", "method", "kind", "amount", "at", "captured"]),
}
"""What stays; what is not named, such as a member that orders will have one day, goes."""


def without_person(order: Order) -> Order:
    """Give *order* as it is kept once it was erased of its personal data."""
    kept = {name: getattr(order, name) for name in _ORDER}
    return Order(
        **kept,
        buyer=Buyer(),
        billing_address=Address(),
        lines=tuple(OrderLine(**_kept("lines", line)) for line in order.lines),
        shipments=tuple(Shipment(**_kept("shipments", one), address=Address()) for one in order.shipments),
        payments=tuple(Payment(**_kept("payments", one)) for one in order.payments),
        discounts=tuple(Discount(amount=one.amount) for one in order.discounts),
    )


def _kept(part: str, whole: OrderLine | Shipment | Payment) -> dict[str, Any]:
    return {name: getattr(whole, name) for name in _PARTS[part]}


def changes_without_person(changes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Give what changed in a revision, as `revisions.Change` is written, without what tells of the person."""
    return [_impersonal(change) for change in changes]


def _impersonal(change: dict[str, Any]) -> dict[str, Any]:
    part, _, place = change["field"].partition(".")
    if part not in _PARTS:
        return change if part in _ORDER else _erased(change, part.replace("_", " "))
    words = f"{WORDS[part]} {place}"
    if change["sentence"] in (f"{words}: added", f"{words}: gone"):
        return change | {name: _reduced(part, change[name]) for name in ("before", "after")}
    key, _, name = place.rpartition(".")
    return change if name in _PARTS[part] else _erased(change, f"{WORDS[part]} {key}: {name.replace('_', ' ')}")


def _erased(change: dict[str, Any], words: str) -> dict[str, Any]:
    return change | {"before": None, "after": None, "sentence": f"{words}: erased"}


def _reduced(part: str, whole: Any) -> Any:
    return None if whole is None else {name: whole[name] for name in sorted(_PARTS[part]) if name in whole}
