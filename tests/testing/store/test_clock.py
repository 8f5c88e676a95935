from __future__ import annotations

from datetime import UTC, datetime

import pytest

from hub_core.testing.store import StoreClock

NOON = datetime(2024, 5, 6, 12, tzinfo=UTC)


@pytest.fixture
def clock() -> StoreClock:
    return StoreClock("America/New_York", NOON, running=False)


def test_a_standing_clock_moves_only_when_it_is_told_to(clock: StoreClock) -> None:
    assert clock.now() == clock.now() == NOON
    clock.advance(90)
    assert (clock.now() - NOON).total_seconds() == 90


def test_a_running_clock_starts_where_it_was_set_and_goes_on() -> None:
    clock = StoreClock("UTC", NOON)
    assert NOON <= clock.now() <= clock.now()


def test_the_wall_clock_shows_the_stores_zone_with_daylight_saving(clock: StoreClock) -> None:
    assert clock.wall() == datetime(2024, 5, 6, 8)  # noqa: DTZ001 - a wall clock
    assert clock.wall(datetime(2024, 1, 6, 12, tzinfo=UTC)).hour == 7


def test_a_time_without_a_zone_is_set_on_the_wall_clock(clock: StoreClock) -> None:
    clock.set(datetime(2024, 7, 1, 9, 30))  # noqa: DTZ001 - a wall clock
    assert clock.now() == datetime(2024, 7, 1, 13, 30, tzinfo=UTC)


def test_an_hour_that_comes_twice_is_read_as_the_earlier_one(clock: StoreClock) -> None:
    assert clock.moment(datetime(2024, 11, 3, 1, 30)) == datetime(2024, 11, 3, 5, 30, tzinfo=UTC)  # noqa: DTZ001
