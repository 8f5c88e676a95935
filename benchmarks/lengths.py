"""How long what takes its time is watched."""

from __future__ import annotations

import os
from typing import Final

LONG: Final = "BENCH_LONG"
"""The variable of the environment that `--long` sets."""


def length(short: float, long: float) -> float:
    """Give the seconds: *short* unless somebody wants to know it better."""
    return long if os.environ.get(LONG) else short
