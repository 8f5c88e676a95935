"""What processes withstand, for seconds and minutes, so that `make prove` alone runs it. The figures are told."""

import asyncio
import signal
import time
from collections.abc import AsyncIterator, Callable
from functools import partial
from pathlib import Path
from statistics import quantiles
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from hub_core import Hub
from hub_core.domain.clock import SystemClock
from hub_core.domain.integrations import Flow
from hub_core.storage.tables import flow_state, pushes
from tests.hubs import found, rows, settings
from tests.machines import THOROUGH
from tests.proxies import Proxy, proxy_to
from tests.slowshop.channel import HOLD
from tests.slowshop.crowd import add_crowd
from tests.slowshop.shops import Asked, SlowShops, connected, order, slow_shop_registry, slow_shops
from tests.slowshop.workers import started

pytestmark = pytest.mark.skipif(not THOROUGH, reason="it takes minutes; make prove runs it")

RESUMED = 10.0
"""Seconds after which another process must be at what one has left."""
STORES = 10
CROWD = 10_000
PUSHES = 40

Tell = Callable[[str], None]


@pytest.fixture
def tell(capsys: pytest.CaptureFixture[str]) -> Tell:
    """Print a figure that was measured."""

    def say(text: str) -> None:
        with capsys.disabled():
            print(f"    {text}", flush=True)  # noqa: T201 - that is what it is for

    return say


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


@pytest.fixture
async def proxy(postgresql_hub_url: str) -> AsyncIterator[Proxy]:
    async with proxy_to(postgresql_hub_url) as opened:
        yield opened


def pages(asked: list[Asked], since: float = 0.0) -> list[Asked]:
    return [each for each in asked if each.what == "orders" and each.at > since]


async def test_another_process_goes_on_within_ten_seconds_of_a_kill(
    hub: Hub, shops: SlowShops, postgresql_hub_url: str, tmp_path: Path, tell: Tell
) -> None:
    killed: set[int] = set()

    async def answer(asked: Asked) -> Any:
        if asked.page == 1 and not killed:
            await asyncio.Event().wait()
        return [order(f"{asked.shop}-{asked.page}")] if asked.page < 3 else []

    shops.answer = answer
    async with (
        started(tmp_path / "a", postgresql_hub_url, "worker") as (one, _),
        started(tmp_path / "b", postgresql_hub_url, "worker") as (two, _),
    ):
        for number in range(STORES):
            await connected(hub, shops, f"shop-{number}")
        await shops.until(lambda diary: len([each for each in diary if each.page == 1]) == STORES)
        left = {each.shop for each in shops.diary if each.pid == one.pid}
        assert left
        killed.add(one.pid)
        one.kill()
        at = time.monotonic()
        await shops.until(lambda diary: left == {each.shop for each in pages(diary, at) if each.pid == two.pid})
        again = [min(each.at for each in pages(shops.diary, at) if each.shop == shop) - at for shop in left]
    tell(f"kill -9: {len(left)} flows went on after {min(again):.1f} to {max(again):.1f} s")
    assert max(again) <= RESUMED


async def test_a_process_that_was_halted_writes_nothing_when_it_wakes(
    hub: Hub, shops: SlowShops, postgresql_hub_url: str, tmp_path: Path, tell: Tell
) -> None:
    halted, woken = asyncio.Event(), asyncio.Event()

    async def answer(asked: Asked) -> Any:
        if not halted.is_set():
            if asked.page == 1:
                await woken.wait()
                return [order("stale")]
        else:
            await asyncio.sleep(0.5)
        return [order(str(asked.page))]

    shops.answer = answer
    await connected(hub, shops, "north")
    async with started(tmp_path / "a", postgresql_hub_url, "worker") as (one, _):
        await shops.until(lambda diary: [each for each in diary if each.page == 1])
        async with started(tmp_path / "b", postgresql_hub_url, "worker") as (two, _):
            halted.set()
            at = time.monotonic()
            one.send_signal(signal.SIGSTOP)
            first = await shops.until(lambda diary: [each for each in pages(diary, at) if each.pid == two.pid])
            await asyncio.sleep(max(0.0, 10 - (time.monotonic() - at)))
            woken.set()
            one.send_signal(signal.SIGCONT)
            woke_at = time.monotonic()
            await shops.until(lambda diary: len(pages(diary, woke_at)) >= 8)
            pids = {each.pid for each in pages(shops.diary, woke_at)}
    written = {each.external_id for each in await found(hub)}
    stale = int("stale" in written)
    tell(f"SIGSTOP: another went on after {first[0].at - at:.1f} s; pages written by the old owner: {stale}")
    assert pids == {two.pid}
    assert "stale" not in written
    assert first[0].at - at <= RESUMED


