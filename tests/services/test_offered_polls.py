"""Channels that can do less than the toy shop."""

from collections.abc import AsyncIterator
from dataclasses import replace
from types import MappingProxyType

import pytest

from hub_core import Hub, Poll
from hub_core.channels.registry import ChannelRegistry
from hub_core.domain.errors import ConflictError
from hub_core.domain.turns import EARLY
from hub_core.testing.clock import VirtualClock
from tests.hubs import DAY, NOW, connected, filled, found, settings
from tests.toyshop.shop import open_shop


@pytest.fixture
async def plain(hub_url: str, clock: VirtualClock, registry: ChannelRegistry) -> AsyncIterator[Hub]:
    """A hub whose channel lists new orders and cannot do anything else."""
    toyshop = registry.channels["toyshop"]
    hooks = {name: hook for name, hook in toyshop.hooks.items() if name not in ("count_orders", "fetch_order")}
    info = toyshop.info.model_copy(update={"polls": (Poll.NEW,)})
    channel = replace(toyshop, info=info, hooks=MappingProxyType(hooks))
    channels = replace(registry, channels=MappingProxyType({"toyshop": channel}))
    async with Hub.open(hub_url, settings=settings(), clock=clock, registry=channels) as hub:
        yield hub


async def test_a_channel_is_asked_only_for_the_polls_that_it_offers(plain: Hub, clock: VirtualClock) -> None:
    shop = filled(open_shop("north"), 3)
    shop.put("old", NOW - 20 * DAY)
    integration = await connected(plain, shop)
    run = await plain.sync(integration.id)
    assert (run.state, run.counts.created, run.counts.expected) == ("succeeded", 4, None)
    clock.advance(2 * 86400)
    shop.put("new", clock.now())
    await plain.sync(integration.id)
    assert {poll for poll, _, _ in shop.diary} == {Poll.NEW}
    assert {order.external_id: order.history for order in await found(plain)} == {
        **dict.fromkeys(("A1", "A2", "A3", "old"), True),
        "new": False,
    }


async def test_the_flow_of_such_a_channel_is_due_again_too(plain: Hub) -> None:
    integration = await connected(plain, open_shop("north"))
    await plain.sync(integration.id)
    due = (await plain.integrations.get(integration.id)).flows["orders"].next_run_at  # type: ignore[index]
    assert due is not None
    assert 60 * EARLY <= (due - NOW).total_seconds() <= 60


async def test_a_reject_of_such_a_channel_waits_for_the_next_read(plain: Hub) -> None:
    shop = open_shop("north")
    shop.put_raw("odd", NOW - DAY, b"[")
    await plain.sync((await connected(plain, shop)).id)
    (reject,) = await plain.rejects.page()
    with pytest.raises(ConflictError, match="the store's next full read looks at it"):
        await plain.rejects.retry(reject.id)
