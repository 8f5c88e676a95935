"""What the tests of the engine share."""

import pytest

from hub_core import Hub
from hub_core.testing.clock import VirtualClock
from tests.engine.desk import Desk
from tests.hubs import connected, filled
from tests.toyshop.shop import open_shop


@pytest.fixture
async def desk(hub: Hub, clock: VirtualClock) -> Desk:
    shop = filled(open_shop("north", page_size=1), 5)
    return Desk(hub, clock, shop, await connected(hub, shop))
