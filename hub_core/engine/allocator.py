"""The C library's memory, set for a process whose threads each make and drop a page of orders at a time."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Mapping
from typing import Final

_M_TRIM_THRESHOLD: Final = -1
_M_MMAP_THRESHOLD: Final = -3
_M_ARENA_MAX: Final = -8
_BLOCK: Final = 128 * 1024
_LARGE_BLOCK: Final = 16 * 1024 * 1024


def ease_allocator() -> None:
    """Give freed memory back. Works with glibc, before the first thread; elsewhere it does nothing.

    glibc otherwise keeps a heap for every thread, and learns from the first large block to keep large ones as well:
    `hub serve` then stays 12 MB larger while it takes in orders, and 35 MB after it has given them out.
    """
    _set({_M_ARENA_MAX: 1, _M_MMAP_THRESHOLD: _BLOCK, _M_TRIM_THRESHOLD: _BLOCK})


def keep_memory() -> None:
    """Keep what one page needed for the next one: for commands, which end when their work is done.

    Otherwise the system clears the same megabytes for every page anew, which is a tenth of reading unchanged orders.
    """
    _set({_M_MMAP_THRESHOLD: _LARGE_BLOCK, _M_TRIM_THRESHOLD: _LARGE_BLOCK})


def _set(options: Mapping[int, int]) -> None:
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if mallopt is not None:
        for option, value in options.items():
            mallopt(option, value)
