"""The statements of every batch that stores are told; making one takes longer than the database needs for it.

So each is made once, for each kind of database.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import Double, String, and_, bindparam, case, cast, not_, or_, select, update

from hub_core.domain.polls import Search
from hub_core.storage.among import among_bound
from hub_core.storage.tables import IS_DUE, flow_state, listings, pushes, searches
from hub_core.storage.types import UtcDateTime

if TYPE_CHECKING:
    from sqlalchemy import Select, Update

_PUSH = pushes.c
_MINE = and_(_PUSH.integration_id == bindparam("integration"), _PUSH.flow == bindparam("of_flow"))
_LOWERS = and_(not_(_PUSH.in_flight), cast(_PUSH.target, Double) < cast(_PUSH.expected, Double))
_DIFFERS = and_(_PUSH.target.is_not(None), or_(_PUSH.in_flight, _PUSH.expected.is_distinct_from(_PUSH.target)))

DUE = (
    select(_PUSH.listing_id)
    .where(_MINE, IS_DUE)
    .order_by(case((_LOWERS, 0), else_=1), _PUSH.changed_at, _PUSH.listing_id)
    .limit(bindparam("most"))
)
FIGURES = (
    select(
        _PUSH.listing_id,
        listings.c.external_id,
        listings.c.parent,
        listings.c.handle,
        listings.c.sku,
        listings.c.currency,
        _PUSH.target,
        _PUSH.version,
        _PUSH.acknowledged,
        _PUSH.expected,
        _PUSH.raised_at,
        _PUSH.changed_at,
        _PUSH.drifted_at,
        _PUSH.in_flight,
        _PUSH.confirmed_version,
        _PUSH.reason,
        _PUSH.sent_at,
        _PUSH.unsure_until,
    )
    .join(listings, listings.c.id == _PUSH.listing_id)
    .where(_MINE, _DIFFERS)
    .order_by(_PUSH.listing_id)
)
_NEW_READ = (
    select(searches.c.watermark)
    .where(searches.c.integration_id == bindparam("integration"), searches.c.search == Search.NEW.value)
    .scalar_subquery()
)
FLOWS = select(
    flow_state.c.flow,
    flow_state.c.enabled,
    flow_state.c.failures,
    flow_state.c.lease_owner,
    flow_state.c.lease_until,
    _NEW_READ.label("watermark"),
).where(flow_state.c.integration_id == bindparam("integration"))


@cache
def taken(dialect: str) -> Select[Any]:
    """Give those of some listings that are due."""
    return FIGURES.where(among_bound(dialect, _PUSH.listing_id, "ids"), _PUSH.waiting.is_(None))


@cache
def sending(dialect: str) -> Select[Any]:
    """Tell of which of some listings a figure is under way."""
    return select(_PUSH.listing_id).where(
        among_bound(dialect, _PUSH.listing_id, "ids"),
        _PUSH.flow == bindparam("of_flow"),
        _PUSH.in_flight,
        _PUSH.waiting.is_(None),
    )


@cache
def leaving(dialect: str) -> Select[Any]:
    """Tell whether a flow is open, and whether something that it sends has changed."""
    changed = sending(dialect).where(_PUSH.version != _PUSH.sent_version).exists()
    return select(flow_state.c.open, changed).where(
        flow_state.c.integration_id == bindparam("integration"), flow_state.c.flow == bindparam("of_flow")
    )


@cache
def changing(dialect: str) -> Update:
    """Change a figure of some listings."""
    return update(pushes).where(among_bound(dialect, _PUSH.listing_id, "ids"), _PUSH.flow == bindparam("of_flow"))


@cache
def marking(dialect: str) -> Update:
    """Mark targets of listings as being sent."""
    return changing(dialect).values(
        in_flight=True,
        sent_version=_PUSH.version,
        sent_value=_PUSH.target,
        sent_at=bindparam("at"),
        reason="",
        drifted_at=None,
    )


@cache
def accepting(dialect: str) -> Update:
    """Note that stores have what was sent, for sure where it left when nothing earlier could arrive any more."""
    return changing(dialect).values(
        acknowledged=_PUSH.sent_value,
        expected=_PUSH.sent_value,
        in_flight=False,
        ended_at=bindparam("at"),
        waiting=None,
        reason="",
        retry_at=None,
        receipt=None,
        unsure_until=case((_PUSH.unsure_until > _PUSH.sent_at, _PUSH.unsure_until)),
    )


_IS_NEWEST = _PUSH.version == _PUSH.sent_version
UNSETTLED = (
    update(pushes)
    .where(_PUSH.listing_id == bindparam("of_listing"), _PUSH.flow == bindparam("of_flow"))
    .values(
        in_flight=bindparam("stays"),
        ended_at=bindparam("at"),
        waiting=case((or_(_IS_NEWEST, bindparam("stays")), bindparam("waits", type_=String))),
        reason=bindparam("why"),
        retry_at=case((or_(_IS_NEWEST, bindparam("stays")), bindparam("again", type_=UtcDateTime))),
        receipt=bindparam("promise"),
    )
)
