"""Times of a store: wall-clock readings without a zone, in three forms, and the form its filters take."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

_AMERICAN: Final = (
    "%m/%d/%Y",
    "%m/%d/%Y %I:%M:%S %p",
    "%m/%d/%Y %H:%M:%S",
    "%m/%d/%Y %I:%M %p",
    "%m/%d/%Y %H:%M",
    "%m/%d/%y",
)
_LAST_YEAR: Final = 9998
_FIRST_YEAR: Final = 1900
"""Nothing was sold through the platform before; its year 1 means that there is no time at all."""


@lru_cache(maxsize=4096)
def moment(text: str, zone: ZoneInfo) -> datetime | None:
    """Turn what a store writes into UTC, or None where it means "none". Raises ValueError where it is no time.

    In the hour that a clock shows twice the earlier reading is taken, and a time that it skips counts from before.
    """
    text = text.strip()
    if not text:
        return None
    wall = _parsed(text)
    if wall.year < _FIRST_YEAR:
        return None
    if wall.tzinfo is None:
        wall = wall.replace(tzinfo=zone)
    try:
        return wall.astimezone(UTC)
    except OverflowError as error:
        raise ValueError(f"'{text}' is no time that a calendar has") from error


def _parsed(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        pass
    for form in _AMERICAN:
        try:
            return datetime.strptime(text, form)  # noqa: DTZ007 - the zone is the store's, which the caller knows
        except ValueError:
            continue
    raise ValueError("this is no time in any form that 3DCart is known to write")


def earliest_reading(instant: datetime, zone: ZoneInfo) -> datetime:
    """Tell the earliest time that a clock in *zone* shows at *instant* or at any moment after it."""
    wall = _wall(instant, zone)
    return (wall if wall.fold else wall - _repeated(wall)).replace(tzinfo=None)


def latest_reading(instant: datetime, zone: ZoneInfo) -> datetime:
    """Tell the latest time that a clock in *zone* shows at *instant* or at any moment before it, in whole seconds."""
    wall = _wall(instant, zone)
    latest = wall + _repeated(wall) if wall.fold else wall
    return (latest + timedelta(seconds=1 if latest.microsecond else 0)).replace(tzinfo=None, microsecond=0)


def _wall(instant: datetime, zone: ZoneInfo) -> datetime:
    """Read the clock, which nobody asks about a year that calendars do not have in every zone."""
    if not _FIRST_YEAR <= instant.year <= _LAST_YEAR:
        year = min(max(instant.year, _FIRST_YEAR), _LAST_YEAR)
        instant = datetime(year, 1, 1, tzinfo=UTC)
    return instant.astimezone(zone)


def _repeated(wall: datetime) -> timedelta:
    """Tell how long the span is that a clock shows twice around *wall*; zero at all other times."""
    first, second = wall.replace(fold=0).utcoffset(), wall.replace(fold=1).utcoffset()
    return (first or timedelta()) - (second or timedelta())


def as_time(wall: datetime) -> str:
    """Write *wall* as the filters by order date take it."""
    return f"{wall:%m/%d/%Y %H:%M:%S}"


def as_day(wall: datetime) -> str:
    """Write *wall* as the filters by last update take it, which know whole days only."""
    return f"{wall:%m/%d/%Y}"
