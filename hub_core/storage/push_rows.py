"""What stores are told, as it is read from rows and written to them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from hub_core.domain.pushes import Waiting


class Due(NamedTuple):
    """A listing whose store is to be told something.

    *was_lost*: it was told before, at *sent_at*, and nobody knows with what end. What was may arrive until
    *unsure_until*, as far as that is known.
    """

    listing_id: int
    external_id: str
    parent: str | None
    handle: str | None
    sku: str | None
    currency: str | None
    target: Decimal
    version: int
    acknowledged: Decimal | None
    expected: Decimal | None
    raised_at: datetime | None
    changed_at: datetime | None
    drifted_at: datetime | None
    was_lost: bool
    confirmed_version: int | None
    reason: str
    sent_at: datetime | None
    unsure_until: datetime | None


class Sent(NamedTuple):
    """A figure that is under way, with what was thought to be there before."""

    listing_id: int
    external_id: str
    sku: str | None
    expected: Decimal | None
    value: Decimal | None
    handle: str | None = None
    receipt: str | None = None


class Unsettled(NamedTuple):
    """What came of a figure that a store did not simply take. Without *waiting* it is due again."""

    listing_id: int
    waiting: Waiting
    reason: str = ""
    retry_at: datetime | None = None
    receipt: str | None = None


class Held(NamedTuple):
    """A figure that is not sent now, and why."""

    listing_id: int
    flow: str
    integration_id: int
    waiting: str
    reason: str


class Unsure(NamedTuple):
    """A figure of which an earlier send may still arrive."""

    listing_id: int
    flow: str
    integration_id: int
    unsure_until: datetime


class Beside(NamedTuple):
    """Another listing of a parent, with what it is told, else has."""

    external_id: str
    parent: str
    handle: str | None
    units: Decimal | None


@dataclass(frozen=True, slots=True)
class OrderReads:
    """How far a store's orders are known: *awaited* tells whether a read of them can be waited for at all.

    *failing*: the last one failed, so the next may be long in coming.
    """

    awaited: bool
    failing: bool
    watermark: datetime | None


class Around(NamedTuple):
    """How the other flows of a store stand; *at_work*: its other figures may be being sent right now."""

    reads: OrderReads
    at_work: bool
