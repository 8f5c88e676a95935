"""Points in time as people write them."""

import re
from datetime import UTC, datetime, timedelta

import typer

_SPAN = re.compile(r"(\d{1,6})([mhdw])")
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_DAY = re.compile(r"\d{4}-\d\d-\d\d")


def parse_when(text: str, now: datetime | None = None) -> datetime:
    """Read a day, an RFC 3339 time, `today`, `yesterday`, or a span before *now* such as 12h or 2d; days are UTC.

    Raises BadParameter.
    """
    now = now or datetime.now(UTC)
    word = text.strip()
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    if word.lower() in ("today", "yesterday"):
        return today - timedelta(days=word.lower() == "yesterday")
    try:
        if span := _SPAN.fullmatch(word.lower()):
            return now - timedelta(**{_UNITS[span[2]]: int(span[1])})
        moment = datetime.fromisoformat(word)
        if _DAY.fullmatch(word):
            return moment.replace(tzinfo=UTC)
        if moment.tzinfo is not None:
            return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    message = (
        f"'{text}' is no point in time. Write a day (2026-01-31), a time with its zone (2026-01-31T08:00:00Z), "
        "a span before now (45m, 12h, 2d, 1w), today or yesterday; days begin at midnight UTC."
    )
    raise typer.BadParameter(message)
