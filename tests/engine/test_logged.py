"""What is logged while a flow is worked on says which flow, and of which run."""

import asyncio
import logging

import pytest

from hub_core import Hub
from hub_core.domain.integrations import Flow
from hub_core.domain.logged import ids
from hub_core.engine.runner import Runner
from hub_core.services.slices import Slice
from tests.hubs import connected, filled
from tests.toyshop.shop import open_shop


class Noting(logging.Handler):
    """Keeps each line with the ids that it would bear."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[tuple[str, dict[str, object]]] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append((record.getMessage(), dict(ids())))


@pytest.fixture
def noting() -> Noting:
    return Noting()


async def test_two_flows_at_once_each_bear_their_own_ids(hub: Hub, noting: Noting) -> None:
    log = logging.getLogger("tests.plugin")
    log.addHandler(noting)
    runner, work = Runner(hub.parts, "this process"), []
    for name in ("north", "south"):
        shop = filled(open_shop(name), 1)
        shop.before_page = lambda shop, _: log.warning("A page of %s", shop.name)
        claimed = await runner.claim((await connected(hub, shop)).id, Flow.ORDERS)
        assert claimed is not None
        work.append((claimed, name))
    await asyncio.gather(*(runner.work(claimed, Slice(hub.parts.clock)) for claimed, _ in work))
    log.removeHandler(noting)
    for claimed, name in work:
        mine = [bound for message, bound in noting.lines if message == f"A page of {name}"]
        own = {"integration": claimed.lease.integration_id, "flow": "orders", "run": claimed.run.id}
        assert mine
        assert all(bound == own for bound in mine)
    assert ids() == {}
