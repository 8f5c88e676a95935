"""How long the hub keeps what only tells of the past; orders, levels, prices and the audit it keeps for good."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

EVENTS_KEPT: Final = timedelta(days=400)
RUNS_KEPT: Final = timedelta(days=90)
TEXTS_KEPT: Final = timedelta(days=90)
"""How long the text that an order came from is kept after it came, and that of a reject which is settled for good."""
TEXT_GONE: Final = (
    f"The text that the store sent is no longer kept: that of settled and discarded data goes after {TEXTS_KEPT.days} "
    "days."
)
