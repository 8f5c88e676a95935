"""What the platform's status numbers mean; merchants may rename each of them, and own some altogether."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from hub_core import ChannelStatus, OrderStatus

PARTIAL: Final = 3
SHIPPED: Final = 4
CART: Final = 7
"""Not ordered (yet): the platform keeps carts among the orders."""

_MEANINGS: Final = {
    PARTIAL: OrderStatus.PARTIALLY_SHIPPED,
    SHIPPED: OrderStatus.SHIPPED,
    5: OrderStatus.CANCELLED,
    6: OrderStatus.ON_HOLD,
    CART: OrderStatus.PENDING,
    11: OrderStatus.PENDING,
}
_DONE: Final = frozenset({OrderStatus.SHIPPED, OrderStatus.CANCELLED})
KNOWN: Final = frozenset(range(1, 20))


def meaning(status: int) -> OrderStatus:
    """Tell what *status* means; one of the merchant's own, or an unknown one, is open: nothing is given up by guess."""
    return _MEANINGS.get(status, OrderStatus.OPEN)


def is_unfinished(status: int) -> bool:
    """Tell whether orders of this status still ask for something."""
    return status != CART and meaning(status) not in _DONE


@lru_cache(maxsize=256)
def named(status: int, label: str) -> ChannelStatus:
    """Give *status* with the merchant's own wording."""
    return ChannelStatus(id=str(status), label=label)
