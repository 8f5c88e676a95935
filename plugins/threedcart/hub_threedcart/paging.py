"""Reading a list to its end that goes on changing while it is read, by nothing but "from row N on, M rows".

Each page is asked for from a few rows before the end of the last one. If those rows are there, nothing was passed
over; where they stand tells whether rows came in or went away before them. If they are not there, the read goes back.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Final, NamedTuple, Protocol

import msgspec

from hub_core import UnavailableError

PAGE_SIZE: Final = 300
"""The most orders that the platform gives at once; what it does when asked for more is not known."""
OVERLAP: Final = 5
"""How many rows of the last page are asked for again."""
TAIL: Final = 30
"""How many rows of the last page can be recognised."""
ROUNDS: Final = 3
"""How often a list is read from its start because rows came in before the place that was reached."""
STUMBLES: Final = 20
"""How often a read may lose its place, or get on without anything new, before it is given up for now."""
_ENOUGH: Final = 2
"""How often the same page comes again until the store is asked whether there is more."""


class Row(NamedTuple):
    """A row as a page holds it. *key* is the same wherever the row is met again; carts are not *wanted*."""

    key: str
    raw: bytes
    external_id: str | None = None
    wanted: bool = True


class Listing(Protocol):
    """A list that can be asked for rows."""

    async def page(self, start: int, limit: int) -> Sequence[Row]:
        """Give at most *limit* rows from row *start* on (the first is 1); none where there are none from there."""

    async def total(self) -> int:
        """Tell how many rows there are; 0 where nobody knows."""


class Place(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How far a read came: past *seen* rows, of which the last ones are *tail*.

    *moved*: rows came in before that place. *back*: the tail was not found there, so it is looked for further ahead.
    """

    seen: int = 0
    tail: list[str] = []
    round: int = 1
    stumbles: int = 0
    moved: bool = False
    back: bool = False

    def overlap(self) -> int:
        """Tell how many rows are asked for again: fewer where a page is so short that the read would not get on."""
        return min(OVERLAP, len(self.tail) // 2)

    def start(self, page_size: int) -> int:
        """Tell the row from which on the next page is asked for."""
        return max(1, self.seen + 1 - self.overlap() - (page_size if self.back else 0))


async def walk(listing: Listing, place: Place, page_size: int = PAGE_SIZE) -> AsyncIterator[tuple[list[Row], Place]]:
    """Yield rows that were not yielded just before, each time with the place from which a later walk can go on.

    A row that is in the list all the time is yielded, maybe twice. Raises UnavailableError where the list changes
    faster than it can be read, or gives the same page for ever.
    """
    held: dict[str, bytes] = {}
    first: frozenset[str] = frozenset()
    repeats = 0
    here: Place | None = place
    while here is not None:
        start = here.start(page_size)
        rows = await listing.page(start, page_size)
        keys = [row.key for row in rows]
        on = follow(here, keys, start, first if here.seen else frozenset())
        repeats = repeats + 1 if keys and keys[-TAIL:] == here.tail else 0
        if repeats == _ENOUGH and await listing.total() <= len(keys):  # it heeds no row number, but this is all
            on = None
        first = first if here.seen and first else frozenset(keys)
        fresh = [row for row in rows if held.get(row.key) != row.raw]
        if fresh:
            yield fresh, on or here
        held = {row.key: row.raw for row in rows}
        here = on


def follow(place: Place, keys: Sequence[str], start: int, first: frozenset[str]) -> Place | None:
    """Tell where a read goes on that met *keys* from row *start* on; None at the end.

    *first* are keys of an early page: a page with nothing new but those comes from a store that begins anew where it
    should end.
    """
    after = _after(place, keys)
    if after is None:
        return _lost(place, start)
    moved = bool(place.tail) and start + after - 1 > place.seen
    nothing_new = first.issuperset(keys[after:])
    if nothing_new and not moved and not place.back:
        return _next_round(place)
    return msgspec.structs.replace(
        place,
        seen=start + len(keys) - 1,
        tail=list(keys[-TAIL:]),
        stumbles=_once_more(place) if nothing_new else place.stumbles,
        moved=place.moved or moved,
        back=False,
    )


def _after(place: Place, keys: Sequence[str]) -> int | None:
    """Tell from which of *keys* on they are beyond the tail; None where the tail is not there but should be."""
    tail = set(place.tail)
    for index in range(len(keys) - 1, -1, -1):
        if keys[index] in tail:
            return index + 1
    return None if place.overlap() else 0


def _lost(place: Place, start: int) -> Place:
    stumbles = _once_more(place)
    if start > 1 and not place.back:
        return msgspec.structs.replace(place, back=True, stumbles=stumbles)
    return Place(round=place.round, stumbles=stumbles)


def _once_more(place: Place) -> int:
    if place.stumbles >= STUMBLES:
        raise UnavailableError(
            "The shop's list kept changing, or repeating, while it was read; the hub reads it again later."
        )
    return place.stumbles + 1


def _next_round(place: Place) -> Place | None:
    if place.moved and place.round < ROUNDS:
        return Place(round=place.round + 1, stumbles=place.stumbles)
    return None
