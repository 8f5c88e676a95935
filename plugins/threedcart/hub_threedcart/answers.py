"""Telling apart what the platform may answer to a question for a list, as the same thing has been said in many ways."""

from __future__ import annotations

import re
from typing import Final, NoReturn

import msgspec

from hub_core import Answer, ResponseError, UnavailableError
from hub_threedcart.wire import Complaint

BAD_REQUEST: Final = 400
NOT_FOUND: Final = 404
TOO_LARGE: Final = 413
SERVER_FAULT: Final = 500

_NO_MORE: Final = "offset amount exceeds"
_THROTTLED: Final = re.compile(r"throttl|too many requests")
_LIMIT: Final = re.compile(r"\blimit")
_OF_REQUESTS: Final = re.compile(r"\brates?\b|request|exceed")
"""What a refusal for asking too often may say; neither status nor wording are documented."""
_COMPLAINT: Final = msgspec.json.Decoder(Complaint)


def records_of(answer: Answer) -> list[bytes]:
    """Give the texts of the rows: none for 404, an empty body, an empty list, and 400 with the words for "no more".

    Raises UnavailableError only where the platform says that it is asked too much, else ResponseError.
    """
    body = answer.body.strip()
    if not body:
        return [] if answer.status != BAD_REQUEST else refuse(answer)
    if not is_json(answer, body):
        refuse(answer, body[:2000].decode(errors="replace"))
    if answer.status == NOT_FOUND:
        return []
    if body[:1] == b"{":
        refuse(answer, _complaint(body).message or "")
    rows = answer.records()
    complaint = _complaint(rows[0]) if rows else Complaint()
    if complaint.key != "Error" and answer.status != BAD_REQUEST:
        return rows
    text = complaint.message or ""
    return [] if _NO_MORE in text.lower() else refuse(answer, text)


def is_json(answer: Answer, body: bytes) -> bool:
    """Tell whether the answer claims to be JSON."""
    kind = answer.headers.get("content-type", "")
    return "json" in kind.lower() if kind else body[:1] in (b"[", b"{")


def is_complaint(text: bytes) -> bool:
    """Tell whether an object is an error instead of what was asked for."""
    return _complaint(text).message is not None


def _complaint(text: bytes) -> Complaint:
    try:
        return _COMPLAINT.decode(text)
    except (msgspec.MsgspecError, ValueError):
        return Complaint()


def refuse(answer: Answer, text: str = "") -> NoReturn:
    """Say that the hub does not understand it, unless *text* says that the platform is asked too much."""
    if is_throttling(text):
        wait = answer.headers.get("retry-after", "")
        raise UnavailableError(
            f"{answer.host} is asked too often. The hub tries again later.",
            retry_after=float(wait) if wait.isascii() and wait.isdecimal() else None,
        )
    raise ResponseError(
        f"{answer.host} answered {answer.excerpt()}, with status {answer.status}, which the hub does not understand; "
        "check the address of the store, and report it if it stays so."
    )


def is_throttling(text: str) -> bool:
    """Tell whether a refusal says that the platform is asked too much."""
    text = text.lower()
    return bool(_THROTTLED.search(text) or (_LIMIT.search(text) and _OF_REQUESTS.search(text)))
