"""Reading a store's orders."""

from hub_core import Hub
from tests.hubs import connected, filled, found, told
from tests.toyshop.shop import open_shop


async def test_a_first_sync_takes_every_order_once(hub: Hub) -> None:
    shop = filled(open_shop("north", page_size=7), 30)
    integration = await connected(hub, shop)
    run = await hub.sync(integration.id)
    assert (run.state, run.counts.created, run.counts.updated) == ("succeeded", 30, 0)
    assert {order.external_id for order in await found(hub)} == set(shop.orders)
    assert len(await told(hub, "order.created")) == 30
