"""Rate budgets: never more than the store's own bucket holds."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event, select

from hub_core.domain.budget import RateBudget
from hub_core.storage.budgets import SLOW_SECONDS, BudgetRepository
from hub_core.storage.database import Database
from hub_core.testing.clock import VirtualClock
from tests.hubs import NOW

THREEDCART = RateBudget(depth=48, per_second=2)


class Account:
    """One store's budget, with a clock of its own."""

    def __init__(self, database: Database, clock: VirtualClock, scope: str) -> None:
        self.database = database
        self.clock = clock
        self.scope = scope

    def take(self, cost: int = 1, reserve: int = 0, budget: RateBudget = THREEDCART) -> float:
        return self.database.write_now(
            lambda connection: BudgetRepository(connection, self.database.epoch_sql()).take(
                self.scope, budget, cost, reserve
            )
        )

    def throttled(self, seconds: float) -> None:
        self.database.write_now(
            lambda connection: BudgetRepository(connection, self.database.epoch_sql()).throttled(
                self.scope, THREEDCART, seconds
            )
        )

    def burst(self) -> int:
        """Take as long as it is granted."""
        count = 0
        while self.take() == 0.0:
            count += 1
        return count


@contextmanager
def account(url: str, scope: str = "toyshop/north") -> Iterator[Account]:
    with ExitStack() as stack:
        clock = VirtualClock(NOW)
        database = Database(url, clock)
        stack.callback(database.engine.dispose)
        if database.is_sqlite:
            event.listen(database.engine, "connect", lambda connection, _: connection.execute("PRAGMA synchronous=OFF"))
        yield Account(database, clock, scope)


class LeakyBucket:
    """The store's own count: 50 deep, 2 leak each second."""

    def __init__(self) -> None:
        self.level = 0.0
        self.at = 0.0
        self.highest = 0.0

    def fill(self, at: float) -> None:
        self.level = max(0.0, self.level - 2 * (at - self.at)) + 1
        self.at = at
        self.highest = max(self.highest, self.level)


ACTS = st.one_of(
    st.just(("take", 0.0)),
    st.tuples(st.just("burst"), st.just(0.0)),
    st.tuples(st.just("wait"), st.floats(0, 40)),
    st.tuples(st.just("obey"), st.just(0.0)),
    st.tuples(st.just("throttled"), st.floats(0, 20)),
)


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> str:
    file = tmp_path_factory.mktemp("bank") / "hub.db"
    file.write_bytes(sqlite_template.read_bytes())
    return f"sqlite:///{file}"


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(acts=st.lists(ACTS, max_size=25), scope=st.uuids())
def test_whatever_is_asked_the_store_s_bucket_never_runs_over(
    bank: str, acts: list[tuple[str, float]], scope: object
) -> None:
    store = LeakyBucket()
    with account(bank, str(scope)) as mine:
        wait = 0.0
        for act, seconds in acts:
            if act == "throttled":
                mine.throttled(seconds)
            elif act == "wait":
                mine.clock.advance(seconds)
            elif act == "obey":
                mine.clock.advance(wait)
            for _ in range({"take": 1, "burst": 60}.get(act, 0)):
                wait = mine.take()
                if wait:
                    break
                store.fill(mine.clock.monotonic())
    assert store.highest <= 50


def test_48_may_leave_at_once_and_then_2_each_second(hub_url: str) -> None:
    with account(hub_url) as mine:
        assert mine.burst() == 48
        assert mine.take() == pytest.approx(0.5)
        mine.clock.advance(0.5)
        assert mine.burst() == 1
        mine.clock.advance(10)
        assert mine.burst() == 20
        mine.clock.advance(1000)
        assert mine.burst() == 48


def test_who_waits_as_told_is_granted_it_then(hub_url: str) -> None:
    with account(hub_url) as mine:
        mine.burst()
        for _ in range(5):
            mine.clock.advance(mine.take() + 1e-6)
            assert mine.take() == 0.0


def test_after_a_refusal_nobody_asks_for_as_long_as_the_store_said(hub_url: str) -> None:
    with account(hub_url) as mine:
        mine.take()
        mine.throttled(7)
        assert mine.take() >= 7
        mine.clock.advance(6.9)
        assert mine.burst() == 0
        mine.clock.advance(0.1 + 0.5)
        assert mine.burst() == 1


def test_a_shorter_refusal_does_not_open_what_a_longer_one_closed(hub_url: str) -> None:
    with account(hub_url) as mine:
        mine.take()
        mine.throttled(30)
        mine.throttled(1)
        mine.clock.advance(29)
        assert mine.take() > 0


def test_for_a_minute_after_a_refusal_half_as_much_is_asked(hub_url: str) -> None:
    with account(hub_url) as mine:
        mine.take()
        mine.throttled(0)
        assert granted_in(mine, seconds=20) == pytest.approx(20, abs=1)
        mine.clock.advance(SLOW_SECONDS)
        mine.burst()
        assert granted_in(mine, seconds=20) == pytest.approx(40, abs=1)


def granted_in(mine: Account, *, seconds: int) -> int:
    """How many requests leave within some seconds, if one is asked for all the time."""
    granted = 0
    for _ in range(seconds * 4):
        mine.clock.advance(0.25)
        granted += mine.burst()
    return granted


def test_what_is_reserved_is_left_to_others(hub_url: str) -> None:
    with account(hub_url) as mine:
        granted = 0
        while mine.take(reserve=10) == 0.0:
            granted += 1
        assert granted == 38
        assert mine.burst() == 10


def test_a_request_that_costs_more_than_the_depth_is_granted_to_an_idle_store(hub_url: str) -> None:
    small = RateBudget(depth=2, per_second=1)
    with account(hub_url) as mine:
        assert mine.take(cost=5, budget=small) == 0.0
        assert mine.take(cost=1, budget=small) == pytest.approx(4)


def test_stores_and_budgets_do_not_share(hub_url: str) -> None:
    with account(hub_url, "toyshop/north") as north, account(hub_url, "toyshop/south") as south:
        assert (north.burst(), south.burst()) == (48, 48)
        assert north.take(budget=RateBudget(name="reports", depth=1, per_second=1)) == 0.0


def test_processes_that_ask_for_the_same_store_share_its_budget(hub_url: str) -> None:
    with account(hub_url) as one, account(hub_url) as other:
        granted = sum(each.take() == 0.0 for _ in range(40) for each in (one, other))
        assert granted == 48


def test_by_its_own_clock_postgresql_tells_the_same_time_in_both_ways(postgresql_hub_url: str) -> None:
    class Real(VirtualClock):
        virtual = False

    with ExitStack() as stack:
        database = Database(postgresql_hub_url, Real(NOW - timedelta(days=9000)))
        stack.callback(database.engine.dispose)
        moment, seconds = database.read_now(
            lambda connection: connection.execute(
                select(database.now_sql(timedelta(hours=1)), database.epoch_sql())
            ).one()
        )
    assert moment.timestamp() - 3600 == pytest.approx(seconds, abs=5)
    assert moment > NOW - timedelta(days=8000)
