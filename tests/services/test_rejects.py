"""What becomes of data that cannot be used."""

from typing import Any

import pytest

from hub_core import Hub
from hub_core.domain.errors import ConflictError, NotFoundError
from hub_core.domain.integrations import Integration
from hub_core.domain.orders import StoredOrder
from hub_core.domain.rejects import Reject
from hub_core.storage.tables import rejects
from hub_core.testing.clock import VirtualClock
from tests.hubs import DAY, NOW, connected, found, rows, told
from tests.toyshop.shop import Shop, open_shop

PLACED = NOW - DAY / 4
ANY = ("open", "aside", "settled", "discarded")


class Corner:
    """A shop with one order that cannot be read."""

    def __init__(self, hub: Hub, clock: VirtualClock, shop: Shop, integration: Integration) -> None:
        self.hub = hub
        self.clock = clock
        self.shop = shop
        self.integration = integration

    def spoil(self, raw: bytes = b"[") -> None:
        self.shop.put_raw("odd", PLACED, raw)

    def mend(self, **members: Any) -> None:
        self.shop.put("odd", PLACED, **members)

    async def poll(self) -> Any:
        self.clock.advance(61)
        return await self.hub.sync(self.integration.id)

    async def reject(self) -> Reject:
        (reject,) = await self.hub.rejects.page(states=ANY)
        return reject


@pytest.fixture
async def corner(hub: Hub, clock: VirtualClock) -> Corner:
    shop = open_shop("north")
    corner = Corner(hub, clock, shop, await connected(hub, shop))
    corner.spoil()
    await corner.poll()
    return corner


async def test_a_reject_is_kept_once_over_many_polls(corner: Corner) -> None:
    first = await corner.reject()
    for _ in range(3):
        assert (await corner.poll()).state == "partial"
    assert await corner.reject() == first


async def test_another_bad_text_replaces_the_first(corner: Corner) -> None:
    first = await corner.reject()
    corner.spoil(b'{"id": "odd"}')
    await corner.poll()
    second = await corner.reject()
    assert (second.id, second.raw, second.state) == (first.id, '{"id": "odd"}', "open")


async def test_a_later_good_version_settles_it(corner: Corner) -> None:
    corner.mend()
    run = await corner.poll()
    assert (run.state, run.counts.created) == ("succeeded", 1)
    assert (await corner.reject()).state == "settled"
    assert await corner.hub.rejects.page() == []


async def test_the_good_version_that_is_held_already_settles_it_too(corner: Corner) -> None:
    corner.mend()
    await corner.poll()
    corner.spoil(b"{")
    await corner.poll()
    assert (await corner.reject()).state == "open"
    assert [order.status for order in await found(corner.hub)] == ["open"]
    corner.mend()
    await corner.poll()
    assert (await corner.reject()).state == "settled"


async def test_a_settled_one_opens_again_when_the_same_bad_text_comes_back(corner: Corner) -> None:
    corner.mend()
    await corner.poll()
    corner.spoil()
    assert (await corner.poll()).state == "partial"
    assert (await corner.reject()).state == "open"


async def test_a_discarded_one_stays_so_for_the_same_text(corner: Corner) -> None:
    await corner.hub.rejects.discard((await corner.reject()).id)
    assert (await corner.poll()).state == "succeeded"
    assert (await corner.reject()).state == "discarded"


async def test_a_discarded_one_opens_again_for_another_text(corner: Corner) -> None:
    await corner.hub.rejects.discard((await corner.reject()).id)
    corner.spoil(b"{")
    assert (await corner.poll()).state == "partial"
    assert (await corner.reject()).state == "open"


async def test_one_that_was_put_aside_stays_there_and_can_come_back(corner: Corner) -> None:
    reject = await corner.reject()
    await corner.hub.rejects.put_aside(reject.id, aside=True)
    assert (await corner.poll()).state == "succeeded"
    assert (await corner.reject()).state == "aside"
    assert await corner.hub.rejects.page() == []
    await corner.hub.rejects.put_aside(reject.id, aside=False)
    assert [each.id for each in await corner.hub.rejects.page()] == [reject.id]


