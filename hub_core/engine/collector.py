"""The interpreter's search for cyclic garbage, set for a process that makes many objects and few cycles."""

from __future__ import annotations

import gc

THRESHOLDS = (50_000, 20, 20)
"""A page of 300 orders makes 20,000 objects without a cycle; at Python's own 700, a tenth of the time went here."""


def ease_collector() -> None:
    """Look for cycles less often, and never again among what was imported. For programs, not for libraries."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)
