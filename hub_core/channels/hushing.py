"""Keeping a store's secrets out of the texts that a hook gives for people to read, and out of what it raises later."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

from hub_core.channels.blame import Blame
from hub_core.channels.callbacks import CallbackAnswer
from hub_core.channels.listing_pages import ListingPage
from hub_core.channels.pages import OrderPage
from hub_core.domain.pushes import Refused, RetryLater
from hub_core.domain.webhooks import Hints

T = TypeVar("T")


def hushed(answer: T, blame: Blame) -> T:
    """Give what a hook answered, which must be as the contract says, with its texts blanked like its errors."""
    told: Any = answer
    if blame.secrets and isinstance(answer, OrderPage | ListingPage):
        told = replace(told, read=_watched(answer.read, Blame(blame.channel, "read", blame.secrets)))
    elif blame.secrets and isinstance(answer, list | tuple):
        told = [_outcome(one, blame) for one in answer]
    elif blame.secrets and isinstance(answer, CallbackAnswer | Hints):
        told = replace(answer, problem=blame.blanked(answer.problem))
    return told  # type: ignore[no-any-return] # of the same type


def _watched(read: Callable[[bytes], Any], blame: Blame) -> Callable[[bytes], Any]:
    return lambda raw: blame.call(read, raw)


def _outcome(outcome: Any, blame: Blame) -> Any:
    if isinstance(outcome, Refused | RetryLater):
        return replace(outcome, reason=blame.blanked(outcome.reason))
    return outcome