async def test_one_that_was_put_aside_is_settled_by_a_good_version(corner: Corner) -> None:
    await corner.hub.rejects.put_aside((await corner.reject()).id, aside=True)
    corner.mend()
    await corner.poll()
    assert (await corner.reject()).state == "settled"


async def test_what_was_decided_is_told_as_an_event(corner: Corner) -> None:
    reject = await corner.reject()
    await corner.hub.rejects.put_aside(reject.id, aside=True)
    await corner.hub.rejects.discard(reject.id)
    decisions = [each for each in await told(corner.hub) if each["type"].startswith("reject.")]
    assert decisions == [
        {"type": "reject.aside", "reject": reject.id},
        {"type": "reject.discarded", "reject": reject.id},
    ]


async def test_nothing_is_left_to_decide_about_a_discarded_one(corner: Corner) -> None:
    reject = await corner.reject()
    await corner.hub.rejects.discard(reject.id)
    with pytest.raises(ConflictError, match="is discarded already"):
        await corner.hub.rejects.put_aside(reject.id, aside=True)
    with pytest.raises(ConflictError, match="is discarded already"):
        await corner.hub.rejects.retry(reject.id)


async def test_a_retry_gives_the_order_where_the_store_mended_it(corner: Corner) -> None:
    corner.mend(status="shipped")
    reject = await corner.reject()
    order = await corner.hub.rejects.retry(reject.id)
    assert isinstance(order, StoredOrder)
    assert (order.external_id, order.status, order.history) == ("odd", "shipped", True)
    assert (await corner.reject()).state == "settled"
    assert len(await told(corner.hub, "order.created")) == 1


async def test_a_retry_gives_the_reject_where_nothing_has_changed(corner: Corner) -> None:
    reject = await corner.reject()
    assert await corner.hub.rejects.retry(reject.id) == reject


async def test_a_retry_says_where_the_store_no_longer_holds_the_order(corner: Corner) -> None:
    del corner.shop.orders["odd"]
    with pytest.raises(NotFoundError, match="no longer holds order odd; discard the reject"):
        await corner.hub.rejects.retry((await corner.reject()).id)


async def test_no_request_leaves_for_a_retry_while_the_integration_is_disabled(corner: Corner) -> None:
    await corner.hub.integrations.disable(corner.integration.id)
    with pytest.raises(ConflictError, match="is disabled"):
        await corner.hub.rejects.retry((await corner.reject()).id)


async def test_a_text_without_an_id_is_kept_by_its_text_and_cannot_be_asked_for(corner: Corner) -> None:
    await corner.hub.rejects.discard((await corner.reject()).id)
    for name, raw in (("one", b"?"), ("two", b"??")):
        corner.shop.put_raw(name, PLACED, raw)
        corner.shop.orders[name].external_id = None  # type: ignore[assignment] # what a broken text may leave
    for _ in range(2):
        await corner.poll()
    nameless = await corner.hub.rejects.page()
    assert sorted(reject.raw for reject in nameless) == ["?", "??"]
    with pytest.raises(ConflictError, match="names no order"):
        await corner.hub.rejects.retry(nameless[0].id)


async def test_rejects_are_listed_newest_first_in_pages(corner: Corner) -> None:
    for number in range(4):
        corner.shop.put_raw(f"odd {number}", PLACED, b"[")
    await corner.poll()
    ids = sorted((row["id"] for row in rows(corner.hub, rejects)), reverse=True)
    first = await corner.hub.rejects.page(limit=3, integration=corner.integration.id)
    rest = await corner.hub.rejects.page(limit=3, before=first[-1].id)
    assert [each.id for each in [*first, *rest]] == ids
    assert await corner.hub.rejects.page(integration=corner.integration.id + 1000) == []


async def test_there_is_no_reject_that_never_was(hub: Hub) -> None:
    with pytest.raises(NotFoundError, match="'hub rejects' lists them"):
        await hub.rejects.get(4711)


async def test_only_the_beginning_of_a_long_text_is_shown(corner: Corner) -> None:
    corner.spoil(b"x" * 100_000)
    await corner.poll()
    assert (await corner.reject()).raw == "x" * 65_536
