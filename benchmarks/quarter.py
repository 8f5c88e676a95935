"""The hub's side of a sandbox of many stores, as it stands after days, but for those that it is still to read back.

Run as `python -m benchmarks.quarter FOLDER PUBLIC_PORT LONG SKU`, with what `town` printed on its standard input: the
last LONG stores were connected just now. Prints the ids of the integrations and a token for the API as JSON.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sqlalchemy import update

from benchmarks.fleet import Door, Pace, add
from hub_core import Hub
from hub_core.domain.polls import Search
from hub_core.domain.tokens import Scope
from hub_core.storage.tables import integrations, searches

if TYPE_CHECKING:
    from sqlalchemy import Connection

_LISTINGS_WITHIN = 15
"""Seconds in which all stores are asked for what they offer."""
FULL = Decimal(100_000)
"""Units of the SKU that is sold, so many that no store is told to be sold out."""


def environment(town: dict[str, Any], folder: str, port: int) -> dict[str, str]:
    """Give the settings of the hub; the stores' rate limit is kept."""
    return {
        "HUB_HOME": folder,
        "HUB_PORT": str(port),
        "HUB_ALLOW_PRIVATE_NETWORK": "1",
        "THREEDCART_API_URL": f"http://127.0.0.1:{town['port']}{town['api']}",
    }


def _forget_the_past(connection: Connection, hub: Hub, ids: list[int]) -> None:
    """Let the back-fill of some be still to be done."""
    mine = searches.c.integration_id.in_(ids)
    left = {"completed_at": None, "watermark": None, "read_from": None}
    connection.execute(update(searches).where(mine, searches.c.search == Search.BACKFILL.value).values(left))
    since = hub.parts.clock.now() - timedelta(days=9)
    connection.execute(update(integrations).where(integrations.c.id.in_(ids)).values(created_at=since))


async def main(folder: str, port: int, long: int, sku: str) -> None:
    """Add them."""
    town = json.loads(sys.stdin.read())
    os.environ |= environment(town, folder, port)
    doors = [Door(store["address"], store["token"], store["private_key"]) for store in town["stores"]]
    async with Hub.open() as hub:
        write = hub.parts.database.write
        ids = await write(lambda connection: add(connection, hub, doors, Pace(listings=_LISTINGS_WITHIN)))
        if long:
            await write(lambda connection: _forget_the_past(connection, hub, ids[-long:]))
        await hub.stock.set({sku: FULL})
        token = await hub.tokens.create("bench", Scope.WRITE)
    print(json.dumps({"ids": ids, "token": token.token}))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]))
