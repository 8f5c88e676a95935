"""The order statuses of a 3DCart store."""

from __future__ import annotations

from hub_core.testing.store import SteeringError

DEFINITIONS = {
    1: "New",
    2: "Processing",
    3: "Partial",
    4: "Shipped",
    5: "Cancel",
    6: "Hold",
    7: "Not Completed",
    8: "Custom 1",
    9: "Custom 2",
    10: "Custom 3",
    11: "Unpaid",
    13: "Review",
}
# What the merchant made of them: labels can be edited, so that nothing may rely on them.
LABELS = {**DEFINITIONS, 3: "Partially shipped", 5: "Cancelled", 8: "Waiting for engraver"}
HIDDEN = (9, 10)
NEW, SHIPPED, CANCELLED, CART = 1, 4, 5, 7

_IDS = {
    "new": NEW,
    "processing": 2,
    "partial": 3,
    "shipped": SHIPPED,
    "cancelled": CANCELLED,
    "on_hold": 6,
    "cart": CART,
    "custom": 8,
    "unpaid": 11,
    "unknown": 12,  # contested, and in no table of ours
    "review": 13,
}
_WORDS = {number: word for word, number in _IDS.items()}


def status_id(status: str | int) -> int:
    """Find the id for a word; an id stays what it is."""
    if isinstance(status, int):
        return status
    if status not in _IDS:
        raise SteeringError(f"There is no status {status!r}. There are: {', '.join(_IDS)}, and every number.")
    return _IDS[status]


def status_word(status: str | int) -> str:
    """Find the word for an id; `custom` where there is none."""
    return _WORDS.get(status_id(status), "custom")
