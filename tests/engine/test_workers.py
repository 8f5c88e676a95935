"""`hub worker`, as processes of their own that share the work on PostgreSQL."""

import asyncio
import os
import signal
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from hub_core import Hub
from hub_core.domain.clock import SystemClock
from hub_core.storage.tables import engine_processes, flow_state, runs
from tests.hubs import found, rows, settings
from tests.slowshop.shops import PATIENCE, Asked, SlowShops, connected, order, slow_shop_registry, slow_shops
from tests.slowshop.workers import started

STORES = 40
"""More than one process has slots for, so that each of two gets some."""


@pytest.fixture
async def shops() -> AsyncIterator[SlowShops]:
    async with slow_shops() as opened:
        yield opened


@pytest.fixture
async def hub(postgresql_hub_url: str) -> AsyncIterator[Hub]:
    """A hub by the machine's own clock, in this process."""
    registry = slow_shop_registry()
    async with Hub.open(postgresql_hub_url, settings=settings(), clock=SystemClock(), registry=registry) as opened:
        yield opened


async def until(hub: Hub, kind: str, count: int) -> None:
    """Wait until so many events of a kind are there."""
    async with asyncio.timeout(PATIENCE):
        async for event in hub.events.follow(0):
            count -= event.type == kind
            if count == 0:
                return


async def test_two_processes_share_what_is_due_and_do_nothing_twice(
    hub: Hub, shops: SlowShops, postgresql_hub_url: str, tmp_path: Path
) -> None:
    both = asyncio.Event()

    async def answer(asked: Asked) -> Any:
        if len({each.pid for each in shops.diary}) == 2:
            both.set()
        await both.wait()
        return [order(asked.shop)] if asked.page == 0 else []

    shops.answer = answer
    async with started(tmp_path / "home", postgresql_hub_url, "worker"):
        for number in range(STORES):
            await connected(hub, shops, f"shop-{number}")
        engine = hub.engine()
        await engine.start()
        await until(hub, "order.created", STORES)
        await engine.stop()
    read = Counter(row["integration_id"] for row in rows(hub, runs, runs.c.kind == "orders"))
    assert (len(read), set(read.values())) == (STORES, {1})
    assert (len(await found(hub)), shops.overlaps) == (STORES, 0)


async def test_what_a_killed_process_was_at_another_goes_on_with(
    hub: Hub, shops: SlowShops, postgresql_hub_url: str, tmp_path: Path
) -> None:
    async def answer(asked: Asked) -> Any:
        if asked.page == 1 and asked.pid != os.getpid():
            await asyncio.Event().wait()
        return [order(str(asked.page))] if asked.page < 3 else []

    shops.answer = answer
    await connected(hub, shops, "north")
    async with started(tmp_path / "home", postgresql_hub_url, "worker") as (process, _):
        await shops.until(lambda diary: [each for each in diary if each.page == 1])
        process.kill()
        await process.wait()
    engine = hub.engine()
    await engine.start()
    await until(hub, "order.created", 3)
    await engine.stop()
    first_read = [(each.page, each.pid == os.getpid()) for each in shops.diary][:4]
    assert first_read == [(0, False), (1, False), (1, True), (2, True)]


async def test_a_worker_says_what_it_does_and_ends_well_between_two_pages(
    hub: Hub, shops: SlowShops, postgresql_hub_url: str, tmp_path: Path
) -> None:
    go_on = asyncio.Event()

    async def answer(asked: Asked) -> Any:
        await go_on.wait()
        return [order(str(asked.page))]

    shops.answer = answer
    await connected(hub, shops, "north")
    log = tmp_path / "home" / "log"
    async with started(tmp_path / "home", postgresql_hub_url, "worker", "--channels", "slowshop") as (process, line):
        assert line == "This worker syncs stores of slowshop, up to 40 at once. Ctrl-C ends it.\n"
        await shops.until(lambda diary: diary)
        (there,) = rows(hub, engine_processes)
        assert (there["kind"], there["pid"], there["channels"]) == ("worker", process.pid, '["slowshop"]')
        process.send_signal(signal.SIGTERM)
        go_on.set()
        async with asyncio.timeout(PATIENCE):
            assert await process.wait() == 0, log.read_text()
    assert rows(hub, engine_processes) == []
    assert {row["lease_owner"] for row in rows(hub, flow_state)} == {None}
    assert [row["state"] for row in rows(hub, runs, runs.c.kind == "orders")] == ["running"]
    assert "Traceback" not in log.read_text()


async def test_hub_serve_shares_the_work_as_well(
    hub: Hub, shops: SlowShops, postgresql_hub_url: str, tmp_path: Path
) -> None:
    shops.answer = lambda asked: asyncio.sleep(0, [order(asked.shop)] if asked.page == 0 else [])
    await connected(hub, shops, "north")
    log = tmp_path / "home" / "log"
    async with started(tmp_path / "home", postgresql_hub_url, "serve") as (process, _):
        await until(hub, "order.created", 1)
        process.send_signal(signal.SIGINT)
        async with asyncio.timeout(PATIENCE):
            assert await process.wait() == 0, log.read_text()
    assert "Traceback" not in log.read_text()
