"""How old the data of a flow may be, and how old they are: the rules, in one place.

| Flow | Freshness | Target |
|---|---|---|
| orders | age of the last complete read of new orders | the interval, and as long again, at least four minutes |
| listings | age of the last complete read | the interval, and a quarter of it, at least a quarter of an hour |
| stock | for how long the oldest figure that is due has not been told | the interval of the orders, and a minute |
| prices | likewise | a minute |
| fulfilment | for how long the oldest parcel that is due has not been told | a minute |

A raised stock figure waits for a read of the orders, hence the interval. What is due is told within ten seconds; the
rest of the minute is patience, so that a restart or a busy second is no news. Above its target, a flow is late once it
has been wanted for a minute: one that was just switched on, or gets on with its first read, is not.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from hub_core.domain.integrations import PUSHING, TELLING, Flow

if TYPE_CHECKING:
    from datetime import datetime

    from hub_core.domain.integrations import Rules
    from hub_core.storage.standings import FlowFacts

GRACE: Final = timedelta(minutes=1)
"""For how long a flow is wanted before anybody worries."""
_ORDERS_PATIENCE: Final = timedelta(minutes=4)
_LISTINGS_PATIENCE: Final = timedelta(minutes=15)


def target_of(flow: Flow, rules: Rules) -> timedelta:
    """Tell how old the data of a flow may be."""
    orders, listings = timedelta(seconds=rules.order_interval), timedelta(seconds=rules.listing_interval)
    return {
        Flow.ORDERS: orders + max(orders, _ORDERS_PATIENCE),
        Flow.LISTINGS: listings + max(listings / 4, _LISTINGS_PATIENCE),
        Flow.STOCK: orders + GRACE,
        Flow.PRICES: GRACE,
        Flow.FULFILMENT: GRACE,
    }[flow]


def good_since(flow: FlowFacts, now: datetime) -> datetime | None:
    """Tell of when the newest known-good data are; None where there are none yet."""
    if flow.flow in TELLING:
        return _untold_since(flow, now) or now
    return max(filter(None, (flow.last_success_at, flow.read_at)), default=None)


def wanted_since(flow: FlowFacts, now: datetime) -> datetime | None:
    """Tell since when a flow should have got on; None where nothing is wanted of it now."""
    if flow.problem_since is not None and flow.problem_code is not None:
        return flow.problem_since
    return due_since(flow, now)


def due_since(flow: FlowFacts, now: datetime) -> datetime | None:
    """Tell since when somebody should work on a flow, or have got on with it; None where it is not due."""
    due_at = [flow.next_due_at] if flow.next_due_at is not None and flow.next_due_at <= now else []
    due_at += [] if flow.unsent_since is None else [flow.unsent_since]
    return max([*due_at, flow.planned_at or due_at[0]]) if due_at else None


def _untold_since(flow: FlowFacts, now: datetime) -> datetime | None:
    """Tell since when a store lacks something; what was put off is due since that ended."""
    return None if flow.flow in PUSHING and flow.unsent_since is None else wanted_since(flow, now)


def is_late(flow: FlowFacts, target: timedelta, connected_at: datetime | None, now: datetime) -> bool:
    """Tell whether a flow is late; one that never came to its end is so from when its store was connected on."""
    base, wanted = good_since(flow, now) or connected_at, wanted_since(flow, now)
    if not flow.open or base is None or wanted is None:
        return False
    return now - base > target and now - wanted > GRACE
