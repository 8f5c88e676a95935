"""Points in time as people write them."""

import contextlib
from datetime import UTC, datetime, timedelta, timezone

import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st

from hub_core.cli.times import parse_when

NOW = datetime(2026, 3, 10, 15, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-01-31", datetime(2026, 1, 31, tzinfo=UTC)),
        ("2026-01-31T08:00:00Z", datetime(2026, 1, 31, 8, tzinfo=UTC)),
        ("2026-01-31T08:00:00+02:00", datetime(2026, 1, 31, 6, tzinfo=UTC)),
        ("today", datetime(2026, 3, 10, tzinfo=UTC)),
        ("Yesterday", datetime(2026, 3, 9, tzinfo=UTC)),
        ("45m", NOW - timedelta(minutes=45)),
        ("12h", NOW - timedelta(hours=12)),
        ("2d", NOW - timedelta(days=2)),
        ("1w", NOW - timedelta(weeks=1)),
        (" 2D ", NOW - timedelta(days=2)),
    ],
)
def test_a_moment_is_read_as_people_write_it(text: str, moment: datetime) -> None:
    assert parse_when(text, NOW) == moment


@pytest.mark.parametrize("text", ["", "soon", "2026-02-30", "2026-01-31T08:00:00", "2 days", "d", "-2d", "999999w"])
def test_what_is_no_moment_is_refused_with_what_can_be_written(text: str) -> None:
    with pytest.raises(typer.BadParameter, match="today or yesterday"):
        parse_when(text, NOW)


@given(
    st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30)),  # noqa: DTZ001 - the offset is put on below
    st.integers(-23 * 60, 23 * 60),
)
def test_a_time_with_its_zone_comes_back_as_the_same_moment_in_utc(local: datetime, minutes: int) -> None:
    moment = local.replace(tzinfo=timezone(timedelta(minutes=minutes)))
    read = parse_when(moment.isoformat(), NOW)
    assert read == moment
    assert read.tzinfo is UTC


@given(st.text())
def test_any_text_is_either_a_moment_in_utc_or_refused(text: str) -> None:
    with contextlib.suppress(typer.BadParameter):
        assert parse_when(text, NOW).tzinfo is UTC
