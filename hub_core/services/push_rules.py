"""When a figure is not sent now, though the store has another. Pure rules, no rows are changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from hub_core.domain.money import written
from hub_core.domain.prices import change_percent
from hub_core.domain.pushes import Waiting

if TYPE_CHECKING:
    from datetime import datetime

    from hub_core.domain.integrations import Rules
    from hub_core.storage.push_rows import Due, OrderReads

WAITS_FOR_ORDERS = "A higher figure is sent once the store's orders have been read."


class Wait(NamedTuple):
    """What a figure waits for, and why, in a sentence."""

    kind: Waiting
    reason: str


def stock_wait(due: Due, reads: OrderReads) -> Wait | None:
    """Tell why units are not sent now.

    A raise waits for a complete read of the orders that began after what caused it, for something may have been sold
    meanwhile; so does a figure that somebody seems to have changed in the store, unless that read may be long in
    coming or the hub's figure has changed since.
    """
    since = max(filter(None, (due.raised_at, due.drifted_at)), default=None)
    if not reads.awaited or since is None or _is_later(reads.watermark, since):
        return None
    if raises(due) or _may_be_explained(due, reads):
        return Wait(Waiting.ORDERS, due.reason if due.drifted_at and due.reason else WAITS_FOR_ORDERS)
    return None


def raises(due: Due) -> bool:
    """Tell whether a store may be told more units than it has."""
    return due.was_lost or due.expected is None or due.target > due.expected


def _is_later(watermark: datetime | None, since: datetime) -> bool:
    return watermark is not None and watermark > since


def _may_be_explained(due: Due, reads: OrderReads) -> bool:
    if due.drifted_at is None or reads.failing:
        return False
    return due.changed_at is None or due.changed_at <= due.drifted_at


def price_wait(due: Due, rules: Rules) -> Wait | None:
    """Tell why a price is not sent now: it lies beyond a limit, or changes by more than goes without a person."""
    price = f"{written(due.target, due.currency)} {due.currency}"
    if rules.price_floor is not None and due.target < rules.price_floor:
        floor = written(rules.price_floor, due.currency)
        return Wait(Waiting.LIMIT, f"{price} is below the floor of {floor}; change the price or the rule.")
    if rules.price_ceiling is not None and due.target > rules.price_ceiling:
        ceiling = written(rules.price_ceiling, due.currency)
        return Wait(Waiting.LIMIT, f"{price} is above the ceiling of {ceiling}; change the price or the rule.")
    if due.acknowledged is None:
        return None
    percent = change_percent(due.acknowledged, due.target)
    if percent is None or percent <= rules.price_change_max_percent or due.confirmed_version == due.version:
        return None
    return Wait(
        Waiting.CONFIRMATION,
        f"{price} changes the price of {written(due.acknowledged, due.currency)} by {percent:.0f} %, more than the "
        f"{rules.price_change_max_percent:f} % that go without a person; confirm it.",
    )
