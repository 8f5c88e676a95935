from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from hub_core.testing.store import LeakyBucket, Meter

START = datetime(2024, 5, 6, 12, tzinfo=UTC)


def test_fifty_requests_fit_at_once_and_the_next_does_not() -> None:
    meter = Meter()
    assert [meter.admit(START) for _ in range(51)] == [True] * 50 + [False]
    assert (meter.requests, meter.over, meter.peak) == (51, 1, 50)


def test_two_requests_drain_in_a_second() -> None:
    bucket = LeakyBucket(level=50, last_drained=START)
    later = START + timedelta(seconds=1)
    assert [bucket.admit(later) for _ in range(3)] == [True, True, False]


def test_the_bucket_tells_how_long_to_wait() -> None:
    bucket = LeakyBucket(level=50, last_drained=START)
    assert bucket.wait(START) == 0.5
    assert bucket.wait(START + timedelta(seconds=1)) == 0


def test_a_clock_set_back_drains_nothing() -> None:
    bucket = LeakyBucket(level=50, last_drained=START)
    assert not bucket.admit(START - timedelta(hours=1))


def test_requests_over_the_limit_are_counted_also_while_they_are_answered() -> None:
    meter = Meter(LeakyBucket(depth=1), enforced=False)
    assert [meter.admit(START), meter.admit(START)] == [True, True]
    assert meter.over == 1


def test_a_changed_limit_holds_at_once() -> None:
    meter = Meter()
    meter.limit(depth=2, per_second=1)
    assert [meter.admit(START) for _ in range(3)] == [True, True, False]


def test_reset_forgets_figures_and_level() -> None:
    meter = Meter(LeakyBucket(depth=1))
    meter.admit(START)
    meter.admit(START)
    meter.reset()
    assert meter.reading()["requests"] == meter.reading()["over_limit"] == meter.reading()["level"] == 0


@given(st.lists(st.floats(min_value=0, max_value=5), max_size=200))
def test_what_is_admitted_never_exceeds_depth_and_drain(pauses: list[float]) -> None:
    bucket, now, admitted = LeakyBucket(depth=10, per_second=2), START, 0
    for pause in pauses:
        now += timedelta(seconds=pause)
        admitted += bucket.admit(now)
    assert admitted <= 10 + 2 * (now - START).total_seconds() + 1e-6
