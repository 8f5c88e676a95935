"""Leases: one process at a time works on a flow, and one that lost it writes nothing."""

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import pytest

from hub_core import Hub
from hub_core.domain.errors import LeaseLostError
from hub_core.domain.integrations import Flow
from hub_core.storage.database import Database
from hub_core.storage.flows import LEASE_TIME, FlowRepository, Lease
from hub_core.storage.tables import flow_state, integrations
from hub_core.testing.clock import VirtualClock
from tests.hubs import NOW, connected, rows

T = TypeVar("T")
LONG_AGO = datetime(2001, 1, 1, tzinfo=UTC)
EIGHT = LEASE_TIME.total_seconds()


class Line:
    """The flow of a store that was just connected."""

    def __init__(self, hub: Hub, integration: int) -> None:
        self.hub = hub
        self.database = hub.parts.database
        self.integration = integration

    def do(self, what: str, *arguments: Any, **values: Any) -> Any:
        return self.database.write_now(
            lambda connection: getattr(FlowRepository(connection, self.database), what)(*arguments, **values)
        )

    def claim(self, owner: str = "me") -> Lease | None:
        lease: Lease | None = self.do("claim", self.integration, Flow.ORDERS, owner)
        return lease

    def claimed(self, owner: str = "me") -> Lease:
        lease = self.claim(owner)
        assert lease is not None
        return lease

    def row(self) -> dict[str, Any]:
        (row,) = rows(self.hub, flow_state)
        return row


@pytest.fixture
async def line(hub: Hub) -> Line:
    return Line(hub, (await connected(hub)).id)


def test_a_flow_is_claimed_only_once(line: Line) -> None:
    assert line.claim("one") is not None
    assert line.claim("other") is None
    assert line.claim("one") is None


def test_a_flow_that_is_not_due_cannot_be_claimed(line: Line, clock: VirtualClock) -> None:
    line.do("release", line.claimed(), timedelta(seconds=60))
    assert line.claim() is None
    assert line.do("due", 10) == []
    clock.advance(60)
    assert [one[:2] for one in line.do("due", 10)] == [(line.integration, Flow.ORDERS)]
    assert line.claim() is not None


def test_a_closed_flow_cannot_be_claimed(line: Line) -> None:
    line.do("close", line.integration)
    assert (line.claim(), line.do("due", 10)) == (None, [])
    assert not line.do("is_open", line.integration, Flow.ORDERS)


def test_of_many_who_claim_at_the_same_time_one_gets_it(hub_url: str, line: Line) -> None:
    with ExitStack() as stack:
        databases = [Database(hub_url, VirtualClock(NOW)) for _ in range(6)]
        for database in databases:
            stack.callback(database.engine.dispose)
        start = threading.Barrier(len(databases))

        def claim(database: Database) -> Lease | None:
            start.wait()
            return database.write_now(
                lambda connection: FlowRepository(connection, database).claim(
                    line.integration, Flow.ORDERS, f"process {id(database)}"
                )
            )

        with ThreadPoolExecutor(len(databases)) as threads:
            leases = list(threads.map(claim, databases))
    assert sum(lease is not None for lease in leases) == 1


def test_a_lease_runs_out_after_eight_seconds_and_others_take_it(line: Line, clock: VirtualClock) -> None:
    first = line.claimed("one")
    clock.advance(EIGHT)
    assert line.claim("other") is None
    clock.advance(0.001)
    second = line.claimed("other")
    assert second.number > first.number


def test_what_renews_or_fences_a_lease_lengthens_it(line: Line, clock: VirtualClock) -> None:
    lease = line.claimed("one")
    for lengthen, leases in (("renew", [lease]), ("fence", lease)):
        clock.advance(EIGHT - 1)
        line.do(lengthen, leases)
    clock.advance(EIGHT - 1)
    assert line.claim("other") is None


def test_who_lost_the_lease_can_neither_write_nor_release_nor_renew(line: Line, clock: VirtualClock) -> None:
    lost = line.claimed("one")
    clock.advance(EIGHT + 1)
    line.claimed("other")
    before = line.row()
    with pytest.raises(LeaseLostError):
        line.do("fence", lost, run_id=7)
    with pytest.raises(LeaseLostError):
        line.do("release", lost, timedelta(0))
    line.do("renew", [lost])
    assert line.row() == before
    assert line.do("held", [lost]) == {}


