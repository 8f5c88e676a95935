"""Reading a long list in batches, so that memory does not grow with it and no lock is held while the caller works."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")
Place = TypeVar("Place")


async def batches(
    page: Callable[[Place, int], Awaitable[list[T]]],
    start: Place,
    place: Callable[[T], Place],
    *,
    limit: int | None,
    size: int,
) -> AsyncIterator[list[T]]:
    """Yield what *page* gives after a place, from *start* on, *size* at once and up to *limit* in all.

    The next batch starts after the *place* of the last one of each; a batch that is not full is the end.
    """
    left = limit
    while left is None or left > 0:
        wanted = size if left is None else min(size, left)
        batch = await page(start, wanted)
        yield batch
        if len(batch) < wanted:
            return
        start, left = place(batch[-1]), None if left is None else left - wanted
