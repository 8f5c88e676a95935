"""Whatever interrupts a read, and wherever: it goes on, and ends as if nothing had happened."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from hub_core import Hub, UnavailableError
from hub_core.channels.registry import ChannelRegistry
from hub_core.domain.errors import HubError, StorageError
from hub_core.storage.tables import flow_state
from hub_core.testing.clock import VirtualClock
from tests.hubs import DAY, NOW, connected, filled, found, held, settings, told
from tests.toyshop.shop import Shop, open_shop

FIRST_READS = 8
"""How often the toy shop below is asked for a page until all has been read once."""


def shop_of(name: str) -> Shop:
    shop = filled(open_shop(name, page_size=2), 3)
    shop.put("old", NOW - 20 * DAY, status="shipped")
    shop.put_raw("broken", NOW - DAY, b"{")
    return shop


@pytest.fixture
async def undisturbed(
    tmp_path: Path, sqlite_template: Path, clock: VirtualClock, registry: ChannelRegistry
) -> AsyncIterator[dict[str, Any]]:
    """What a hub holds after a read that nothing disturbed."""
    file = tmp_path / "undisturbed.db"
    shutil.copyfile(sqlite_template, file)
    async with Hub.open(f"sqlite:///{file}", settings=settings(), clock=clock, registry=registry) as other:
        shop = shop_of("undisturbed")
        await other.sync((await connected(other, shop)).id)
        assert len(shop.diary) == FIRST_READS
        yield await held(other)


Disturb = Callable[[Hub, int], None]


def refuse(hub: Hub, integration: int) -> None:
    raise UnavailableError("The shop is closed for lunch.")


def blunder(hub: Hub, integration: int) -> None:
    raise ZeroDivisionError


def steal(hub: Hub, integration: int) -> None:
    """Another process takes the flow, and dies at once."""
    taken = (
        sa.update(flow_state)
        .where(flow_state.c.integration_id == integration)
        .values(lease=flow_state.c.lease + 1, lease_owner="thief", lease_until=hub.parts.clock.now())
    )
    hub.parts.database.write_now(lambda connection: connection.execute(taken))


def close(hub: Hub, integration: int) -> None:
    shut = sa.update(flow_state).where(flow_state.c.integration_id == integration).values(open=False)
    hub.parts.database.write_now(lambda connection: connection.execute(shut))


def open_again(hub: Hub, integration: int) -> None:
    opened = sa.update(flow_state).where(flow_state.c.integration_id == integration).values(open=True)
    hub.parts.database.write_now(lambda connection: connection.execute(opened))


async def disturbed_sync(hub: Hub, shop: Shop, integration: int, moment: int, disturb: Disturb) -> None:
    """Sync, and let something happen when the shop is asked for the page of that *moment*."""

    def before_page(shop: Shop, start: int) -> None:
        if len(shop.diary) == moment + 1:
            disturb(hub, integration)

    shop.before_page = before_page
    await hub.sync(integration)
    shop.before_page = None


async def run_on(hub: Hub, clock: VirtualClock, shop: Shop, integration: int) -> None:
    """Sync undisturbed once the lease and the back-off are over."""
    shop.before_page = None
    open_again(hub, integration)
    clock.advance(20)
    run = await hub.sync(integration)
    assert run.state in ("succeeded", "partial")


async def same_as_ever(hub: Hub, integration: int, expected: dict[str, Any]) -> bool:
    orders = await found(hub, integration=integration)
    now_held = {o.external_id: o.model_dump(mode="json", exclude={"id", "integration_id"}) for o in orders}
    events = await hub.events.after(integration=integration, type="order.created", limit=1000)
    once = sorted(each.data["external_id"] for each in events) == sorted(expected)
    (reject,) = await hub.rejects.page(integration=integration)
    return now_held == expected and len(orders) == len(expected) and once and reject.external_id == "broken"


@pytest.mark.parametrize("disturb", [refuse, blunder, close])
async def test_a_read_that_ended_early_goes_on_where_it_stopped(
    hub: Hub, clock: VirtualClock, undisturbed: dict[str, Any], disturb: Disturb
) -> None:
    for moment in range(FIRST_READS):
        shop = shop_of(f"shop-{moment}")
        integration = (await connected(hub, shop)).id
        await disturbed_sync(hub, shop, integration, moment, disturb)
        await run_on(hub, clock, shop, integration)
        assert await same_as_ever(hub, integration, undisturbed), moment
    await told(hub)


async def test_a_read_whose_lease_was_taken_writes_nothing_more_and_another_goes_on(
    hub: Hub, clock: VirtualClock, undisturbed: dict[str, Any]
) -> None:
    for moment in range(FIRST_READS):
        shop = shop_of(f"shop-{moment}")
        integration = (await connected(hub, shop)).id
        held_then: list[Any] = []

        def theft(hub: Hub, integration: int, seen: list[Any] = held_then) -> None:
            steal(hub, integration)
            seen.append(
                hub.parts.database.read_now(lambda c: c.execute(sa.text("SELECT count(*) FROM orders")).scalar())
            )

        syncing = asyncio.create_task(disturbed_sync(hub, shop, integration, moment, theft))
        await clock.asleep(2)  # the pulse, and whoever follows the thief
        assert len(await found(hub)) == held_then[0]
        syncing.cancel()
        await asyncio.gather(syncing, return_exceptions=True)
        await run_on(hub, clock, shop, integration)
        assert await same_as_ever(hub, integration, undisturbed), moment


async def test_a_read_that_was_cancelled_goes_on_where_it_stopped(
    hub: Hub, clock: VirtualClock, undisturbed: dict[str, Any]
) -> None:
    for moment in range(FIRST_READS):
        shop = shop_of(f"shop-{moment}")
        integration = (await connected(hub, shop)).id
        cancelled: list[asyncio.Task[None]] = []
        syncing = asyncio.create_task(
            disturbed_sync(hub, shop, integration, moment, lambda *_, them=cancelled: them[0].cancel() and None)
        )
        cancelled.append(syncing)
        with pytest.raises(asyncio.CancelledError):
            await syncing
        shop.before_page = None
        (run,) = await hub.runs.page(integration=integration)
        assert run.state == "running"
        await run_on(hub, clock, shop, integration)
        assert (await hub.runs.get(run.id)).state == "partial"
        assert await same_as_ever(hub, integration, undisturbed), moment


class FailingDatabase:
    """Fails at one of the statements that are sent to it."""

    def __init__(self, hub: Hub) -> None:
        self.left = -1
        self.for_good = False
        sa.event.listen(hub.parts.database.engine, "before_cursor_execute", self.note)

    def note(self, *details: object) -> None:
        self.left -= 1
        if self.left == 0 or (self.left < 0 and self.for_good):
            raise OperationalError("", {}, Exception("disk I/O error"))


async def test_a_database_that_fails_at_any_statement_is_left_whole(
    hub: Hub, clock: VirtualClock, undisturbed: dict[str, Any]
) -> None:
    failing = FailingDatabase(hub)
    for moment in range(4, 200, 9):
        shop = shop_of(f"shop-{moment}")
        integration = (await connected(hub, shop)).id
        failing.left = moment
        try:
            failed = (await hub.sync(integration)).state == "failed"
        except StorageError:
            failed = True
        if failed:
            failing.left = -1
            await run_on(hub, clock, shop, integration)
        reached = failing.left <= 0
        failing.left = -1
        assert await same_as_ever(hub, integration, undisturbed), moment
        if not reached:
            break
    else:
        pytest.fail("the read did not end within 200 statements")
    assert moment > 60
    await told(hub)


async def test_a_run_that_fails_says_why(hub: Hub) -> None:
    shop = shop_of("north")
    integration = (await connected(hub, shop)).id
    await disturbed_sync(hub, shop, integration, 2, refuse)
    (run,) = await hub.runs.page()
    assert run.error is not None
    assert (run.state, run.error.code, run.error.sentence) == (
        "failed",
        "unavailable",
        "The shop is closed for lunch.",
    )
    assert (run.counts.pages, run.counts.read) == (2, 4)


async def test_the_run_of_a_process_that_died_is_told_apart(hub: Hub, clock: VirtualClock) -> None:
    shop = shop_of("north")
    integration = (await connected(hub, shop)).id
    failing = FailingDatabase(hub)
    failing.left, failing.for_good = 60, True
    with pytest.raises(HubError):
        await hub.sync(integration)
    failing.for_good = False
    await run_on(hub, clock, shop, integration)
    later, died = await hub.runs.page()
    assert died.error is not None
    assert (died.state, died.error.code, later.state) == ("failed", "interrupted", "partial")
