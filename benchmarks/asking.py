"""A process that asks a store for as much as its rate budget lets it, as a back-fill does.

Run as `python -m benchmarks.asking INTEGRATION SECONDS PAUSE`, with the hub's settings in the environment. It says
`ready`, begins when it is told a line, and prints what it did as JSON. Beside the back-fill a person asks for something
every PAUSE seconds, whom that must not hold up.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from dataclasses import asdict, dataclass

from hub_core import BudgetError, Hub, UnavailableError
from hub_core.domain.integrations import Flow
from hub_core.services.handles import Handles
from hub_core.storage.integrations import IntegrationRepository, IntegrationRow
from hub_threedcart.client import StoreClient

AT_ONCE = 2
"""How many requests of the back-fill a process has under way."""


@dataclass
class Told:
    """How many requests were answered or refused, and how long the person's waited for the rate budget."""

    answered: int = 0
    refused: int = 0
    asked_by_person: int = 0
    person_waited: float = 0.0


async def back_fill(hub: Hub, row: IntegrationRow, until: float, told: Told) -> None:
    """Ask one thing after the other."""
    channel = hub.channels.channel(row.channel)
    async with Handles(hub.parts).store(channel, row, flow=Flow.ORDERS) as store:
        client = StoreClient(store)
        while time.monotonic() < until:
            try:
                await client.count("Orders", {})
                told.answered += 1
            except BudgetError as error:
                await asyncio.sleep(error.retry_after or 0)
            except UnavailableError:
                told.refused += 1


async def person(hub: Hub, row: IntegrationRow, until: float, pause: float, told: Told) -> None:
    """Ask now and then."""
    async with Handles(hub.parts).store(hub.channels.channel(row.channel), row) as store:
        while time.monotonic() < until:
            await StoreClient(store).count("Products", {})
            told.asked_by_person += 1
            told.person_waited = store.http.waited
            await asyncio.sleep(pause)


async def main(integration: int, seconds: float, pause: float) -> None:
    """Ask, once somebody gives the word."""
    told = Told()
    async with Hub.open() as hub:
        row = await hub.parts.database.read(lambda connection: IntegrationRepository(connection).get(integration))
        assert row is not None
        print("ready", flush=True)
        await asyncio.to_thread(sys.stdin.readline)
        until = time.monotonic() + seconds
        await asyncio.gather(
            person(hub, row, until, pause, told), *(back_fill(hub, row, until, told) for _ in range(AT_ONCE))
        )
    print(json.dumps(asdict(told)))


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), float(sys.argv[2]), float(sys.argv[3])))
