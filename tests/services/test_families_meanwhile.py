"""A variant is sold while a sibling is told: the parent's sum must hold the sale either way."""

import threading
from concurrent.futures import Future, ThreadPoolExecutor
from decimal import Decimal

import pytest
from sqlalchemy import Connection

from hub_core import Hub
from hub_core.storage.listings import ListingRepository
from hub_core.testing.clock import VirtualClock
from tests.hubs import connected, settings, toyshop_registry
from tests.services.listed import listed


@pytest.mark.parametrize("parent", ["P", None])
async def test_whoever_tells_a_variant_waits_for_who_holds_a_sibling(
    postgresql_hub_url: str, clock: VirtualClock, parent: str | None
) -> None:
    async with Hub.open(postgresql_hub_url, settings=settings(), clock=clock, registry=toyshop_registry()) as hub:
        shop = await connected(hub)
        await hub.stock.set({"A": Decimal(5), "B": Decimal(5)})
        red, blue = listed(hub, shop.id, "A", "B", parent=parent)
        held, over = threading.Event(), threading.Event()

        def sell(connection: Connection) -> None:
            ListingRepository(connection).lock([red])
            held.set()
            over.wait(10)

        def tell(connection: Connection) -> bool:
            ListingRepository(connection).lock_families([blue])
            return over.is_set()

        with ThreadPoolExecutor(2) as both:
            selling = both.submit(hub.parts.database.write_now, sell)
            held.wait(10)
            telling: Future[bool] = both.submit(hub.parts.database.write_now, tell)
            threading.Timer(0.3, over.set).start()
            selling.result()
            assert telling.result() is (parent == "P")
