"""How urgent work is: of what is due, the more urgent goes first."""

from __future__ import annotations

from enum import IntEnum


class Urgency(IntEnum):
    """What goes first. From *PRICES* on, work has slots that nothing else may take."""

    SWEEP = 1
    """Reading what is old: the back-fill, the first read of open orders, the daily sweep."""
    LISTINGS = 3
    POLL = 5
    HINT = 6
    PRICES = 7
    FULFILMENT = 7
    STOCK = 8
    MANUAL = 9
