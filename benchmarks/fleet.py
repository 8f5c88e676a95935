"""Many integrations at once, as they stand after running for days: as rows, since connecting each takes long.

Run as `python -m benchmarks.fleet PORT FOLDER STORES INTERVAL`, with `--url` for another database than that in FOLDER.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from sqlalchemy import bindparam, insert, update

from benchmarks.probe import lay
from benchmarks.store import environment
from hub_core import Hub, StoreIdentity
from hub_core.domain.integrations import ConnectionState, Flow, Rules
from hub_core.domain.polls import SWEEP_INTERVAL, Search
from hub_core.storage.seals import of_integration, of_webhooks
from hub_core.storage.tables import flow_state, integrations, searches, webhook_subscriptions

if TYPE_CHECKING:
    from sqlalchemy import Connection

_CONNECTED: Final = timedelta(days=9)
_SOON: Final = timedelta(seconds=4)
_ADDED_A_SECOND: Final = 1500
"""The first store is due when the hub has started, and the last integration was written."""


class Door(NamedTuple):
    """The address of a store, and what opens it."""

    address: str
    token: str = "ab" * 16
    private_key: str = "cd" * 16


@dataclass(frozen=True, slots=True)
class Pace:
    """How many seconds lie between two looks at a store, and within which all are asked first for what they offer."""

    orders: int = Rules().order_interval
    listings: int = Rules().listing_interval


def add(connection: Connection, hub: Hub, doors: Sequence[Door], pace: Pace) -> list[int]:
    """Add a store behind each of *doors*, evenly spread over time, with nothing left to catch up with; give their ids.

    They can be told to the hub's webhook address, the secret in which is the number of the integration.
    """
    now = hub.parts.clock.now()
    rows = [_integration(door.address, pace, now) for door in doors]
    added = insert(integrations).returning(integrations.c.id, sort_by_parameter_order=True)
    ids = list(connection.execute(added, rows).scalars())
    keys = [
        {"of": one, "text": hub.parts.vault.encrypt(_credentials(door), of_integration(one))}
        for one, door in zip(ids, doors, strict=True)
    ]
    one = integrations.c.id == bindparam("of")
    connection.execute(update(integrations).where(one).values(credentials=bindparam("text")), keys)
    first = now + _SOON + timedelta(seconds=len(ids) / _ADDED_A_SECOND)
    turns = [Turn(one, place / len(ids), first) for place, one in enumerate(ids)]
    connection.execute(insert(flow_state), [row for turn in turns for row in turn.flows(pace)])
    connection.execute(insert(searches), [row for turn in turns for row in turn.searches(pace)])
    connection.execute(insert(webhook_subscriptions), [_subscription(hub, one) for one in ids])
    return ids


def _credentials(door: Door) -> str:
    return json.dumps({"token": door.token, "private_key": door.private_key})


def _subscription(hub: Hub, integration: int) -> dict[str, Any]:
    secret = hub.parts.vault.encrypt(str(integration), of_webhooks(integration))
    return {"integration_id": integration, "secret": secret, "public_url": hub.parts.public_url}


def _integration(address: str, pace: Pace, now: datetime) -> dict[str, Any]:
    key = address.removeprefix("https://")
    return {
        "channel": "threedcart",
        "name": key,
        "name_key": key,
        "enabled": True,
        "connection": ConnectionState.CONNECTED.value,
        "settings": json.dumps({"store_url": address, "timezone": "UTC", "currency": "USD"}),
        "settings_version": 1,
        "rules": Rules(order_interval=pace.orders).model_dump_json(),
        "store": StoreIdentity(key=key, name=key, currency="USD", timezone="UTC").model_dump_json(),
        "store_key": key,
        "created_at": now - _CONNECTED,
        "connected_at": now - _CONNECTED,
    }


class Turn(NamedTuple):
    """Where in time an integration is: its turn is a *part* of each interval after the *first* of all."""

    integration: int
    part: float
    first: datetime

    def flows(self, pace: Pace) -> list[dict[str, Any]]:
        """Give the rows of its flows."""
        waits = {Flow.ORDERS: timedelta(seconds=pace.orders), Flow.LISTINGS: timedelta(seconds=pace.listings)}
        return [
            {
                "integration_id": self.integration,
                "flow": flow.value,
                "enabled": True,
                "open": True,
                "next_due_at": self.first + waits[flow] * self.part if flow in waits else None,
                "last_success_at": self.first - timedelta(minutes=1),
            }
            for flow in Flow
        ]

    def searches(self, pace: Pace) -> list[dict[str, Any]]:
        """Give the rows of its searches, all of which were read to their end before."""
        waits = dict.fromkeys(Search, timedelta(seconds=pace.orders)) | {Search.SWEEP: SWEEP_INTERVAL}
        before = self.first - timedelta(minutes=5)
        return [
            {
                "integration_id": self.integration,
                "search": search.value,
                "due_at": self.first + waits[search] * self.part,
                "watermark": before,
                "completed_at": before,
                "read_from": before - timedelta(days=2),
            }
            for search in Search
        ]


async def main(port: int, folder: str, count: int, pace: Pace, url: str | None) -> None:
    """Add them, and lay the probe that notes when each is read."""
    os.environ |= environment(port, folder)
    doors = [Door(f"https://s{number:05d}.example") for number in range(1, count + 1)]
    async with Hub.open(url) as hub:
        await hub.parts.database.write(lambda connection: add(connection, hub, doors, pace))
        await hub.parts.database.write(lay)
    print("{}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("port", type=int)
    parser.add_argument("folder")
    parser.add_argument("count", type=int)
    parser.add_argument("interval", type=int)
    parser.add_argument("--url")
    given = parser.parse_args()
    asyncio.run(main(given.port, given.folder, given.count, Pace(given.interval), given.url))
