"""What is killed: a work on a store of the sandbox, and how a later process finishes it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from pydantic import SecretStr

from hub_core import Hub
from hub_core.domain.integrations import ConnectionState
from hub_core.settings import HubSettings
from hub_threedcart.sandbox import Sandbox

NAME: Final = "Killed"
MOMENT: Final = datetime(2024, 5, 20, 16, tzinfo=UTC)
"""What the clocks of the sandbox and of the hub show at first."""
LATER: Final = 90.0
"""Seconds after which leases, removals and back-offs of a process that died are over."""
KEYS: Final = ("the-new-key-of-more-than-32-characters", "the-old-key-of-more-than-32-characters")
SKUS: Final = 6


class ShiftedClock:
    """A clock that runs as the machine's does, from a moment of our own; the database goes by it as well."""

    virtual = True

    def __init__(self, shift: float = 0.0) -> None:
        self._start = MOMENT + timedelta(seconds=shift)
        self._began = time.monotonic()

    def now(self) -> datetime:
        return self._start + timedelta(seconds=time.monotonic() - self._began)

    def monotonic(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


@asynccontextmanager
async def hub_at(url: str, shift: float, *keys: str) -> AsyncIterator[Hub]:
    settings = HubSettings(secret_keys=SecretStr(",".join(keys or KEYS)), allow_private_network=True)
    async with Hub.open(url, settings=settings, clock=ShiftedClock(shift)) as hub:
        yield hub


def new_sandbox() -> Sandbox:
    """A store with a past, always the same."""
    return Sandbox(orders=8, products=SKUS, clock="2024-05-20T12:00:00", rate=False)


def trade(sandbox: Sandbox) -> None:
    """What happens in the store before it is looked at again: orders come, change and are cancelled."""
    sandbox.shop.clock.advance(30)
    for _ in range(4):
        sandbox.place()
    sandbox.shop.clock.advance(1)
    first, second, *_ = sandbox.shop.orders.keys
    sandbox.edit(first, status=4)
    sandbox.edit(second, status=5)


def skus_of(sandbox: Sandbox) -> list[str]:
    """The SKUs that exactly one thing on sale bears."""
    found = [item["sku"] for item in sandbox_items(sandbox) if item["sku"]]
    return sorted({sku for sku in found if found.count(sku) == 1})


def sandbox_items(sandbox: Sandbox) -> list[dict[str, str]]:
    """What the store sells, as far as units of it are told one by one."""
    return [
        {"sku": item.sku, "stock": str(item.stock)}
        for key, item in sandbox.shop.goods.items()
        if key[1] is not None or not sandbox.shop.goods[key[0] - sandbox.shop.goods[0].number].variants
    ]


@dataclass(frozen=True, slots=True)
class Store:
    """How the hub is let in there, and what it sells."""

    address: str
    token: str
    private_key: str
    skus: tuple[str, ...]

    @property
    def settings(self) -> dict[str, str]:
        return {"store_url": self.address, "timezone": "America/New_York", "currency": "USD"}


Work = Callable[[Hub, Store], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Scene:
    """*prepare* makes the hub that it begins with, *act* is killed, *finish* is done by the next process.

    *first* and *last* are the keys that the hub has at first, and those that must be enough in the end.
    """

    prepare: Work
    act: Work
    finish: Work
    first: tuple[str, ...] = KEYS
    last: tuple[str, ...] = KEYS


async def _application(hub: Hub, store: Store) -> None:
    await hub.applications.set("threedcart", {"public_key": "12" * 16, "private_key": store.private_key})


async def _connect(hub: Hub, store: Store) -> None:
    await _application(hub, store)
    added = await hub.integrations.add("threedcart", name=NAME, settings=store.settings)
    await hub.integrations.authorize(added.id, {"token": store.token})


async def _connect_and_read(hub: Hub, store: Store) -> None:
    """Connect the store, read it, and say how many of each there are."""
    await _connect(hub, store)
    await hub.sync(NAME, "orders")
    await hub.sync(NAME, "listings")
    await hub.stock.set(dict.fromkeys(store.skus, 50))
    await hub.sync(NAME, "stock")


async def _orders(hub: Hub, store: Store) -> None:
    del store
    await hub.sync(NAME, "orders")


async def _set_and_push(hub: Hub, store: Store) -> None:
    await hub.stock.set({sku: 7 + place for place, sku in enumerate(store.skus)})
    await hub.sync(NAME, "stock")


async def _quiet(hub: Hub, store: Store) -> None:
    """One quiet cycle: the store is read, and told."""
    del store
    for kind in ("orders", "listings", "stock", "orders", "stock"):
        run = await hub.sync(NAME, kind)
        assert run.error is None, run.error


async def _set_again(hub: Hub, store: Store) -> None:
    await hub.stock.set({sku: 5 + place for place, sku in enumerate(store.skus)})
    await _quiet(hub, store)


async def _let_in(hub: Hub, store: Store) -> None:
    """Add and authorise it, unless that is done."""
    there = {one.name: one for one in await hub.integrations.list()}
    one = there.get(NAME) or await hub.integrations.add("threedcart", name=NAME, settings=store.settings)
    if one.connection is not ConnectionState.CONNECTED:
        await hub.integrations.authorize(one.id, {"token": store.token})


async def _let_in_and_read(hub: Hub, store: Store) -> None:
    await _let_in(hub, store)
    assert (await hub.integrations.verify(NAME)).key
    await hub.sync(NAME, "orders")


async def _remove(hub: Hub, store: Store) -> None:
    del store
    if await hub.integrations.list():
        await hub.integrations.remove(NAME)


async def _rotate(hub: Hub, store: Store) -> None:
    del store
    rotation = await hub.keys.rotate()
    assert not rotation.unreadable, rotation


SCENES: Final = {
    "orders": Scene(_connect_and_read, _orders, _quiet),
    "first read": Scene(_connect, _orders, _quiet),
    "stock": Scene(_connect_and_read, _set_and_push, _set_again),
    "authorising": Scene(_application, _let_in, _let_in_and_read),
    "removal": Scene(_connect_and_read, _remove, _remove),
    "rotation": Scene(_connect_and_read, _rotate, _rotate, first=KEYS[1:], last=KEYS[:1]),
}
