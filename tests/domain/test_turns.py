"""When it is an integration's turn."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from hub_core.domain.turns import EARLY, next_turn

MOMENTS = st.datetimes(
    datetime(2020, 1, 1),  # noqa: DTZ001 - bounds come without a zone
    datetime(2090, 1, 1),  # noqa: DTZ001
    timezones=st.just(UTC),
)
INTERVALS = st.timedeltas(timedelta(seconds=5), timedelta(days=30))
NUMBERS = st.integers(1, 10**12)
TINY = timedelta(milliseconds=1)


@given(after=MOMENTS, interval=INTERVALS, number=NUMBERS)
def test_a_turn_comes_within_the_interval_but_not_at_once(after: datetime, interval: timedelta, number: int) -> None:
    assert interval * EARLY - TINY <= next_turn(after, interval, number) - after <= interval


@given(after=MOMENTS, interval=INTERVALS, number=NUMBERS, work=st.floats(0, 0.9))
def test_turns_come_at_the_same_distance_however_long_the_work_takes(
    after: datetime, interval: timedelta, number: int, work: float
) -> None:
    turn = next_turn(after, interval, number)
    following = next_turn(turn + interval * (1 - EARLY) * min(work, 1 - 2 * EARLY), interval, number)
    assert abs(following - turn - interval * (1 - EARLY)) <= TINY


@given(at=MOMENTS, interval=INTERVALS, first=NUMBERS, count=st.integers(1, 300), parts=st.integers(1, 20))
def test_many_that_were_added_one_after_the_other_are_spread_evenly(
    at: datetime, interval: timedelta, first: int, count: int, parts: int
) -> None:
    """Whenever they begin, also all at once: no stretch of time has more than its part of them, and a few."""
    places = _places((next_turn(at, interval, number) for number in range(first, first + count)), interval, parts)
    assert max(places) <= count / parts + 4


def _places(turns: Iterable[datetime], interval: timedelta, parts: int) -> list[int]:
    period = interval * (1 - EARLY)
    start = datetime(2000, 1, 1, tzinfo=UTC)
    found = [0] * parts
    for turn in turns:
        found[min(int((turn - start) % period / period * parts), parts - 1)] += 1
    return found
