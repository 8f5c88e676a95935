"""What the contract allows a hook to answer."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from hub_core.channels.blame import WrongAnswer
from hub_core.channels.channel import Channel
from hub_core.channels.pages import CURSOR_LIMIT, OrderPage, Record
from hub_core.domain.channels import AuthorizationStep
from hub_core.domain.integrations import StoreIdentity


def check_answer(channel: Channel, hook: str, answer: Any) -> None:
    """Raise WrongAnswer where *answer* is not what *hook* promises."""
    _CHECKS[hook](channel, answer)


def check_cursor(cursor: Any) -> None:
    """Raise WrongAnswer where *cursor* is no JSON that reads back as the same, or is too long to be kept."""
    try:
        text = json.dumps(cursor, allow_nan=False, ensure_ascii=False, separators=(",", ":")).encode()
        same = json.loads(text) == cursor
    except (TypeError, ValueError, RecursionError):
        same, text = False, b""
    if not same:
        raise WrongAnswer("its cursor is not made of plain JSON (text, numbers, true, false, null, lists and objects)")
    if len(text) > CURSOR_LIMIT:
        raise WrongAnswer(f"its cursor takes {len(text)} bytes of JSON, but at most {CURSOR_LIMIT} are kept")


def _check_kind(answer: Any, kind: type, article: str = "a") -> None:
    if not isinstance(answer, kind):
        raise WrongAnswer(f"it answered {_named(answer)} instead of {article} {kind.__name__}")


def _named(answer: Any) -> str:
    return "None" if answer is None else f"a value of type {type(answer).__name__}"


def _check_step(_channel: Channel, answer: Any) -> None:
    _check_kind(answer, AuthorizationStep, "an")


def _check_credentials(channel: Channel, answer: Any) -> None:
    _check_kind(answer, channel.info.credentials)


def _check_identity(_channel: Channel, answer: Any) -> None:
    _check_kind(answer, StoreIdentity)


def _check_page(_channel: Channel, answer: Any) -> None:
    _check_kind(answer, OrderPage, "an")
    if not isinstance(answer.records, list | tuple):
        raise WrongAnswer("the records of its page are neither a list nor a tuple")
    if not all(map(_is_record, answer.records)):
        raise WrongAnswer("its page holds something else than Records of bytes, each with a text as id or None")
    if not callable(answer.read):
        raise WrongAnswer("its page has no function that reads a record")
    check_cursor(answer.cursor)


def _is_record(record: Any) -> bool:
    if not isinstance(record, Record):
        return False
    fields: tuple[Any, Any] = (record.external_id, record.raw)
    return isinstance(fields[0], str | None) and isinstance(fields[1], bytes)


def _check_count(_channel: Channel, answer: Any) -> None:
    whole = isinstance(answer, int) and not isinstance(answer, bool) and answer >= 0
    if answer is not None and not whole:
        raise WrongAnswer(f"it answered {_named(answer)} instead of a whole number from 0 on, or None")


def _check_nothing(_channel: Channel, _answer: Any) -> None:
    """Past-tense hooks tell; what they answer is ignored."""


_CHECKS: dict[str, Callable[[Channel, Any], None]] = {
    "begin_authorization": _check_step,
    "complete_authorization": _check_credentials,
    "check_store": _check_identity,
    "fetch_orders": _check_page,
    "fetch_order": _check_page,
    "count_orders": _check_count,
    "integration_changed": _check_nothing,
}
