"""Raises of a store whose flows were closed: what they wait for, or no longer can wait for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, or_, select, update

from hub_core.domain.integrations import Flow
from hub_core.domain.pushes import Waiting
from hub_core.storage.among import among
from hub_core.storage.tables import pushes

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import ColumnElement, Connection

_PUSH = pushes.c
_DIFFERS = and_(_PUSH.target.is_not(None), or_(_PUSH.in_flight, _PUSH.expected.is_distinct_from(_PUSH.target)))


def postpone_raises(connection: Connection, integration_id: int, now: ColumnElement[datetime]) -> None:
    """Let what is to be raised in a store wait for a read of its orders that begins *now* or later."""
    _set(connection, integration_id, _DIFFERS, raised_at=now)


def release_raises(connection: Connection, integration_id: int) -> None:
    """Let no figure wait for the orders of a store any more: nobody reads them."""
    waits = _PUSH.waiting == Waiting.ORDERS.value
    _set(connection, integration_id, waits, waiting=None, reason="", retry_at=None)


def _set(connection: Connection, integration_id: int, which: ColumnElement[bool], **values: Any) -> None:
    """Change rows that are locked before, listing by listing, as everybody does it."""
    of_stock = and_(_PUSH.integration_id == integration_id, _PUSH.flow == Flow.STOCK.value)
    ordered = select(_PUSH.listing_id).where(of_stock, which).order_by(_PUSH.listing_id).with_for_update()
    ids = list(connection.execute(ordered).scalars())
    if ids:
        mine: ColumnElement[bool] = among(connection, _PUSH.listing_id, ids)
        connection.execute(update(pushes).where(mine, of_stock).values(**values))
