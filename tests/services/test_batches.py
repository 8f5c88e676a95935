"""A long list is read in batches, whatever its length."""

from hypothesis import given
from hypothesis import strategies as st

from hub_core.services.batches import batches


@given(count=st.integers(0, 30), limit=st.none() | st.integers(-1, 40), size=st.integers(1, 12))
async def test_batches_give_each_thing_once_and_no_more_than_is_wanted(
    count: int, limit: int | None, size: int
) -> None:
    things, asked = list(range(count)), []

    async def page(after: int, most: int) -> list[int]:
        asked.append(most)
        return [thing for thing in things if thing > after][:most]

    found = [batch async for batch in batches(page, -1, lambda thing: thing, limit=limit, size=size)]

    expected = things if limit is None else things[: max(limit, 0)]
    assert [thing for batch in found for thing in batch] == expected
    assert all(len(batch) == size for batch in found[:-1])
    assert len(asked) == len(found)
    assert limit is None or sum(asked) <= max(limit, 0)
