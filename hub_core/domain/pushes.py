"""Telling a store: what a channel is asked to tell, and what may come of it.

Outcomes name the *listing* whose figure was told; those of fulfilments have the fulfilment's id there.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from pydantic import JsonValue

from hub_core.domain.money import Money


class Waiting(StrEnum):
    """Why a target is not sent now, though the store has something else.

    `orders`: a raise waits for a complete read of the store's orders. `receipt`: the store promised to answer later.
    `confirmation`: a price changes by more than is allowed without a person. `limit`: a price lies beyond floor or
    ceiling. `retry`: the store could not take it now. `refused`: the store refused this target.
    """

    ORDERS = "orders"
    RECEIPT = "receipt"
    CONFIRMATION = "confirmation"
    LIMIT = "limit"
    RETRY = "retry"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class StockChange:
    """The units that the store is to have of one listing; *handle* is what the listing bore."""

    listing: str
    sku: str
    units: Decimal
    handle: JsonValue = None


@dataclass(frozen=True, slots=True)
class Sibling:
    """Another listing of the same parent, with the units that the store has or is to have; None where unknown."""

    listing: str
    handle: JsonValue
    units: Decimal | None


@dataclass(frozen=True, slots=True)
class StockChanges:
    """Changes of the listings of one *parent*, with its other listings; without a parent, one change alone."""

    parent: str | None
    changes: tuple[StockChange, ...]
    siblings: tuple[Sibling, ...] = ()


@dataclass(frozen=True, slots=True)
class PriceChange:
    """The regular price that the store is to have of one listing."""

    listing: str
    sku: str
    price: Money
    parent: str | None = None
    handle: JsonValue = None


@dataclass(frozen=True, slots=True)
class Accepted:
    """The store has it now."""

    listing: str


@dataclass(frozen=True, slots=True)
class Refused:
    """The store will not take this figure; *reason* is a sentence for the merchant."""

    listing: str
    reason: str


@dataclass(frozen=True, slots=True)
class RetryLater:
    """The store could not take it now; the hub tries again with what is true then, after *seconds* at least."""

    listing: str
    reason: str
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Submitted:
    """The store answers later; `settle` is asked with *receipt* (any JSON) until it tells."""

    listing: str
    receipt: JsonValue


@dataclass(frozen=True, slots=True)
class OpenReceipt:
    """A promise of the store that was not kept yet."""

    listing: str
    receipt: JsonValue
    handle: JsonValue = None


Outcome = Accepted | Refused | RetryLater | Submitted