def test_the_same_owner_with_an_older_lease_has_lost_it_too(line: Line, clock: VirtualClock) -> None:
    lost = line.claimed("one")
    clock.advance(EIGHT + 1)
    line.claimed("one")
    with pytest.raises(LeaseLostError):
        line.do("fence", lost)


def test_a_fence_tells_whether_the_flow_is_still_open(line: Line) -> None:
    lease = line.claimed()
    assert line.do("fence", lease) is True
    assert line.do("held", [lease]).keys() == {(line.integration, Flow.ORDERS)}
    line.do("close", line.integration)
    assert line.do("fence", lease) is False
    assert line.do("held", [lease]) == {}


def test_what_is_asked_for_during_a_run_makes_the_flow_due_at_once(line: Line) -> None:
    lease = line.claimed()
    line.do("demand", line.integration, Flow.ORDERS, 9)
    line.do("release", lease, timedelta(hours=1))
    assert line.row()["next_due_at"] == NOW
    assert line.claim() is not None


def test_without_further_demand_the_flow_is_due_after_the_wait(line: Line) -> None:
    line.do("demand", line.integration, Flow.ORDERS, 9)
    line.do("release", line.claimed(), timedelta(hours=1))
    assert (line.row()["next_due_at"], line.row()["urgency"]) == (NOW + timedelta(hours=1), 0)


def test_a_lesser_demand_does_not_lower_the_urgency(line: Line) -> None:
    line.do("demand", line.integration, Flow.ORDERS, 9)
    line.do("demand", line.integration, Flow.ORDERS, 5)
    assert (line.row()["urgency"], line.row()["demand"]) == (9, 2)


async def test_the_most_urgent_flows_come_first_and_then_the_oldest(hub: Hub, clock: VirtualClock) -> None:
    ids = []
    for name in ("one", "two", "three"):
        ids.append((await connected(hub, name)).id)
        clock.advance(1)
    line = Line(hub, ids[0])
    line.do("demand", ids[2], Flow.ORDERS, 9)
    assert [one.integration_id for one in line.do("due", 10)] == [ids[2], ids[0], ids[1]]
    assert [one.integration_id for one in line.do("due", 1, 0)] == [ids[2], ids[0]]


def test_a_run_that_paused_goes_on_and_one_that_died_is_named(line: Line, clock: VirtualClock) -> None:
    paused = line.claimed()
    line.do("fence", paused, run_id=7)
    line.do("release", paused, timedelta(0))
    later = line.claimed()
    assert later.died_run is None
    clock.advance(EIGHT + 1)
    last = line.claimed()
    assert last.died_run == 7


def test_a_lease_tells_the_time_without_asking_the_database_again(line: Line, clock: VirtualClock) -> None:
    lease = line.claimed()
    clock.advance(90)
    assert lease.now(clock) == clock.now()


def test_on_postgresql_leases_go_by_the_clock_of_the_database(postgresql_hub_url: str) -> None:
    """Two processes whose clocks differ by an hour do not take each other's leases."""

    class Wrong(VirtualClock):
        virtual = False

    with ExitStack() as stack:
        slow, fast = [Database(postgresql_hub_url, Wrong(NOW + timedelta(hours=hours))) for hours in (0, 1)]
        for database in (slow, fast):
            stack.callback(database.engine.dispose)
        slow.write_now(_add_flow)
        leases = [_claimed_by(database) for database in (slow, fast)]
    assert [lease is not None for lease in leases] == [True, False]


def _claimed_by(database: Database) -> Lease | None:
    return database.write_now(lambda connection: FlowRepository(connection, database).claim(1, Flow.ORDERS, "me"))


def _add_flow(connection: Any) -> None:
    new = {"channel": "toyshop", "name": "N", "name_key": "n", "enabled": True, "connection": "connected"}
    row = {**new, "id": 1, "settings": "{}", "settings_version": 1, "rules": "{}", "created_at": NOW}
    connection.execute(integrations.insert(), row)
    connection.execute(
        flow_state.insert(),
        {"integration_id": 1, "flow": "orders", "enabled": True, "open": True, "next_due_at": LONG_AGO},
    )


def test_a_flow_that_only_a_newer_version_knows_is_left_to_that_one(line: Line) -> None:
    row = {**line.row(), "flow": "reviews", "run_id": None}
    line.hub.parts.database.write_now(lambda connection: connection.execute(flow_state.insert().values(**row)))
    assert [one.flow for one in line.do("due", 10)] == [Flow.ORDERS]
