from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub_core.testing.store import Record, Shelf


def shelf_of(*keys: int) -> Shelf[str]:
    shelf: Shelf[str] = Shelf()
    for key in keys:
        shelf.put(Record(key, "even" if key % 2 == 0 else "odd", b"{}"))
    return shelf


def even(record: Record[str]) -> bool:
    return record.facets == "even"


def keys_of(shelf: Shelf[str]) -> list[int]:
    return [record.key for record in shelf.select("even", even)]


@given(st.lists(st.integers(min_value=1, max_value=500)))
def test_records_stand_in_the_order_of_their_keys(keys: list[int]) -> None:
    assert list(shelf_of(*keys).keys) == sorted(set(keys))


def test_a_record_with_the_same_key_takes_the_place_of_the_old_one() -> None:
    shelf = shelf_of(1, 2)
    shelf.put(Record(1, "even", b"new"))
    found = shelf.get(1)
    assert found is not None
    assert (found.text, len(shelf)) == (b"new", 2)


def test_a_search_finds_what_matches_and_is_remembered() -> None:
    shelf = shelf_of(4, 1, 2)
    assert keys_of(shelf) == [2, 4]
    assert shelf.select("even", even) is shelf.select("even", even)


def test_a_search_after_a_change_sees_the_change() -> None:
    shelf = shelf_of(1, 2)
    assert keys_of(shelf) == [2]
    shelf.put(Record(6, "even", b"{}"))
    shelf.remove(2)
    assert keys_of(shelf) == [6]


def test_many_different_searches_do_not_pile_up() -> None:
    shelf = shelf_of(1, 2)
    for question in range(50):
        assert [record.key for record in shelf.select(question, even)] == [2]
    assert len(shelf._answers) <= 16


def test_removing_what_is_not_there_is_an_error() -> None:
    with pytest.raises(KeyError):
        shelf_of(1).remove(2)


def test_the_next_key_is_above_all_others() -> None:
    assert (shelf_of().next_key, shelf_of(3, 9).next_key) == (1, 10)
