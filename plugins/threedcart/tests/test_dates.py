from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub_threedcart.dates import as_day, as_time, earliest_reading, latest_reading, moment

NEW_YORK = ZoneInfo("America/New_York")
ZONES = [
    ZoneInfo(name)
    for name in (
        "America/New_York",
        "America/St_Johns",
        "Europe/London",
        "Australia/Lord_Howe",
        "Africa/Casablanca",
        "Asia/Kathmandu",
        "America/Phoenix",
        "Pacific/Apia",
        "UTC",
    )
]
instants = st.datetimes(datetime(2005, 1, 1), datetime(2035, 1, 1)).map(lambda at: at.replace(tzinfo=UTC))  # noqa: DTZ001
zones = st.sampled_from(ZONES)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024-05-06T10:14:02", datetime(2024, 5, 6, 14, 14, 2, tzinfo=UTC)),
        ("2024-01-06T10:14:02", datetime(2024, 1, 6, 15, 14, 2, tzinfo=UTC)),
        ("2024-05-06T10:14:02.5", datetime(2024, 5, 6, 14, 14, 2, 500_000, tzinfo=UTC)),
        ("2024-05-06T10:14:02Z", datetime(2024, 5, 6, 10, 14, 2, tzinfo=UTC)),
        ("2024-05-06T10:14:02-07:00", datetime(2024, 5, 6, 17, 14, 2, tzinfo=UTC)),
        ("05/06/2024 10:14", datetime(2024, 5, 6, 14, 14, tzinfo=UTC)),
        ("05/06/2024 10:14:02", datetime(2024, 5, 6, 14, 14, 2, tzinfo=UTC)),
        ("9/16/2013", datetime(2013, 9, 16, 4, 0, tzinfo=UTC)),
        (" 09/16/2013 ", datetime(2013, 9, 16, 4, 0, tzinfo=UTC)),
        ("9/16/2013 4:05:01 PM", datetime(2013, 9, 16, 20, 5, 1, tzinfo=UTC)),
        ("9/16/2013 4:05 AM", datetime(2013, 9, 16, 8, 5, tzinfo=UTC)),
    ],
)
def test_each_form_that_a_store_writes_is_read_in_the_stores_own_zone(text: str, expected: datetime) -> None:
    assert moment(text, NEW_YORK) == expected


@pytest.mark.parametrize("text", ["", "   ", "0001-01-01T00:00:00", "1/1/0001 12:00:00 AM"])
def test_what_stands_for_no_time_is_none(text: str) -> None:
    assert moment(text, NEW_YORK) is None


@pytest.mark.parametrize("text", ["soon", "13/13/2024", "2024-02-30T00:00:00", "9999-12-31T23:59:59"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no time"):
        moment(text, NEW_YORK)


def test_the_hour_that_is_skipped_counts_from_before_and_the_repeated_one_is_the_first() -> None:
    assert moment("2024-03-10T02:30:00", NEW_YORK) == datetime(2024, 3, 10, 7, 30, tzinfo=UTC)
    assert moment("2024-11-03T01:30:00", NEW_YORK) == datetime(2024, 11, 3, 5, 30, tzinfo=UTC)


@given(at=instants, zone=zones)
def test_a_time_that_a_store_writes_comes_back_as_the_moment_it_was(at: datetime, zone: ZoneInfo) -> None:
    wall = at.astimezone(zone)
    read = moment(wall.replace(tzinfo=None, fold=0).isoformat(), zone)
    assert read is not None
    assert read == at if not wall.fold else timedelta() < at - read <= timedelta(hours=24)


@given(at=instants, later=st.integers(0, 200_000), zone=zones)
def test_no_clock_shows_an_earlier_time_after_the_start_nor_a_later_one_before_the_end(
    at: datetime, later: int, zone: ZoneInfo
) -> None:
    other = at + timedelta(seconds=later)
    assert earliest_reading(at, zone) <= other.astimezone(zone).replace(tzinfo=None)
    assert at.astimezone(zone).replace(tzinfo=None) <= latest_reading(other, zone)


@given(minutes=st.integers(-180, 180), later=st.integers(0, 180), zone=st.sampled_from([NEW_YORK, ZONES[3]]))
def test_this_holds_around_the_end_of_summer_time(minutes: int, later: int, zone: ZoneInfo) -> None:
    turn = datetime(2024, 11, 3, 6, tzinfo=UTC) if zone is NEW_YORK else datetime(2024, 4, 6, 15, tzinfo=UTC)
    start = turn + timedelta(minutes=minutes)
    end = start + timedelta(minutes=later)
    assert earliest_reading(start, zone) <= end.astimezone(zone).replace(tzinfo=None)
    assert start.astimezone(zone).replace(tzinfo=None) <= latest_reading(end, zone)


@pytest.mark.parametrize("year", [1, 1899, 9999])
def test_a_window_that_reaches_beyond_all_calendars_is_cut(year: int) -> None:
    at = datetime(year, 12, 31, 23, tzinfo=UTC)
    assert 1900 <= earliest_reading(at, ZONES[5]).year <= latest_reading(at, ZONES[5]).year <= 9998


def test_filters_are_written_as_americans_write_them() -> None:
    wall = datetime(2013, 9, 5, 7, 8, 9)  # noqa: DTZ001 - a reading of a clock
    assert (as_time(wall), as_day(wall)) == ("09/05/2013 07:08:09", "09/05/2013")
