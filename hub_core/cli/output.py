"""Printing: tables and facts for people, one JSON document for programs. What shops sent cannot steer the terminal."""

import re
import sys
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from decimal import Decimal

    from pydantic import BaseModel

    from hub_core.domain.money import Money

_UNPRINTED = re.compile("[\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ud800-\udfff]")
_GAP = "  "


def plain(text: object) -> str:
    """Give *text* with everything escaped that a terminal would obey or hide."""
    return "".join(
        sign if sign.isprintable() else sign.encode("unicode_escape").decode()
        for sign in str(text).replace("\xa0", " ")
    )


def say(text: str = "") -> None:
    """Print a line of data."""
    sys.stdout.write(f"{plain(text)}\n")


def complain(text: str) -> None:
    """Print a line on standard error."""
    sys.stderr.write(f"{plain(text)}\n")


def document(value: Any, *, indent: int | None = 2) -> None:
    """Print *value*, a model, a list of models or plain data, as a JSON document."""
    import json

    ascii_only = (sys.stdout.encoding or "").lower().replace("-", "") != "utf8"
    text = json.dumps(_data(value), indent=indent, ensure_ascii=ascii_only, default=str)
    escaped = _UNPRINTED.sub(lambda found: f"\\u{ord(found.group()):04x}", text)
    sys.stdout.write(f"{escaped}\n")


def _data(value: "BaseModel | Any") -> Any:
    if isinstance(value, list | tuple):
        return [_data(one) for one in value]
    dump = getattr(value, "model_dump", None)
    return value if dump is None else dump(mode="json")


def table(rows: Sequence[Mapping[str, object]], empty: str) -> None:
    """Print *rows*, whose keys are the headings, or the sentence *empty* on standard error where there are none."""
    if not rows:
        complain(empty)
        return
    cells = [[heading.upper() for heading in rows[0]], *([_cell(value) for value in row.values()] for row in rows)]
    widths = [max(map(_width, column)) for column in zip(*cells, strict=True)]
    for line in cells:
        padded = (cell + " " * (width - _width(cell)) for cell, width in zip(line, widths, strict=True))
        sys.stdout.write(_GAP.join(padded).rstrip() + "\n")


def facts(pairs: Mapping[str, object]) -> None:
    """Print one thing, a line for each of its *pairs* that has a value."""
    shown = {name: _cell(value) for name, value in pairs.items() if value not in (None, "")}
    width = max(map(len, shown), default=0)
    for name, value in shown.items():
        sys.stdout.write(f"{name.ljust(width)}{_GAP}{value}\n")


def _cell(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return moment(value)
    return plain(value)


def moment(at: datetime) -> str:
    """Write a point in time, in UTC."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S}Z"


def _width(text: str) -> int:
    """Count the columns that *text* takes on a terminal."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(sign) else 2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in text
    )


def written(money: "Money") -> str:
    """Write an amount as `12.50 USD`."""
    return f"{money.amount:f} {money.currency}"


def number(figure: "Decimal", currency: str | None = None) -> str:
    """Write a figure plainly, with as many digits as its *currency* has where it is an amount."""
    if currency is None:
        return f"{figure:f}"
    from hub_core.domain.money import exact

    return f"{exact(figure, currency):f}"


def counted(many: int, what: str) -> str:
    """Write `1 order`, `2 orders`."""
    return f"{many:,} {what}" if many == 1 else f"{many:,} {what}s"


def listed(names: Iterable[str]) -> str:
    """Write `a, b, c`, or `-` for none."""
    return ", ".join(names) or "-"
