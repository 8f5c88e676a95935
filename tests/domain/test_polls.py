"""Which window each search reads."""

from datetime import UTC, datetime, timedelta

from hypothesis import assume, given
from hypothesis import strategies as st

from hub_core.domain.polls import ONCE, OVERLAP, POLL_OF, Poll, Search, Window, widened, window_of

CONNECTED = datetime(2026, 3, 10, 12, tzinfo=UTC)
DAY = timedelta(days=1)

moments = st.datetimes(
    min_value=datetime(2000, 1, 1),  # noqa: DTZ001 - the strategy adds the zone
    max_value=datetime(2100, 1, 1),  # noqa: DTZ001 - the strategy adds the zone
    timezones=st.just(UTC),
)


def window(search: Search, since: datetime = CONNECTED - 30 * DAY, watermark: datetime | None = None) -> Window:
    return window_of(search, import_since=since, connected_at=CONNECTED, watermark=watermark)


def test_the_baseline_reaches_two_days_back() -> None:
    assert window(Search.BASELINE) == Window(start=CONNECTED - 2 * DAY)


def test_the_baseline_does_not_reach_behind_what_the_merchant_wants() -> None:
    assert window(Search.BASELINE, since=CONNECTED - DAY) == Window(start=CONNECTED - DAY)


def test_the_back_fill_reads_up_to_where_the_baseline_began() -> None:
    assert window(Search.BACKFILL) == Window(start=CONNECTED - 30 * DAY, end=CONNECTED - 2 * DAY)


def test_open_orders_are_read_whatever_their_age() -> None:
    assert window(Search.OPEN) == Window()


def test_new_and_changed_orders_are_read_from_a_day_before_the_watermark() -> None:
    seen = CONNECTED + 5 * DAY
    assert window(Search.NEW, watermark=seen) == Window(start=seen - DAY)
    assert window(Search.CHANGED, watermark=seen) == Window(start=seen - DAY)


def test_before_the_first_complete_read_the_connection_is_the_watermark() -> None:
    assert window(Search.NEW) == Window(start=CONNECTED - DAY)


def test_a_sweep_reaches_two_weeks_behind_the_watermark() -> None:
    assert window(Search.SWEEP, watermark=CONNECTED) == Window(start=CONNECTED - 14 * DAY)


@given(since=moments, connected=moments)
def test_baseline_and_back_fill_leave_no_gap_after_import_since(since: datetime, connected: datetime) -> None:
    def read(search: Search) -> Window:
        return window_of(search, import_since=since, connected_at=connected, watermark=None)

    assert read(Search.BACKFILL).start == since
    assert read(Search.BACKFILL).end == read(Search.BASELINE).start
    assert read(Search.BASELINE).end is None


@given(watermark=moments, search=st.sampled_from(sorted(OVERLAP)))
def test_windows_of_later_reads_overlap_and_stay_open(watermark: datetime, search: Search) -> None:
    read = window(search, watermark=watermark)
    assert read.start is not None
    assert read.start < watermark
    assert read.end is None


@given(start=st.none() | moments, end=st.none() | moments)
def test_a_store_that_told_no_zone_is_read_26_hours_beyond_both_ends(
    start: datetime | None, end: datetime | None
) -> None:
    given_window = Window(start=start, end=end)
    assume(not given_window.empty)
    wide = widened(given_window)
    assert wide.start == (start and start - timedelta(hours=26))
    assert wide.end == (end and end + timedelta(hours=26))


def test_an_empty_window_stays_empty() -> None:
    nothing = Window(start=CONNECTED, end=CONNECTED)
    assert nothing.empty
    assert widened(nothing) == nothing


def test_every_search_asks_for_a_poll_and_the_first_three_happen_once() -> None:
    assert set(POLL_OF) == set(Search)
    assert set(POLL_OF.values()) == set(Poll)
    assert ONCE == (Search.BASELINE, Search.BACKFILL, Search.OPEN)
    assert set(ONCE) | set(OVERLAP) == set(Search)
