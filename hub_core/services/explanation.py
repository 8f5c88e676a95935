"""Explaining what every store is told of a SKU: reckoned anew from rows, and said in words."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from hub_core.domain.errors import NotFoundError
from hub_core.domain.explanations import ExplainedListing, Explanation
from hub_core.domain.pushes import Waiting
from hub_core.domain.stock import NOTHING, plain, stock_target
from hub_core.services.push_rules import WAITS_FOR_ORDERS
from hub_core.storage.explanations import ExplanationRepository, LevelRow, StoreRow

if TYPE_CHECKING:
    from sqlalchemy import Connection

_WAITS = {
    Waiting.ORDERS: "that is more than it has, so it waits until the orders there have been read",
    Waiting.RECEIPT: "it was sent, and the store has yet to say what came of it",
    Waiting.RETRY: "the store could not take it now, and it is sent again",
    Waiting.REFUSED: "the store refused it",
}


def explain(connection: Connection, sku: str) -> Explanation:
    """Give the reckoning of *sku*. Raises NotFoundError where neither the hub nor a store knows it."""
    rows = ExplanationRepository(connection, sku)
    level, stores = rows.level(), rows.stores()
    if level is None and not stores:
        message = f"Neither the hub nor a store knows {sku!r}; 'hub stock' and 'hub listings' tell what there is."
        raise NotFoundError(message)
    level = level or LevelRow(None, None, None)
    since = level.after_event or 0
    moved, count = rows.moved(since)
    movements = tuple(rows.movements(since, level.changed_at))
    available = None if level.level is None else plain(level.level + moved)
    return Explanation(
        sku=sku,
        level=level.level,
        after_event=level.after_event,
        set_at=level.changed_at,
        movements=movements,
        earlier=plain(moved - sum((movement.units for movement in movements), NOTHING)),
        earlier_count=count - len(movements),
        available=available,
        stores=tuple(_listing(store, sku, available) for store in stores),
    )


def _listing(store: StoreRow, sku: str, available: Decimal | None) -> ExplainedListing:
    rules = store.rules
    told = None
    if store.linked and store.gone_at is None and available is not None:
        told = stock_target(available, buffer=rules.buffer, maximum=rules.maximum, fractions=store.fractions)
    return ExplainedListing(
        integration=store.integration,
        integration_id=store.integration_id,
        listing=store.external_id,
        listing_id=store.listing_id,
        buffer=rules.buffer,
        maximum=rules.maximum,
        whole_units=not store.fractions,
        told=told,
        expected=store.expected,
        acknowledged=store.acknowledged,
        sentence=f"'{store.integration}', listing {store.external_id}: {_said(store, sku, available, told)}",
    )


def _said(store: StoreRow, sku: str, available: Decimal | None, told: Decimal | None) -> str:
    if not store.linked:
        return (
            f"it bears this SKU but is not linked with it, so it is told nothing; to link it, run: "
            f"hub listings link {store.listing_id} '{sku}'"
        )
    if store.gone_at is not None:
        return f"it is gone from the store since {store.gone_at:%Y-%m-%d %H:%M} UTC, so it is told nothing."
    if available is None or told is None:
        return "it is told nothing, since no level was set."
    unknown = "" if store.reads_orders else " Its orders are not read, so what is sold there is unknown to the hub."
    return f"{_reckoned(store, available, told)}; {_standing(store, told)}.{_unsure(store)}{unknown}"


def _unsure(store: StoreRow) -> str:
    if store.unsure_until is None or not (store.enabled and store.tells_stock):
        return ""
    return f" An earlier send may still arrive; it is sent once more at {store.unsure_until:%H:%M} UTC."


def _reckoned(store: StoreRow, available: Decimal, told: Decimal) -> str:
    rules = store.rules
    steps = [f"{available:f}"]
    if rules.buffer:
        steps.append(f"less a buffer of {rules.buffer:f}")
    if rules.maximum is not None:
        steps.append(f"at most {rules.maximum:f}")
    if available - rules.buffer < 0:
        steps.append("never below 0")
    if not store.fractions and told != available - rules.buffer and told != rules.maximum and told:
        steps.append("in whole units")
    return f"told {told:f}" if len(steps) == 1 else f"{', '.join(steps)}: told {told:f}"


def _standing(store: StoreRow, told: Decimal) -> str:
    """Say how far the store has come with what it is told."""
    had = "nobody knows what it has" if store.expected is None else f"it is thought to have {store.expected:f}"
    if not store.enabled:
        return f"{had}, and nothing is sent while it is disabled"
    if not store.tells_stock:
        return f"{had}, and nothing is sent while its stock is switched off"
    if store.waiting is not None:
        why = _WAITS.get(Waiting(store.waiting), "it waits")
        reason = "" if store.reason == WAITS_FOR_ORDERS else store.reason.rstrip(".")
        return f"{had}; {why}{f' ({reason})' if reason else ''}"
    if store.in_flight:
        return "it was sent, and is sent again should the answer be lost"
    if store.expected != told:
        drifted = ", though that is not what it was told" if store.drifted else ""
        return f"{had}{drifted}; {told:f} is sent next"
    sold = (store.acknowledged or NOTHING) - told
    return "it has confirmed that" if not sold else f"it has confirmed {store.acknowledged:f} and sold {sold:f} since"