async def test_a_worker_ends_in_time_whatever_its_stores_and_its_database_do(
    hub: Hub, shops: SlowShops, proxy: Proxy, tmp_path: Path, tell: Tell
) -> None:
    shops.answer = lambda _: asyncio.Event().wait()
    for number in range(STORES):
        await connected(hub, shops, f"shop-{number}")
    took = []
    for away in (False, True):
        async with started(tmp_path / str(away), proxy.url, "worker") as (process, _):
            await shops.until(partial(asked_by, process.pid))
            if away:
                await proxy.cut()
            at = time.monotonic()
            process.send_signal(signal.SIGTERM)
            async with asyncio.timeout(30):
                assert await process.wait() == 0, (tmp_path / str(away) / "log").read_text()
            took.append(time.monotonic() - at)
        if not away:
            assert {row["lease_owner"] for row in rows(hub, flow_state)} == {None}
    tell(f"SIGTERM: ended after {took[0]:.1f} s where stores do not answer, {took[1]:.1f} s without a database as well")
    assert max(took) <= 12


async def test_a_worker_whose_loop_a_plugin_holds_says_so_and_ends_in_time(
    hub: Hub, shops: SlowShops, postgresql_hub_url: str, tmp_path: Path, tell: Tell
) -> None:
    shops.answer = lambda _: asyncio.sleep(0, HOLD)
    await connected(hub, shops, "north")
    log = tmp_path / "home" / "log"
    async with started(tmp_path / "home", postgresql_hub_url, "worker") as (process, _):
        async with asyncio.timeout(60):
            while "the hook fetch_orders of the plugin 'slowshop'" not in log.read_text():  # noqa: ASYNC110 - a file
                await asyncio.sleep(0.2)
        at = time.monotonic()
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(30):
            assert await process.wait() == 1
    tell(f"SIGTERM: a worker whose loop is held ended after {time.monotonic() - at:.1f} s")
    assert "The engine did not end within 12 s" in log.read_text()


@pytest.mark.parametrize("seconds", [5, 50])
async def test_the_database_may_be_away(  # noqa: PLR0917 - fixtures come by name
    hub: Hub, shops: SlowShops, proxy: Proxy, tmp_path: Path, tell: Tell, seconds: int
) -> None:
    """Every process survives it, and goes on when it is back."""

    async def answer(asked: Asked) -> Any:
        await asyncio.sleep(0.5)
        return [order(f"{asked.shop}-{asked.page}")]

    shops.answer = answer
    for number in range(STORES):
        await connected(hub, shops, f"shop-{number}")
    async with (
        started(tmp_path / "a", proxy.url, "worker") as (one, _),
        started(tmp_path / "b", proxy.url, "serve") as (two, line),
        httpx.AsyncClient(base_url=line.split()[4].rstrip(";"), trust_env=False, timeout=30) as client,
    ):
        both = {one.pid, two.pid}
        await shops.until(lambda diary: both <= {each.pid for each in diary if each.page > 1})
        await proxy.cut()
        await asyncio.sleep(seconds / 2)
        assert (await client.get("/health")).status_code == 503
        await asyncio.sleep(seconds / 2)
        await proxy.open()
        at = time.monotonic()
        names = {f"shop-{number}" for number in range(STORES)}
        await shops.until(lambda diary: names == {each.shop for each in pages(diary, at)})
        await shops.until(lambda diary: both <= {each.pid for each in pages(diary, at)})
        again = [min(each.at for each in pages(shops.diary, at) if each.shop == name) - at for name in names]
        healthy = (await client.get("/health")).status_code
        assert (one.returncode, two.returncode, healthy) == (None, None, 200)
        for process in (one, two):
            process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(30):
            assert [await process.wait() for process in (one, two)] == [0, 0]
    tell(f"database away {seconds} s: first page {min(again):.1f} s after it was back, all stores {max(again):.1f} s")
    lines = [len((tmp_path / each / "log").read_text().splitlines()) for each in "ab"]
    tell(f"overlaps: {shops.overlaps}; lines in their logs: {lines}")
    assert max(again) <= 30
    order_ids = [each.external_id for each in await found(hub)]
    assert len(order_ids) == len(set(order_ids))


