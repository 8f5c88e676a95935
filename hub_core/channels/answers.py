"""What the contract allows a hook to answer."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any, cast

from hub_core.channels.blame import WrongAnswer
from hub_core.channels.callbacks import LARGEST, CallbackAnswer, Grant, Revocation
from hub_core.channels.channel import Channel
from hub_core.channels.listing_pages import ListingPage
from hub_core.channels.pages import CURSOR_LIMIT, OrderPage, Record
from hub_core.domain.channels import AuthorizationStep
from hub_core.domain.integrations import StoreIdentity
from hub_core.domain.pushes import Accepted, Refused, RetryLater, Submitted
from hub_core.domain.webhooks import Hints, Subscription

_FEW, _SHORT, _LARGE = 8, 100, 10**15


def check_answer(channel: Channel, hook: str, answer: Any) -> None:
    """Raise WrongAnswer where *answer* is not what *hook* promises."""
    _CHECKS[hook](channel, answer)


def check_cursor(cursor: Any) -> None:
    """Raise WrongAnswer where *cursor* is no JSON that reads back as the same, or is too long to be kept."""
    check_kept("cursor", cursor)


def check_kept(name: str, value: Any) -> None:
    """Raise WrongAnswer where *value* is no JSON that reads back as the same, or is too long to be kept."""
    if _is_small(value):
        return
    try:
        text = json.dumps(value, allow_nan=False, ensure_ascii=False, separators=(",", ":")).encode()
        same = json.loads(text) == value
    except (TypeError, ValueError, RecursionError):
        same, text = False, b""
    if not same:
        raise WrongAnswer(f"its {name} is not made of plain JSON (text, numbers, true, false, null, lists and objects)")
    if len(text) > CURSOR_LIMIT:
        raise WrongAnswer(f"its {name} takes {len(text)} bytes of JSON, but at most {CURSOR_LIMIT} are kept")


def _is_small(value: Any) -> bool:
    """Tell, of what most channels keep, at one glance that it is fine: a few short texts and whole numbers."""
    if type(value) is not dict:
        return _is_short(value)
    if len(value) > _FEW:
        return False
    for name, one in value.items():  # noqa: SIM110 - all() takes twice as long, and every listing has a handle
        if type(name) is not str or not _is_short(name) or not _is_short(one):
            return False
    return True


def _is_short(value: Any) -> bool:
    if type(value) is str:
        return value.isascii() and len(value) <= _SHORT
    return value is None or (type(value) is int and -_LARGE < value < _LARGE)


def _check_kind(answer: Any, kind: type, article: str = "a") -> None:
    if not isinstance(answer, kind):
        raise WrongAnswer(f"it answered {_named(answer)} instead of {article} {kind.__name__}")


def _named(answer: Any) -> str:
    return "None" if answer is None else f"a value of type {type(answer).__name__}"


def _check_step(_channel: Channel, answer: Any) -> None:
    _check_kind(answer, AuthorizationStep, "an")
    if answer.method == "redirect" and not (answer.url or "").startswith(("https://", "http://")):
        raise WrongAnswer("it redirects, but names no address to go to")


def _check_credentials(channel: Channel, answer: Any) -> None:
    _check_kind(answer, channel.info.credentials)


def _check_callback(channel: Channel, answer: Any) -> None:
    _check_kind(answer, CallbackAnswer)
    if not all(isinstance(one, Grant) for one in answer.grants):
        raise WrongAnswer("it answered something else than Grants among its grants")
    if not all(isinstance(one, Revocation) for one in answer.revocations):
        raise WrongAnswer("it answered something else than Revocations among its revocations")
    for one in (*answer.grants, *answer.revocations):
        if not isinstance(one.store_key, str):
            raise WrongAnswer("it names no store")
        if isinstance(one, Grant) or one.credentials is not None:
            _check_kind(one.credentials, channel.info.credentials)
    _check_http(answer)


def _check_http(answer: Any) -> None:
    status, body, kind = answer.status, answer.body, answer.content_type
    if not isinstance(status, int) or not 200 <= status <= 599 or status == 304:  # noqa: PLR2004 - what HTTP has
        raise WrongAnswer("the status of its HTTP answer is none from 200 to 599")
    if not isinstance(body, bytes) or len(body) > LARGEST:
        raise WrongAnswer(f"the body of its HTTP answer is not made of at most {LARGEST} bytes")
    if not isinstance(kind, str) or not (kind.isascii() and kind.isprintable()):
        raise WrongAnswer("the type of its HTTP answer cannot stand in a header")


def _check_subscription(_channel: Channel, answer: Any) -> None:
    _check_kind(answer, Subscription)
    check_kept("subscription", answer.document)
    expires_at = answer.expires_at
    if expires_at is not None and (not isinstance(expires_at, datetime) or expires_at.tzinfo is None):
        raise WrongAnswer("its subscription expires at something else than a moment with a zone")


def _check_hints(_channel: Channel, answer: Any) -> None:
    _check_kind(answer, Hints, "some")
    if not isinstance(answer.orders, tuple) or not all(isinstance(one, str) for one in answer.orders):
        raise WrongAnswer("its hints name orders by something else than a tuple of texts")
    _check_http(answer)


def _check_identity(_channel: Channel, answer: Any) -> None:
    _check_kind(answer, StoreIdentity)


def _check_order_page(_channel: Channel, answer: Any) -> None:
    _check_kind(answer, OrderPage, "an")
    _check_records(answer)


def _check_listing_page(_channel: Channel, answer: Any) -> None:
    _check_kind(answer, ListingPage)
    _check_records(answer)


def _check_records(answer: Any) -> None:
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
    name, raw = cast("tuple[Any, Any]", (record.external_id, record.raw))
    return (name is None or isinstance(name, str)) and isinstance(raw, bytes)


def _check_count(_channel: Channel, answer: Any) -> None:
    whole = isinstance(answer, int) and not isinstance(answer, bool) and answer >= 0
    if answer is not None and not whole:
        raise WrongAnswer(f"it answered {_named(answer)} instead of a whole number from 0 on, or None")


def _check_outcomes(_channel: Channel, answer: Any) -> None:
    if not isinstance(answer, list | tuple):
        raise WrongAnswer(f"it yielded {_named(answer)} instead of a list of outcomes")
    for outcome in answer:
        if not isinstance(outcome, Accepted | Refused | RetryLater | Submitted):
            raise WrongAnswer(f"it yielded {_named(outcome)} among its outcomes")
        if not isinstance(outcome.listing, str):
            raise WrongAnswer("an outcome does not name its listing")
        if isinstance(outcome, Submitted):
            check_kept("receipt", outcome.receipt)


def _check_told(channel: Channel, answer: Any) -> None:
    _check_outcomes(channel, answer)
    if any(isinstance(outcome, Submitted) for outcome in answer):
        raise WrongAnswer("it submitted a fulfilment, of which nobody could be asked later")


def _check_nothing(_channel: Channel, _answer: Any) -> None:
    """Past-tense hooks tell; what they answer is ignored."""


_CHECKS: dict[str, Callable[[Channel, Any], None]] = {
    "begin_authorization": _check_step,
    "complete_authorization": _check_credentials,
    "renew_credentials": _check_credentials,
    "receive_callback": _check_callback,
    "check_store": _check_identity,
    "fetch_orders": _check_order_page,
    "fetch_order": _check_order_page,
    "fetch_listings": _check_listing_page,
    "push_stock": _check_outcomes,
    "push_prices": _check_outcomes,
    "push_fulfilments": _check_told,
    "settle": _check_outcomes,
    "count_orders": _check_count,
    "subscribe_webhooks": _check_subscription,
    "unsubscribe_webhooks": _check_nothing,
    "receive_webhook": _check_hints,
    "integration_changed": _check_nothing,
}
