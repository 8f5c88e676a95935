"""The whole way of a parcel: a hub, its engine's flow, this plugin, and a store that loses what is said."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from hub_core import Hub
from hub_core.testing.clock import VirtualClock
from hub_core.testing.store.serving import serve
from hub_threedcart.sandbox import API_ROOT, Sandbox

STEPS = ("*/Shipments", "*/Items", "*/Orders/????")


@pytest.fixture
def sandbox() -> Sandbox:
    return Sandbox(orders=0, products=12, clock="2026-03-10T12:00:00", rate=False)


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(leaping=True)


@pytest.fixture
async def hub(
    sandbox: Sandbox, clock: VirtualClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Hub]:
    """A hub that is connected with the first store of the sandbox."""
    with serve(sandbox) as root:
        monkeypatch.setenv("THREEDCART_API_URL", f"{root}{API_ROOT}")
        monkeypatch.setenv("THREEDCART_RATE", "0")
        monkeypatch.setenv("HUB_HOME", str(tmp_path))
        monkeypatch.setenv("HUB_ALLOW_PRIVATE_NETWORK", "1")
        async with Hub.open(f"sqlite:///{tmp_path / 'hub.db'}", clock=clock) as opened:
            there = sandbox.shop
            keys = {"public_key": there.public_key, "private_key": there.private_key}
            await opened.applications.set("threedcart", keys)
            settings = {"store_url": there.address, "timezone": "America/New_York"}
            added = await opened.integrations.add("threedcart", name="shop", settings=settings)
            await opened.integrations.authorize(added.id, {"token": there.token})
            yield opened


async def placed(hub: Hub, sandbox: Sandbox, *products: int) -> tuple[int, int]:
    """Let an order come in; give its number in the store and in the hub."""
    key = sandbox.place(lines=[{"product": one} for one in products])
    await hub.sync("shop")
    return key, {one.external_id: one.id async for one in hub.orders.find(limit=9)}[str(key)]


def held(sandbox: Sandbox, order: int) -> dict[str, Any]:
    record = sandbox.shop.orders.get(order)
    assert record is not None
    members: dict[str, Any] = json.loads(record.text)
    return members


async def tell(hub: Hub, clock: VirtualClock, fulfilment: int) -> str:
    """Sync until the parcel is no longer under way."""
    one = await hub.fulfilments.get(fulfilment)
    while one.state in ("waiting", "sending"):
        await hub.sync("shop", "fulfilment")
        clock.advance(timedelta(minutes=4).total_seconds())
        one = await hub.fulfilments.get(fulfilment)
    return one.state.value


async def test_an_order_is_shipped_as_a_whole_and_its_status_follows(
    hub: Hub, sandbox: Sandbox, clock: VirtualClock
) -> None:
    key, order = await placed(hub, sandbox, 11, 12)
    asked = await hub.fulfilments.ship(order, "1Z999", carrier="UPS Ground")
    assert await tell(hub, clock, asked.fulfilment.id) == "sent"
    (shipment,) = held(sandbox, key)["ShipmentList"]
    assert (shipment["ShipmentTrackingCode"], shipment["ShipmentOrderStatus"]) == ("1Z999", 4)
    await hub.sync("shop")
    now = await hub.orders.get(order)
    assert (now.status, now.shipments[0].tracking_number) == ("shipped", "1Z999")
    assert all(line.shipped == line.quantity for line in now.lines)


async def test_an_order_is_shipped_in_two_parcels(hub: Hub, sandbox: Sandbox, clock: VirtualClock) -> None:
    key, order = await placed(hub, sandbox, 11, 12)
    line = (await hub.orders.get(order)).lines[0]
    first = await hub.fulfilments.ship(order, "1Z1", lines={line.external_id: line.quantity})
    assert await tell(hub, clock, first.fulfilment.id) == "sent"
    assert held(sandbox, key)["OrderStatusID"] == 3
    await hub.sync("shop")
    assert (await hub.orders.get(order)).status == "partially_shipped"
    rest = await hub.fulfilments.ship(order, "1Z2")
    assert await tell(hub, clock, rest.fulfilment.id) == "sent"
    members = held(sandbox, key)
    assert members["OrderStatusID"] == 4
    assert sorted(one["ShipmentTrackingCode"] for one in members["ShipmentList"]) == ["1Z1", "1Z2"]


@pytest.mark.parametrize("step", range(3))
@pytest.mark.parametrize("kind", ["drop", "lose_reply"])
async def test_a_lost_request_or_reply_at_any_step_makes_one_parcel(
    hub: Hub, sandbox: Sandbox, clock: VirtualClock, step: int, kind: str
) -> None:
    key, order = await placed(hub, sandbox, 11, 12)
    line = (await hub.orders.get(order)).lines[0]
    fault = sandbox.break_down(kind, path=STEPS[step], method="P*")
    asked = await hub.fulfilments.ship(order, "1Z1", lines={line.external_id: line.quantity})
    assert await tell(hub, clock, asked.fulfilment.id) == "sent"
    assert fault.fired == 1
    members = held(sandbox, key)
    assert [one["ShipmentTrackingCode"].strip() for one in members["ShipmentList"]] == ["", "1Z1"]
    moved = [one["ItemShipmentID"] for one in members["OrderItemList"]]
    assert (moved[0], moved[1], members["OrderStatusID"]) == (members["ShipmentList"][1]["ShipmentID"], 0, 3)
    applied = [one for one in sandbox.shop.writes.writes if one.applied and one.method == "POST"]
    assert len(applied) == 1


async def test_a_refusal_is_shown_with_its_reason(hub: Hub, sandbox: Sandbox, clock: VirtualClock) -> None:
    key, order = await placed(hub, sandbox, 11)
    sandbox.break_down("refuse_item", item=f"{key}/0", options={"message": "The order is locked"})
    asked = await hub.fulfilments.ship(order, "1Z1")
    assert await tell(hub, clock, asked.fulfilment.id) == "refused"
    assert "The order is locked" in (await hub.fulfilments.get(asked.fulfilment.id)).reason