async def test_connections_may_be_cut_again_and_again(
    hub: Hub, shops: SlowShops, postgresql_hub_url: str, tmp_path: Path, tell: Tell
) -> None:
    async def answer(asked: Asked) -> Any:
        await asyncio.sleep(0.2)
        return [order(f"{asked.shop}-{asked.page}")]

    shops.answer = answer
    for number in range(STORES):
        await connected(hub, shops, f"shop-{number}")
    end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> :own"
    async with (
        started(tmp_path / "a", postgresql_hub_url, "worker") as (one, _),
        started(tmp_path / "b", postgresql_hub_url, "worker") as (two, _),
    ):
        both = {one.pid, two.pid}
        await shops.until(lambda diary: both <= {each.pid for each in diary})
        for _ in range(6):
            await hub.parts.database.read(
                lambda connection: connection.execute(
                    sa.text(end), {"own": connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()}
                ).all()
            )
            await asyncio.sleep(0.3)
        at = time.monotonic()
        names = {f"shop-{number}" for number in range(STORES)}
        await shops.until(lambda diary: names == {each.shop for each in pages(diary, at)})
        await shops.until(lambda diary: both <= {each.pid for each in pages(diary, at)})
        again = [min(each.at for each in pages(shops.diary, at) if each.shop == name) - at for name in names]
        assert (one.returncode, two.returncode) == (None, None)
    tell(f"connections cut six times in 1.8 s: all stores went on within {max(again):.1f} s")
    assert max(again) <= 30


async def test_pushes_pass_ten_thousand_polls_that_are_due(
    hub: Hub, shops: SlowShops, postgresql_hub_url: str, tmp_path: Path, tell: Tell
) -> None:
    shops.answer = lambda asked: asyncio.sleep(0.1, [])
    pushing = [await connected(hub, shops, f"push-{number}", order_interval=3600) for number in range(PUSHES)]
    async with (
        started(tmp_path / "a", postgresql_hub_url, "worker"),
        started(tmp_path / "b", postgresql_hub_url, "worker"),
    ):
        await listed(hub)
        at_rest = [await push(hub, shops, one.name, 9) for one in pushing]
        await add_crowd(hub, shops, CROWD)
        began = time.monotonic()
        await shops.until(lambda _: shops.asked_shops > PUSHES + 200)
        meanwhile = [await push(hub, shops, one.name, 5) for one in pushing]
        during = shops.asked_shops - PUSHES
        await shops.until(lambda _: shops.asked_shops == PUSHES + CROWD, patience=900)
        took = time.monotonic() - began
    again = sum(each.shop.startswith("crowd-") for each in shops.diary) - CROWD
    tell(f"{CROWD} polls of 0.1 s by two workers: {took:.0f} s, {CROWD / took:.0f} a second; {again} of them again")
    tell(f"stock pushes at rest: {in_short(at_rest)}; when {during} polls were done: {in_short(meanwhile)}")
    assert shops.overlaps == 0
    assert again <= CROWD / 100
    assert during < CROWD
    assert quantiles(meanwhile, n=20)[-1] <= 2.0


async def push(hub: Hub, shops: SlowShops, name: str, level: int) -> float:
    """Lower a store's stock, and tell after how many seconds it was told."""
    at = time.monotonic()
    await hub.stock.set({name: level})
    told = await shops.until(
        lambda diary: [each for each in diary[-500:] if each.shop == name and each.what == "stock" and each.at > at]
    )
    return float(told[0].at - at)


def in_short(seconds: list[float]) -> str:
    marks = quantiles(seconds, n=20)
    return f"p50 {marks[9]:.2f} s, p95 {marks[18]:.2f} s, longest {max(seconds):.2f} s"


def asked_by(pid: int, diary: list[Asked]) -> bool:
    return any(each.pid == pid for each in diary)


async def listed(hub: Hub) -> None:
    """Wait until the listings of all stores have been read."""
    async with asyncio.timeout(120):
        while len(rows(hub, pushes, pushes.c.flow == Flow.STOCK)) < PUSHES:  # noqa: ASYNC110 - in other processes
            await asyncio.sleep(0.2)
        while rows(hub, flow_state, flow_state.c.lease_owner.is_not(None)):  # noqa: ASYNC110
            await asyncio.sleep(0.2)
