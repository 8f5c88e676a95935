"""How long a flow waits before it runs again."""

from __future__ import annotations

import random
from datetime import timedelta

FIRST_WAIT = 5.0
LONGEST_WAIT = 900.0
JITTER = 0.1


def after_failure(failures: int, retry_after: float | None) -> timedelta:
    """Wait 5 s, doubled with every failure in a row, at most 15 minutes, but never shorter than the store asked for."""
    seconds = min(FIRST_WAIT * 2.0 ** min(failures, 20), LONGEST_WAIT)
    return timedelta(seconds=max(seconds * (1 - random.uniform(0, JITTER)), retry_after or 0.0))  # noqa: S311
