"""A merchant's named, permanent link to one store."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any

from pydantic import AfterValidator, AwareDatetime, BeforeValidator, Field

from hub_core.domain.fact import Fact
from hub_core.domain.money import Currency


class Flow(StrEnum):
    """One direction of work of an integration; also the kind of its runs."""

    ORDERS = "orders"
    LISTINGS = "listings"
    STOCK = "stock"
    PRICES = "prices"
    FULFILMENT = "fulfilment"


class ConnectionState(StrEnum):
    """Whether the store lets the hub in."""

    AWAITING_AUTHORIZATION = "awaiting_authorization"
    CONNECTED = "connected"
    NEEDS_REAUTHORIZATION = "needs_reauthorization"


class IntegrationChange(StrEnum):
    """What a channel is told about one of its integrations; the last two are of one flow alone."""

    ADDED = "added"
    ENABLED = "enabled"
    DISABLED = "disabled"
    REAUTHORISED = "reauthorised"
    REMOVED = "removed"
    FLOW_ENABLED = "flow_enabled"
    FLOW_DISABLED = "flow_disabled"


class StoreIdentity(Fact):
    """Who the store says it is, as last verified.

    *key* is what cannot be connected twice at the same time. *timezone* is an IANA name and only there if the store
    told one; *timezone_hint* is what it told instead. *missing_permissions* are named as the platform names them.
    """

    key: str
    account: str = ""
    name: str = ""
    currency: Currency | None = None
    timezone: str | None = None
    timezone_hint: str = ""
    missing_permissions: tuple[str, ...] = ()


PUSHING = (Flow.STOCK, Flow.PRICES)
"""The flows that tell the store figures: due as soon as a listing is."""

TELLING = (*PUSHING, Flow.FULFILMENT)
"""The flows that tell the store something, and so have nothing to do until there is something to tell."""

DEFAULT_REACH = timedelta(days=30)


_EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
_LATEST = datetime(2200, 1, 1, tzinfo=UTC)


def _written(moment: object) -> object:
    """Refuse a bare number, which says nothing of its unit."""
    if isinstance(moment, (int, float)) or (isinstance(moment, str) and moment.strip().isdecimal()):
        raise ValueError("must be a date with its zone, such as 2026-01-31T00:00:00Z")
    return moment


def _figure(value: object) -> object:
    """Refuse a binary fraction, which is not the figure that was written."""
    if isinstance(value, float) and not value.is_integer():
        return repr(value)
    return value


def _sensible(moment: datetime) -> datetime:
    """Refuse times at which nothing was sold on the web, so that reckoning with them never leaves the calendar."""
    if not _EARLIEST <= moment < _LATEST:
        raise ValueError("must lie between 1990 and 2200")
    return moment


_Units = Annotated[Decimal, BeforeValidator(_figure), Field(ge=0, lt=10**9, decimal_places=3)]
_Amount = Annotated[Decimal, BeforeValidator(_figure), Field(ge=0, lt=10**9, decimal_places=4)]


class Rules(Fact):
    """What the merchant decides, the same for every channel. The intervals are in seconds.

    A store is told *buffer* units less than there are, and never more than *maximum*. A price beyond *price_floor* or
    *price_ceiling* (in the store's currency) is not sent, one that changes by more than *price_change_max_percent* is
    held until a person confirms it. Orders that were done *personal_data_days* ago are erased of their personal data.
    """

    import_since: Annotated[AwareDatetime, BeforeValidator(_written), AfterValidator(_sensible)] | None = None
    order_interval: Annotated[int, Field(ge=5, le=86400)] = 60
    listing_interval: Annotated[int, Field(ge=60, le=30 * 86400)] = 21600
    buffer: _Units = Decimal(0)
    maximum: _Units | None = None
    price_floor: _Amount | None = None
    price_ceiling: _Amount | None = None
    price_change_max_percent: Annotated[Decimal, BeforeValidator(_figure), Field(ge=0, le=10_000)] = Decimal(30)
    personal_data_days: Annotated[int, Field(ge=1, le=36_500)] | None = None

    def reaches_back_to(self, added_at: datetime) -> datetime:
        """Tell from when on orders are taken in: by default 30 days before the integration was added."""
        return self.import_since or added_at - DEFAULT_REACH


class HealthState(StrEnum):
    """How an integration is doing, at a glance."""

    OK = "ok"
    LATE = "late"
    FAILING = "failing"
    PAUSED = "paused"


class Health(Fact):
    """How an integration is doing: a *code* for programs, a *sentence* with the next step for people."""

    state: HealthState
    code: str
    sentence: str
    since: AwareDatetime | None = None


class FlowStatus(Fact):
    """How one flow of an integration is doing, with the *code* and *sentence* of the reason.

    *freshness_seconds* is the age of its newest known-good data; of a flow that tells the store, for how long the
    oldest figure that is due has not been told. Above *target_seconds* the flow is *late*, unless it has just been
    switched on or gets on with its first read.
    """

    enabled: bool
    last_run: int | None = None
    last_success_at: AwareDatetime | None = None
    next_run_at: AwareDatetime | None = None
    freshness_seconds: float | None = None
    target_seconds: float = 0.0
    late: bool = False
    state: HealthState = HealthState.OK
    code: str = "ok"
    sentence: str = ""
    since: AwareDatetime | None = None


class Integration(Fact):
    """A merchant's named link to one store, with everything worth showing of it and no secret."""

    id: int
    channel: str
    company: str
    name: str
    enabled: bool
    connection: ConnectionState
    settings: dict[str, Any]
    rules: Rules
    store: StoreIdentity | None = None
    health: Health
    flows: dict[Flow, FlowStatus]
    created_at: AwareDatetime
    removed_at: AwareDatetime | None = None
