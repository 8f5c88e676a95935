"""What stores tell by themselves: subscribing at them, and hearing them."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from pydantic import SecretStr

from hub_core import CallbackRequest, Hub, UnavailableError
from hub_core.domain.errors import NotFoundError
from hub_core.domain.integrations import Flow
from hub_core.domain.webhooks import Hints
from hub_core.services.webhooks import LISTINGS_EVERY, reachable
from hub_core.settings import HubSettings
from hub_core.storage.hints import MOST, HintRepository
from hub_core.storage.tables import events, flow_state, hints, orders, webhook_subscriptions
from hub_core.storage.webhooks import LEASE
from hub_core.testing.clock import VirtualClock
from tests.hubs import DAY, found, rows, settings
from tests.stockshop.desk import StockDesk, connected, sold, stock_shop_registry
from tests.stockshop.shop import open_stock_shop


def public(**more: Any) -> HubSettings:
    return settings().model_copy(update={"public_url": "https://hub.example", **more})


@pytest.fixture
async def desk(hub_url: str, clock: VirtualClock) -> AsyncIterator[StockDesk]:
    """A hub that stores can reach, with one shop that it has read."""
    async with Hub.open(hub_url, settings=public(), clock=clock, registry=stock_shop_registry()) as hub:
        shop = open_stock_shop()
        shop.offer("a", stock=10)
        desk = StockDesk(hub, clock, shop, await connected(hub, shop))
        await desk.read_orders()
        await desk.read_listings()
        await hub.webhooks.keep_subscribed()
        yield desk


def secret_of(desk: StockDesk) -> str:
    return list(desk.shop.hooks.values())[-1].rpartition("/")[2]


def posted(**told: Any) -> CallbackRequest:
    return CallbackRequest(method="POST", headers={}, query={}, body=json.dumps(told).encode())


async def hear(desk: StockDesk, **told: Any) -> Hints:
    return await desk.hub.webhooks.hear(desk.integration.id, secret_of(desk), posted(**told))


def state(hub: Hub) -> list[Any]:
    return [rows(hub, table) for table in (flow_state, hints, orders, events, webhook_subscriptions)]


def kept(desk: StockDesk) -> dict[str, Any]:
    (row,) = rows(desk.hub, webhook_subscriptions)
    return row


async def test_a_store_is_subscribed_once_at_an_address_of_its_own(desk: StockDesk) -> None:
    for _ in range(3):
        await desk.hub.webhooks.keep_subscribed()
    (address,) = desk.shop.hooks.values()
    assert address.startswith(f"https://hub.example/webhooks/{desk.integration.id}/")
    assert len(secret_of(desk)) > 40
    assert secret_of(desk) not in str(kept(desk))


async def test_an_order_that_is_hinted_at_is_read_alone(desk: StockDesk) -> None:
    await sold(desk, "1", "a")
    desk.shop.diary.clear()
    assert (await hear(desk, orders=["1"])).body == b"thanks"
    assert (desk.flow(Flow.ORDERS)["urgency"], desk.flow(Flow.ORDERS)["next_due_at"]) == (6, desk.clock.now())
    assert await found(desk.hub) == []
    await desk.work(Flow.ORDERS)
    assert (desk.shop.looked, desk.shop.diary) == (["1"], [])
    assert [order.external_id for order in await found(desk.hub)] == ["1"]
    assert rows(desk.hub, hints) == []
    assert (await desk.last(Flow.ORDERS)).counts.created == 1


async def test_many_hints_are_worked_off_and_each_order_is_read_once(desk: StockDesk) -> None:
    for number in range(45):
        await sold(desk, f"{number:02}", "a")
    for _ in range(2):
        await hear(desk, orders=[f"{number:02}" for number in range(45)])
    await desk.work(Flow.ORDERS)
    assert sorted(desk.shop.looked) == sorted(desk.shop.orders)
    assert (len(await found(desk.hub)), rows(desk.hub, hints)) == (45, [])


async def test_where_a_store_does_not_say_which_orders_changed_all_new_ones_are_read(desk: StockDesk) -> None:
    await sold(desk, "1", "a")
    await hear(desk, any_orders=True)
    await desk.work(Flow.ORDERS)
    assert (desk.shop.looked, len(await found(desk.hub))) == ([], 1)


async def test_an_order_that_the_store_does_not_know_changes_nothing(desk: StockDesk) -> None:
    await hear(desk, orders=["none such"])
    await desk.work(Flow.ORDERS)
    assert (desk.shop.looked, rows(desk.hub, orders), rows(desk.hub, hints)) == (["none such"], [], [])


async def test_a_hint_outlives_a_store_that_does_not_answer(desk: StockDesk) -> None:
    await sold(desk, "1", "a")
    await hear(desk, orders=["1"])
    desk.shop.orders_fail = UnavailableError("The stock shop is closed.")
    await desk.work(Flow.ORDERS)
    assert (await desk.last(Flow.ORDERS)).state == "failed"
    await hear(desk, orders=["1"])
    assert not await desk.is_due(Flow.ORDERS)
    desk.shop.orders_fail = None
    desk.clock.advance(60)
    await desk.work(Flow.ORDERS)
    assert (len(await found(desk.hub)), rows(desk.hub, hints)) == (1, [])


async def test_a_hint_that_makes_the_plugin_fail_does_not_stop_the_polls(
    desk: StockDesk, caplog: pytest.LogCaptureFixture
) -> None:
    await sold(desk, "1", "a")
    await hear(desk, orders=["1"])
    desk.shop.orders_fail = ZeroDivisionError()

    def mend(*_: Any) -> None:
        desk.shop.orders_fail = None

    desk.shop.before_page = mend
    desk.clock.advance(120)
    await desk.work(Flow.ORDERS)
    assert "is left to the polls" in caplog.text
    assert (await desk.last(Flow.ORDERS)).state == "succeeded"
    assert len(await found(desk.hub)) == 1
    caplog.clear()


def test_an_order_hinted_at_while_it_is_looked_at_is_looked_at_again(desk: StockDesk) -> None:
    def work(connection: Any) -> list[str]:
        repository = HintRepository(connection, desk.integration.id)
        repository.add({"1", "2"})
        seen = repository.some(10)
        repository.add({"1"})
        repository.done(seen)
        return [hint.external_id for hint in repository.some(10)]

    assert desk.hub.parts.database.write_now(work) == ["1"]


def test_only_so_many_hints_are_kept(desk: StockDesk) -> None:
    def work(connection: Any) -> int:
        repository = HintRepository(connection, desk.integration.id)
        repository.add({f"{number}" for number in range(MOST - 1)})
        repository.add({"one more", "and one more"})
        repository.add({"too many"})
        return len(repository.some(MOST * 2))

    assert desk.hub.parts.database.write_now(work) == MOST


async def test_listings_are_read_for_hints_but_not_all_the_time(desk: StockDesk) -> None:
    await hear(desk, listings=True)
    assert not await desk.is_due(Flow.LISTINGS)
    desk.clock.advance(LISTINGS_EVERY.total_seconds())
    await hear(desk, listings=True)
    assert await desk.is_due(Flow.LISTINGS)


@pytest.mark.parametrize("secret", ["", "x", "ü", "A" * 43, "\ud800"])
async def test_a_forged_address_is_refused_and_changes_nothing(
    desk: StockDesk, secret: str, caplog: pytest.LogCaptureFixture
) -> None:
    before = state(desk.hub)
    with caplog.at_level(logging.WARNING):
        for integration in (desk.integration.id, 4711):
            for _ in range(50):
                with pytest.raises(NotFoundError):
                    await desk.hub.webhooks.hear(integration, secret, posted(orders=["1"]))
    assert state(desk.hub) == before
    assert len(caplog.records) == 1
    assert len(secret) < 5 or secret not in caplog.text


async def test_what_cannot_be_read_is_answered_and_dropped(desk: StockDesk, caplog: pytest.LogCaptureFixture) -> None:
    before = state(desk.hub)
    for body in (b"", b"{", b"\xff", b"[]", b'{"orders": [1]}', b'{"orders": 1}'):
        request = CallbackRequest(method="POST", headers={}, query={}, body=body)
        assert await desk.hub.webhooks.hear(desk.integration.id, secret_of(desk), request) == Hints()
    assert state(desk.hub) == before
    assert caplog.text.count("A webhook changed nothing") == 1


@pytest.mark.parametrize("flow", [None, "orders"])
async def test_what_comes_for_one_that_is_switched_off_is_answered_and_dropped(
    desk: StockDesk, flow: str | None
) -> None:
    await desk.hub.integrations.disable(desk.integration.id, flow=flow)
    before = state(desk.hub)
    assert (await hear(desk, orders=["1"], any_orders=True)).status == 200
    assert state(desk.hub) == before
    await desk.hub.integrations.enable(desk.integration.id, flow=flow)
    assert rows(desk.hub, hints) == []


async def test_a_subscription_is_made_anew_before_it_ends_and_the_old_one_dropped(
    desk: StockDesk, clock: VirtualClock
) -> None:
    desk.shop.hooks_end = clock.now() + 3 * DAY
    shop = open_stock_shop("south", hooks_end=clock.now() + 2 * DAY)
    await connected(desk.hub, shop)
    await desk.hub.webhooks.keep_subscribed()
    address = shop.hooks[1]
    clock.advance(DAY.total_seconds())
    await desk.hub.webhooks.keep_subscribed()
    assert shop.hooks == {1: address}
    shop.hooks_end = clock.now() + 3 * DAY
    clock.advance(timedelta(hours=19).total_seconds())
    await desk.hub.webhooks.keep_subscribed()
    assert shop.hooks == {2: address}


async def test_a_store_that_refuses_is_asked_again_later_and_polls_go_on(desk: StockDesk, clock: VirtualClock) -> None:
    async def refuse() -> None:
        raise UnavailableError("The stock shop has no webhooks.")

    shop = open_stock_shop("south", on_subscribe=refuse)
    integration = await connected(desk.hub, shop)
    for _ in range(2):
        await desk.hub.webhooks.keep_subscribed()
    health = (await desk.hub.integrations.get(integration.id)).health
    assert (health.state, health.code) == ("ok", "webhooks_failed")
    assert "The stock shop has no webhooks." in health.sentence
    assert (await desk.hub.sync(integration.id)).state == "succeeded"
    shop.on_subscribe = None
    clock.advance(59)
    await desk.hub.webhooks.keep_subscribed()
    assert shop.hooks == {}
    clock.advance(1)
    await desk.hub.webhooks.keep_subscribed()
    assert len(shop.hooks) == 1
    assert (await desk.hub.integrations.get(integration.id)).health.code != "webhooks_failed"


async def test_a_store_that_hangs_does_not_keep_the_others_from_being_subscribed(
    desk: StockDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub_core.services.webhooks._SUBSCRIBE_SECONDS", 0.2)
    hangs = open_stock_shop("east", on_subscribe=asyncio.Event().wait)
    answers = open_stock_shop("west")
    for shop in (hangs, answers):
        await connected(desk.hub, shop)
    await desk.hub.webhooks.keep_subscribed()
    assert (hangs.hooks, len(answers.hooks)) == ({}, 1)


async def test_nobody_is_subscribed_whose_integration_does_not_work(desk: StockDesk, clock: VirtualClock) -> None:
    clock.advance(DAY.total_seconds())
    shop = open_stock_shop("south")
    integration = await connected(desk.hub, shop)
    await desk.hub.integrations.disable(integration.id)
    await desk.hub.webhooks.keep_subscribed()
    assert shop.hooks == {}
    await desk.hub.integrations.enable(integration.id)
    await desk.hub.webhooks.keep_subscribed()
    assert len(shop.hooks) == 1


async def test_no_request_leaves_for_one_that_is_disabled_while_it_subscribes(desk: StockDesk) -> None:
    shop = open_stock_shop("south")
    integration = await connected(desk.hub, shop)

    async def disable() -> None:
        await desk.hub.integrations.disable(integration.id)

    shop.on_subscribe = disable
    await desk.hub.webhooks.keep_subscribed()
    assert (shop.hooks, (await desk.hub.integrations.get(integration.id)).health.code) == ({}, "disabled")
    shop.on_subscribe = None
    await desk.hub.integrations.enable(integration.id)
    desk.clock.advance(LEASE.total_seconds() + 1)
    await desk.hub.webhooks.keep_subscribed()
    assert len(shop.hooks) == 1


@pytest.mark.parametrize("how", ["enabled", "reauthorised"])
async def test_what_a_store_dropped_meanwhile_is_subscribed_anew(desk: StockDesk, how: str) -> None:
    if how == "enabled":
        await desk.hub.integrations.disable("north")
    (address,) = desk.shop.hooks.values()
    if how == "enabled":
        await desk.hub.integrations.enable("north")
    else:
        await desk.hub.integrations.authorize("north", {"password": desk.shop.password})
    await desk.hub.webhooks.keep_subscribed()
    assert (list(desk.shop.hooks.values()), desk.shop.subscribed) == ([address], 2)


async def test_removing_ends_the_subscription_and_its_address(desk: StockDesk) -> None:
    secret = secret_of(desk)
    assert (await desk.hub.integrations.removal("north")).webhooks
    await desk.hub.integrations.remove("north")
    assert (desk.shop.hooks, rows(desk.hub, webhook_subscriptions)) == ({}, [])
    with pytest.raises(NotFoundError):
        await desk.hub.webhooks.hear(desk.integration.id, secret, posted(orders=["1"]))


async def test_a_store_that_keeps_its_webhooks_is_removed_all_the_same(
    desk: StockDesk, caplog: pytest.LogCaptureFixture
) -> None:
    async def refuse() -> None:
        raise UnavailableError("The stock shop is closed.")

    desk.shop.on_subscribe = refuse
    await desk.hub.integrations.remove("north")
    assert rows(desk.hub, webhook_subscriptions) == []
    assert "delete them in the store" in caplog.text


async def test_the_address_survives_a_rotation_of_keys_and_not_the_loss_of_them(
    desk: StockDesk, hub_url: str, clock: VirtualClock
) -> None:
    secret = secret_of(desk)
    first = settings().secret_keys
    assert first is not None
    both = SecretStr(f"another-key-of-more-than-32-characters-for-tests,{first.get_secret_value()}")
    async with Hub.open(hub_url, settings=public(secret_keys=both), clock=clock, registry=stock_shop_registry()) as hub:
        await hub.keys.rotate()
    alone = SecretStr("another-key-of-more-than-32-characters-for-tests")
    async with Hub.open(
        hub_url, settings=public(secret_keys=alone), clock=clock, registry=stock_shop_registry()
    ) as hub:
        assert (await hub.webhooks.hear(desk.integration.id, secret, posted(listings=True))).body == b"thanks"
    with pytest.raises(NotFoundError):
        await hear(desk, orders=["1"])


async def test_at_another_public_address_stores_are_subscribed_anew(
    desk: StockDesk, hub_url: str, clock: VirtualClock
) -> None:
    elsewhere = public(public_url="https://hub.example.org")
    async with Hub.open(hub_url, settings=elsewhere, clock=clock, registry=stock_shop_registry()) as hub:
        await hub.webhooks.keep_subscribed()
        await hub.webhooks.keep_subscribed()
    (address,) = desk.shop.hooks.values()
    assert address.startswith("https://hub.example.org/webhooks/")


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://127.0.0.1:8000", False),
        ("http://localhost:8000", False),
        ("http://hub.localhost", False),
        ("http://[::1]:8000", False),
        ("http://0.0.0.0:8000", False),
        ("https://hub.example", True),
        ("http://192.168.1.4:8000", True),
    ],
)
async def test_stores_are_asked_only_to_call_where_they_may_reach_the_hub(url: str, expected: bool) -> None:
    assert reachable(url) is expected
