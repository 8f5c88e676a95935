"""Two who change the same listing at the same time."""

import threading
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

from sqlalchemy import Connection, update

from hub_core import Hub
from hub_core.services.targets import Targets
from hub_core.storage.listings import ListingRepository
from hub_core.storage.stock import StockRepository
from hub_core.storage.tables import pushes
from hub_core.testing.clock import VirtualClock
from tests.hubs import connected, settings, toyshop_registry
from tests.services.listed import listed, push


async def test_a_new_target_does_not_forget_a_receipt_that_comes_meanwhile(
    postgresql_hub_url: str, clock: VirtualClock
) -> None:
    async with Hub.open(postgresql_hub_url, settings=settings(), clock=clock, registry=toyshop_registry()) as hub:
        shop = await connected(hub)
        await hub.stock.set({"A": 5})
        (listing,) = listed(hub, shop.id, "A")
        locked, waits = threading.Event(), threading.Event()

        def submitted(connection: Connection) -> None:
            ListingRepository(connection).lock([listing])
            locked.set()
            waits.wait(10)
            mine = (pushes.c.listing_id == listing) & (pushes.c.flow == "stock")
            connection.execute(update(pushes).where(mine).values(waiting="receipt"))

        def retarget(connection: Connection) -> None:
            StockRepository(connection).hold(["A"])
            threading.Timer(0.3, waits.set).start()
            Targets(connection, hub.parts.database).stock({"A": Decimal(3)})

        with ThreadPoolExecutor(2) as both:
            first = both.submit(hub.parts.database.write_now, submitted)
            locked.wait(10)
            second = both.submit(hub.parts.database.write_now, retarget)
            first.result()
            second.result()
        row = push(hub, listing)
        assert (row["target"], row["waiting"]) == (3, "receipt")
