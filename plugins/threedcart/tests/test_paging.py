from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub_core import UnavailableError
from hub_threedcart import paging
from hub_threedcart.paging import Place, Row, walk

Rows = Sequence[Row]


class ShiftingList:
    """A list that changes after each page that was read from it, as long as there are *changes*."""

    def __init__(self, ids: Sequence[int], changes: Sequence[tuple[str, int]] = (), cap: int | None = None) -> None:
        self.ids = sorted(set(ids))
        self.always = set(self.ids)
        self._changes = list(changes)
        self._cap = cap
        self.asked: list[int] = []

    async def page(self, start: int, limit: int) -> Rows:
        self.asked.append(start)
        size = min(limit, self._cap or limit)
        rows = [_row(one) for one in self.ids[start - 1 : start - 1 + size]]
        if self._changes:
            self._change(*self._changes.pop())
        return rows

    async def total(self) -> int:
        return len(self.ids)

    def _change(self, what: str, number: int) -> None:
        if what == "insert":
            self.ids = sorted({*self.ids, number})
        elif self.ids:
            gone = self.ids.pop(number % len(self.ids))
            self.always.discard(gone)


def _row(one: int) -> Row:
    return Row(str(one), f"order {one}".encode())


class Made:
    """A list whose pages a function makes up."""

    def __init__(self, page: Callable[[int, int], Rows], total: int = 0) -> None:
        self._page = page
        self._total = total

    async def page(self, start: int, limit: int) -> Rows:
        return self._page(start, limit)

    async def total(self) -> int:
        return self._total


async def read(listing: paging.Listing, size: int, place: Place | None = None) -> list[str]:
    return [row.key async for rows, _ in walk(listing, place or Place(), size) for row in rows]


changes = st.lists(st.tuples(st.sampled_from(["insert", "remove"]), st.integers(0, 120)), max_size=25)


@given(
    ids=st.sets(st.integers(0, 120), max_size=60),
    changes=changes,
    size=st.integers(1, 13),
    cap=st.none() | st.integers(3, 9),
)
async def test_every_row_that_is_there_all_the_time_is_read_however_the_others_come_and_go(
    ids: set[int], changes: list[tuple[str, int]], size: int, cap: int | None
) -> None:
    shifting = ShiftingList(list(ids), changes, cap)
    found = {int(key) for key in await read(shifting, max(size, 3))}
    assert shifting.always <= found


@given(ids=st.sets(st.integers(0, 500), max_size=90), size=st.integers(3, 20), stop=st.integers(0, 30))
async def test_a_read_goes_on_where_an_earlier_one_stopped(ids: set[int], size: int, stop: int) -> None:
    still = ShiftingList(list(ids))
    found: list[str] = []
    place = Place()
    async for rows, reached in walk(still, Place(), size):
        found += [row.key for row in rows]
        place = reached
        if len(found) > stop:
            break
    found += await read(still, size, place)
    assert {int(key) for key in found} == ids


@pytest.mark.parametrize("held", [0, 1, 2, 5, 9, 10, 11, 95])
async def test_a_list_that_holds_still_is_read_once_and_each_row_is_given_once(held: int) -> None:
    still = ShiftingList(range(held))
    assert await read(still, 10) == [str(one) for one in range(held)]


async def test_a_still_list_of_ten_thousand_takes_one_request_a_page_and_one_to_see_the_end() -> None:
    still = ShiftingList(range(10_000))
    await read(still, 300)
    assert len(still.asked) == 35


async def test_rows_that_come_in_before_the_place_make_it_read_once_more_from_the_start() -> None:
    shifting = ShiftingList(range(10, 40), [("insert", 1)])
    assert "1" in await read(shifting, 10)


async def test_rows_that_come_in_at_the_end_do_not() -> None:
    shifting = ShiftingList(range(10, 40), [("insert", 99)])
    assert "99" in await read(shifting, 10)
    assert shifting.asked.count(1) == 1


async def test_a_row_that_changed_between_two_pages_is_given_again() -> None:
    texts = {"now": b"old"}

    def page(start: int, limit: int) -> Rows:
        rows = [Row(str(one), texts["now"]) for one in range(1, 13)][start - 1 : start - 1 + limit]
        texts["now"] = b"new"
        return rows

    assert (await read(Made(page), 10)).count("10") == 2


async def test_a_store_that_gives_less_than_asked_for_is_read_to_its_end() -> None:
    capped = ShiftingList(range(50), cap=7)
    assert len(await read(capped, 300)) == 50


async def test_a_store_that_never_ends_its_list_is_given_up() -> None:
    endless = Made(lambda start, limit: [_row(start * 1000 + one) for one in range(limit)])
    with pytest.raises(UnavailableError, match="kept changing, or repeating"):
        await read(endless, 10)


@pytest.mark.parametrize("size", [10, 300])
async def test_a_store_that_gives_the_same_page_for_ever_and_holds_more_is_given_up(size: int) -> None:
    same = Made(lambda _start, _limit: [_row(one) for one in range(10)], total=11)
    with pytest.raises(UnavailableError, match="kept changing, or repeating"):
        await read(same, size)


@pytest.mark.parametrize("held", [1, 2, 9, 40])
@pytest.mark.parametrize("total", [0, 1])
async def test_a_store_that_heeds_no_row_number_but_holds_one_page_is_read_once(held: int, total: int) -> None:
    same = Made(lambda _start, _limit: [_row(one) for one in range(held)], total)
    assert await read(same, 50) == [str(one) for one in range(held)]


async def test_a_store_that_begins_anew_where_its_list_ends_is_read_once() -> None:
    circle = Made(lambda start, limit: [_row((start - 1 + one) % 45) for one in range(limit)], total=45)
    assert set(await read(circle, 10)) == {str(one) for one in range(45)}


async def test_the_place_stays_small_however_long_the_list_is() -> None:
    still = ShiftingList(range(10**9, 10**9 + 1000))
    places = [place async for _, place in walk(still, Place(), 300)]
    assert all(len(place.tail) <= paging.TAIL for place in places)
