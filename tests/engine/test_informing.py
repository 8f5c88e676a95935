"""What observers hear."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from hub_core import Hub
from hub_core.channels.registry import ChannelRegistry
from hub_core.engine import informing
from hub_core.engine.informing import Informing
from hub_core.storage.observers import LEASE
from hub_core.storage.tables import observers
from hub_core.testing.clock import VirtualClock
from tests.engine import watchers
from tests.engine.watchers import FAILING, HANGING, WATCHER, entry
from tests.hubs import connected, rows, settings, toyshop_registry
from tests.toyshop.shop import open_shop


@pytest.fixture
def registry() -> ChannelRegistry:
    for watcher in (WATCHER, FAILING, HANGING):
        watcher.heard.clear()
    toyshop = next(iter(toyshop_registry().channels.values()))
    loaded = ChannelRegistry.load([entry("watcher"), entry("failing"), entry("hanging")])
    return ChannelRegistry({"toyshop": toyshop}, (), observers=loaded.observers)


@pytest.fixture
async def other(hub_url: str, clock: VirtualClock, registry: ChannelRegistry, hub: Hub) -> AsyncIterator[Hub]:
    """A second process."""
    del hub
    async with Hub.open(hub_url, settings=settings(), clock=clock, registry=registry) as opened:
        yield opened


def watching(hub: Hub, owner: str = "this process") -> Informing:
    return Informing(hub.parts, owner)


async def tell(hub: Hub, name: str = "watcher", owner: str = "this process") -> bool:
    (observer,) = (each for each in hub.channels.observers if each.name == name)
    return await watching(hub, owner).tell(observer)


async def test_an_observer_hears_of_what_happens_from_its_first_start_on_in_order(hub: Hub) -> None:
    await connected(hub, "before")
    assert not await tell(hub)
    integration = await connected(hub, "north")
    await hub.integrations.disable(integration.id)
    assert WATCHER.heard == []
    assert await tell(hub)
    assert [event.type for event in WATCHER.heard] == [
        "integration.added",
        "integration.connected",
        "integration.disabled",
    ]
    assert WATCHER.heard == await hub.events.after(2)
    assert not await tell(hub)


async def test_one_process_tells_it_and_another_goes_on_after_a_crash(
    hub: Hub, other: Hub, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    await tell(hub, owner="first")
    await connected(hub, "north")

    async def die(*_: object) -> bool:
        raise asyncio.CancelledError

    with monkeypatch.context() as patch:
        patch.setattr(Informing, "_note", die)
        with pytest.raises(asyncio.CancelledError):
            await tell(hub, owner="first")
    told = list(WATCHER.heard)
    assert not await tell(other, owner="second")
    clock.advance(LEASE.total_seconds() + 1)
    assert await tell(other, owner="second")
    assert told == WATCHER.heard[len(told) :]
    assert not await tell(hub, owner="first")


@pytest.mark.parametrize("name", ["failing", "hanging"])
async def test_one_that_fails_or_hangs_misses_that_event_and_nobody_else_does(
    hub: Hub, name: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(informing, "DEADLINE", 0.01)
    monkeypatch.setattr("hub_core.channels.dispatch.GRACE", 0.01)
    for each in ("watcher", name):
        await tell(hub, each)
    await connected(hub, "north")
    for each in (name, "watcher"):
        assert await tell(hub, each)
    bad = {"failing": FAILING, "hanging": HANGING}[name]
    assert len(bad.heard) == len(WATCHER.heard) == 2
    assert not await tell(hub, name)
    assert caplog.text.count(f"The observer '{name}' missed event") == 1


async def test_the_engine_tells_observers_while_one_hangs(hub: Hub, clock: VirtualClock) -> None:
    task = asyncio.create_task(watching(hub).run())
    async with asyncio.timeout(60):
        while len(rows(hub, observers)) < len(hub.channels.observers):
            clock.advance(0.1)
            await asyncio.sleep(0.01)
        await connected(hub, "north")
        while not (len(WATCHER.heard) == 2 and HANGING.heard):
            clock.advance(0.1)
            await asyncio.sleep(0.01)
    task.cancel()
    await asyncio.wait({task})
    assert [row["owner"] for row in rows(hub, observers)] == [None] * 3


def test_observers_that_cannot_be_used_are_remembered_with_the_reason() -> None:
    names = ("deaf", "hasty", "missing", "watcher", "watcher", "blind")
    registry = ChannelRegistry.load([entry(name) for name in names])
    assert [observer.name for observer in registry.observers] == ["blind", "watcher"]
    reasons = {fault.key: fault.reason for fault in registry.observer_faults}
    assert "brings no event_recorded" in reasons["deaf"]
    assert "must be a coroutine function" in reasons["hasty"]
    assert "cannot be imported" in reasons["missing"]
    assert "uninstall one" in reasons["watcher"]
    assert (dict(registry.channels), registry.faults) == ({}, ())


async def test_an_observer_may_do_without_the_event(hub: Hub) -> None:
    (observer,) = ChannelRegistry.load([entry("blind")]).observers
    informer, watchers.BlindWatcher.calls = watching(hub), 0
    await informer.tell(observer)
    await connected(hub, open_shop("north"))
    await informer.tell(observer)
    assert watchers.BlindWatcher.calls == 2
