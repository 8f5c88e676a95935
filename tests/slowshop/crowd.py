"""Thousands of slow shops, as rows: connecting each would take minutes."""

from __future__ import annotations

import json
from datetime import timedelta

from sqlalchemy import Connection, bindparam, insert, update

from hub_core import Hub, StoreIdentity
from hub_core.domain.integrations import ConnectionState, Flow, Rules
from hub_core.domain.polls import Search
from hub_core.storage.seals import of_integration
from hub_core.storage.tables import flow_state, integrations, searches
from tests.slowshop.shops import SlowShops

_DAYS = timedelta(days=9)
_INTERVAL = 3600


async def add_crowd(hub: Hub, shops: SlowShops, count: int) -> None:
    """Add so many, which have been read before, and whose orders are all due now."""
    await hub.parts.database.write(lambda connection: _add(connection, hub, shops, count))


def _add(connection: Connection, hub: Hub, shops: SlowShops, count: int) -> None:
    now = hub.parts.clock.now()
    added = insert(integrations).returning(integrations.c.id, sort_by_parameter_order=True)
    ids = list(connection.execute(added, [_row(hub, shops, f"crowd-{number}") for number in range(count)]).scalars())
    credentials = json.dumps({"password": "sesame"})
    keys = [{"of": one, "text": hub.parts.vault.encrypt(credentials, of_integration(one))} for one in ids]
    chosen = update(integrations).where(integrations.c.id == bindparam("of"))
    connection.execute(chosen.values(credentials=bindparam("text")), keys)
    due = {"flow": Flow.ORDERS.value, "enabled": True, "open": True, "next_due_at": now, "last_success_at": now}
    connection.execute(insert(flow_state), [{"integration_id": one, **due} for one in ids])
    read = {"watermark": now, "completed_at": now, "read_from": now - _DAYS}
    connection.execute(
        insert(searches),
        [
            {
                "integration_id": one,
                "search": search.value,
                "due_at": now if search is Search.NEW else now + _DAYS,
                **read,
            }
            for one in ids
            for search in Search
        ],
    )


def _row(hub: Hub, shops: SlowShops, name: str) -> dict[str, object]:
    now = hub.parts.clock.now()
    return {
        "channel": "slowshop",
        "name": name,
        "name_key": name,
        "enabled": True,
        "connection": ConnectionState.CONNECTED.value,
        "settings": json.dumps({"port": shops.port, "shop": name}),
        "settings_version": 1,
        "rules": Rules(order_interval=_INTERVAL).model_dump_json(),
        "store": StoreIdentity(key=name, name=name, currency="USD", timezone="UTC").model_dump_json(),
        "store_key": name,
        "created_at": now - _DAYS,
        "connected_at": now - _DAYS,
    }
