"""Reading what the platform says of the entries that were written: one result for each, found by its value."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import msgspec

from hub_core import Answer
from hub_threedcart.answers import SERVER_FAULT, TOO_LARGE, is_json, is_throttling, refuse
from hub_threedcart.product_wire import WireResult

_RESULT: Final = msgspec.json.Decoder(WireResult)
_LONGEST: Final = 200
_SPOKEN_FOR: Final = (TOO_LARGE, SERVER_FAULT)
"""Statuses that say all; the body is often a page of the web server."""


class Result(NamedTuple):
    """What became of the entry that *value* names; the platform also writes errors that name none.

    Only what was not *good* has a message.
    """

    value: str
    error: bool
    status: int | None
    message: str
    good: bool


def results_of(answer: Answer) -> list[Result]:
    """Give the results; none where the body is empty.

    Raises UnavailableError where the platform says that it is asked too much, ResponseError where it says nothing
    that could be a result.
    """
    body = answer.body.strip()
    if not body:
        return []
    rows = _rows(answer, body)
    results = [] if rows is None else [_result(row, answer) for row in rows]
    if rows is None and answer.status not in _SPOKEN_FOR:
        refuse(answer, body[:2000].decode(errors="replace"))
    for result in results:
        if not result.good and not result.value and is_throttling(result.message):
            refuse(answer, result.message)
    return results


def _rows(answer: Answer, body: bytes) -> list[WireResult] | None:
    if not is_json(answer, body):
        return None
    texts = [body] if body[:1] == b"{" else answer.records() if body[:1] == b"[" else None
    try:
        return None if texts is None else [_RESULT.decode(text) for text in texts]
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None


def _result(row: WireResult, answer: Answer) -> Result:
    error, status = _words(row.key).lower() == "error", _status(row.status)
    # Both are needed: errors have been seen under 200.
    good = not error and status is not None and 200 <= status < 300  # noqa: PLR2004 - as HTTP does
    return Result(_words(row.value), error, status, "" if good else answer.redact(_words(row.message)), good)


def _words(value: Any) -> str:
    if value is None or isinstance(value, (dict, list)):
        return ""
    text = str(value)
    if text.isalnum():  # as nearly all are
        return text[:_LONGEST]
    if not text.isprintable():
        text = "".join(sign if sign.isprintable() else " " for sign in text)
    return " ".join(text.split())[:_LONGEST]


def _status(value: Any) -> int | None:
    text = _words(value)
    return int(text) if text.isascii() and text.isdigit() else None
