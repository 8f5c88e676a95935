"""Letting the flows of an integration work (again), so that what happened meanwhile is caught up with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hub_core.domain.integrations import Flow
from hub_core.storage.flows import FlowRepository
from hub_core.storage.raises import postpone_raises
from hub_core.storage.webhooks import WebhookRepository

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Connection

    from hub_core.services.parts import Parts
    from hub_core.storage.integrations import IntegrationRow


def open_flows(connection: Connection, parts: Parts, row: IntegrationRow, flows: Iterable[Flow] | None = None) -> None:
    """Open the *flows* (all) of an integration that are switched on, if it may work and its channel is there.

    Orders are read from where they stood. What would be raised in the store waits for that read, since something may
    have been sold while nobody looked. Its webhooks are asked for anew.
    """
    channel = parts.channels.channels.get(row.channel)
    if channel is None:
        return
    wanted = channel.flows if flows is None else [flow for flow in channel.flows if flow in set(flows)]
    FlowRepository(connection, parts.database).open(row.id, wanted)
    if {Flow.ORDERS, Flow.STOCK}.intersection(wanted):
        postpone_raises(connection, row.id, parts.database.now_sql())
    WebhookRepository(connection, parts.database).renew(row.id)
