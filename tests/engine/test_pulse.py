"""Keeping leases, and stopping what this process may no longer work on."""

import asyncio
import threading
from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from hub_core import Hub
from hub_core.domain.integrations import Flow
from hub_core.engine import pulse
from hub_core.engine.pulse import GIVE_UP_SECONDS, READ_SECONDS, RENEW_SECONDS, Pulse
from hub_core.storage.flows import LEASE_TIME, FlowRepository, Lease
from hub_core.storage.tables import flow_state
from hub_core.testing.clock import VirtualClock
from tests.hubs import connected, rows, statements, writing


async def claimed(hub: Hub, name: str = "north") -> Lease:
    integration = await connected(hub, name)
    database = hub.parts.database
    lease = await database.write(
        lambda c: FlowRepository(c, database).claim(integration.id, Flow.ORDERS, "this process")
    )
    assert lease is not None
    return lease


class Ward:
    """A task that works on a flow until it is stopped, and the pulse that watches it."""

    def __init__(self, hub: Hub, lease: Lease) -> None:
        self.hub = hub
        self.lease = lease
        self.pulse = Pulse(hub.parts)
        self.task: asyncio.Task[object] = asyncio.create_task(asyncio.Event().wait())
        self.pulse.watch(lease, self.task)

    async def stopped(self) -> bool:
        """Beat once, and tell whether the task was cancelled by it."""
        await self.pulse.beat()
        await asyncio.wait({self.task}, timeout=0)
        return self.task.cancelling() > 0


@pytest.fixture
async def ward(hub: Hub) -> AsyncIterator[Ward]:
    ward = Ward(hub, await claimed(hub))
    yield ward
    ward.task.cancel()
    await asyncio.gather(ward.task, return_exceptions=True)


def change(hub: Hub, **values: Any) -> None:
    hub.parts.database.write_now(lambda connection: connection.execute(flow_state.update().values(**values)))


async def test_a_flow_that_is_open_and_held_goes_on(ward: Ward) -> None:
    assert not await ward.stopped()


@pytest.mark.parametrize(
    "values", [{"open": False}, {"lease": 99}, {"lease_owner": "thief"}, {"lease_owner": None}], ids=str
)
async def test_a_flow_that_was_closed_or_taken_is_stopped_at_the_next_beat(ward: Ward, values: dict[str, Any]) -> None:
    change(ward.hub, **values)
    assert await ward.stopped()


async def test_a_beat_only_reads_until_two_seconds_have_passed(ward: Ward, clock: VirtualClock) -> None:
    clock.advance(RENEW_SECONDS - 0.1)
    with statements(ward.hub) as seen:
        await ward.stopped()
    assert (len(seen), writing(seen)) == (1, [])
    clock.advance(0.1)
    await ward.stopped()
    (row,) = rows(ward.hub, flow_state)
    assert row["lease_until"] == clock.now() + LEASE_TIME


async def test_a_lease_is_kept_as_long_as_the_pulse_beats(ward: Ward, clock: VirtualClock) -> None:
    beating = asyncio.create_task(ward.pulse.run())
    for _ in range(int(20 / READ_SECONDS)):
        await clock.asleep()
        clock.advance(READ_SECONDS)
    await clock.asleep()
    (row,) = rows(ward.hub, flow_state)
    assert row["lease_until"] > clock.now() + LEASE_TIME / 2
    assert not ward.task.cancelling()
    beating.cancel()
    await asyncio.gather(beating, return_exceptions=True)


async def test_without_a_database_the_flow_is_stopped_before_others_take_it(
    ward: Ward, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_: object, **__: object) -> None:
        raise OperationalError("", {}, Exception("connection closed"))

    monkeypatch.setattr(FlowRepository, "held", gone)
    monkeypatch.setattr(FlowRepository, "renew", gone)
    clock.advance(GIVE_UP_SECONDS)
    assert not await ward.stopped()
    clock.advance(0.5)
    assert await ward.stopped()
    assert clock.monotonic() < LEASE_TIME.total_seconds()


async def test_a_renewal_that_hangs_does_not_delay_the_stop(
    ward: Ward, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on = threading.Event()
    monkeypatch.setattr(FlowRepository, "renew", lambda *_: go_on.wait(60))
    monkeypatch.setattr(pulse, "LOOK_SECONDS", 0.001)
    for seconds, stopped in ((RENEW_SECONDS, False), (GIVE_UP_SECONDS - RENEW_SECONDS, False), (0.5, True)):
        clock.advance(seconds)
        assert await ward.stopped() is stopped
    go_on.set()
    while ward.pulse._looking is not None:
        await ward.pulse.beat()


async def test_a_task_is_told_to_end_once_so_that_it_can_release_its_flow(ward: Ward) -> None:
    released = asyncio.Event()

    async def release_at_leisure() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await released.wait()

    ward.task.cancel()
    task: asyncio.Task[object] = asyncio.create_task(release_at_leisure())
    ward.pulse.watch(ward.lease, task)
    await asyncio.sleep(0)
    change(ward.hub, open=False)
    for _ in range(3):
        await ward.pulse.beat()
    assert task.cancelling() == 1
    released.set()
    await asyncio.gather(task, return_exceptions=True)


async def test_other_flows_go_on_when_one_is_stopped(hub: Hub, ward: Ward) -> None:
    other: asyncio.Task[object] = asyncio.create_task(asyncio.Event().wait())
    lease = await claimed(hub, "south")
    ward.pulse.watch(lease, other)
    hub.parts.database.write_now(
        lambda c: c.execute(
            flow_state.update().where(flow_state.c.integration_id == ward.lease.integration_id).values(open=False)
        )
    )
    assert await ward.stopped()
    assert not other.cancelling()
    other.cancel()
    await asyncio.gather(other, return_exceptions=True)


async def test_the_end_of_an_earlier_task_does_not_end_the_watch_over_a_later_one(ward: Ward) -> None:
    later: asyncio.Task[object] = asyncio.create_task(asyncio.Event().wait())
    ward.pulse.watch(ward.lease, later)
    ward.task.cancel()
    await asyncio.gather(ward.task, return_exceptions=True)
    change(ward.hub, open=False)
    await ward.pulse.beat()
    assert later.cancelling()
    await asyncio.gather(later, return_exceptions=True)
