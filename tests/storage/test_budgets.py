"""Rate budgets: never more than the store's own bucket holds, and what refusals teach."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeVar

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event, select

from hub_core.domain.budget import RateBudget
from hub_core.storage.budgets import KEPT_AFTER_REFUSAL, LEAST_KEPT, REGAINED_PER_SECOND, BudgetRepository
from hub_core.storage.database import Database
from hub_core.testing.clock import VirtualClock
from tests.hubs import NOW

T = TypeVar("T")

THREEDCART = RateBudget(depth=48, per_second=2)


class Hands(VirtualClock):
    """A clock that can be set, back as well."""

    def __init__(self) -> None:
        super().__init__(NOW)
        self.set_by = 0.0

    def now(self) -> datetime:
        return super().now() + timedelta(seconds=self.set_by)


class Account:
    """One store's budget, with a clock of its own."""

    def __init__(self, database: Database, clock: Hands, scope: str) -> None:
        self.database = database
        self.clock = clock
        self.scope = scope

    def take(self, cost: int = 1, reserve: int = 0, budget: RateBudget = THREEDCART) -> float:
        return self._ask(lambda budgets: budgets.take(self.scope, budget, cost, reserve))

    def throttled(self, seconds: float, budget: RateBudget = THREEDCART) -> bool:
        return self._ask(lambda budgets: budgets.throttled(self.scope, budget, seconds))

    def rate(self, budget: RateBudget = THREEDCART) -> float:
        return self._ask(lambda budgets: budgets.rate(self.scope, budget))

    def room(self, reserve: int = 0) -> float:
        return self._ask(lambda budgets: budgets.room(self.scope, THREEDCART, reserve))

    def _ask(self, question: Callable[[BudgetRepository], T]) -> T:
        return self.database.write_now(
            lambda connection: question(BudgetRepository(connection, self.database.epoch_sql()))
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
        clock = Hands()
        database = Database(url, clock)
        stack.callback(database.engine.dispose)
        if database.is_sqlite:
            event.listen(database.engine, "connect", lambda connection, _: connection.execute("PRAGMA synchronous=OFF"))
        yield Account(database, clock, scope)


class LeakyBucket:
    """The store's own count: 50 deep, 2 leak each second, unless it is told otherwise."""

    def __init__(self, depth: float = 50, per_second: float = 2) -> None:
        self.depth = depth
        self.per_second = per_second
        self.level = 0.0
        self.at = 0.0
        self.highest = 0.0

    def fill(self, at: float) -> None:
        self.level = max(0.0, self.level - self.per_second * (at - self.at)) + 1
        self.at = at
        self.highest = max(self.highest, self.level)

    def admits(self, at: float) -> bool:
        self.fill(at)
        fits = self.level <= self.depth
        self.level -= not fits
        return fits


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


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
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


def test_after_a_refusal_less_is_asked_at_once_and_in_the_long_run(hub_url: str) -> None:
    with account(hub_url) as mine:
        mine.burst()
        assert mine.throttled(0)
        assert granted_in(mine, seconds=40) == pytest.approx(80 * KEPT_AFTER_REFUSAL, abs=2)
        mine.clock.advance(120)
        assert mine.burst() == pytest.approx(48 * KEPT_AFTER_REFUSAL, abs=1)


def granted_in(mine: Account, *, seconds: int) -> int:
    """How many requests leave within some seconds, if one is asked for all the time."""
    granted = 0
    for _ in range(seconds * 4):
        mine.clock.advance(0.25)
        granted += mine.burst()
    return granted


def test_what_was_lost_by_a_refusal_is_back_after_half_an_hour_and_no_more(hub_url: str) -> None:
    with account(hub_url) as mine:
        mine.burst()
        mine.throttled(60)
        for _ in range(3):
            mine.clock.advance(660)
            assert mine.rate() <= 2
        assert mine.rate() == 2
        assert mine.burst() == 48


def test_while_nobody_asks_a_store_that_wants_to_be_left_alone_nothing_comes_back(hub_url: str) -> None:
    with account(hub_url) as mine:
        mine.burst()
        mine.throttled(1800)
        mine.clock.advance(1800)
        assert mine.rate() == pytest.approx(2 * KEPT_AFTER_REFUSAL)


def test_a_closed_budget_stays_closed_where_the_channel_states_more_than_before(hub_url: str) -> None:
    with account(hub_url) as mine:
        mine.throttled(60)
        assert mine.take(budget=RateBudget(depth=480, per_second=2)) == pytest.approx(60)


def test_no_refusal_leads_below_a_tenth_of_the_stated_rate(hub_url: str) -> None:
    with account(hub_url) as mine:
        for _ in range(20):
            mine.clock.advance(30)
            mine.take(cost=5)
            mine.throttled(5)
        assert mine.rate() == pytest.approx(0.2, abs=0.005)
        assert not mine.throttled(5)


def test_many_refusals_at_the_same_moment_teach_once(hub_url: str) -> None:
    with account(hub_url) as mine:
        mine.burst()
        assert [mine.throttled(5) for _ in range(3)] == [True, False, False]
        assert mine.rate() == pytest.approx(2 * KEPT_AFTER_REFUSAL)


def test_a_store_that_refuses_the_first_requests_already_is_asked_no_slower_for_it(hub_url: str) -> None:
    with account(hub_url) as mine:
        mine.take(cost=10)
        assert mine.throttled(5)
        lowered = mine.rate()
        for _ in range(20):
            mine.clock.advance(30)
            mine.take(cost=4)
            assert not mine.throttled(5)
        assert lowered <= mine.rate() < 2


def test_a_refusal_that_comes_before_any_request_closes_the_budget(hub_url: str) -> None:
    with account(hub_url) as mine:
        assert not mine.throttled(30)
        assert mine.take() >= 30
        assert mine.rate() == 2


REFUSALS = st.lists(st.tuples(st.floats(0, 3000), st.integers(0, 50), st.floats(0, 3600)), max_size=12)


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(refusals=REFUSALS, scope=st.uuids())
def test_whatever_is_refused_the_rate_stays_in_its_bounds_and_comes_back(
    bank: str, refusals: list[tuple[float, int, float]], scope: object
) -> None:
    with account(bank, str(scope)) as mine:
        for wait, cost, closed in refusals:
            mine.clock.advance(wait)
            mine.take(cost=max(cost, 1))
            before = mine.rate()
            assert (mine.rate() if mine.throttled(closed) else before) == pytest.approx(
                max(before * KEPT_AFTER_REFUSAL, 0.2) if mine.rate() < before else before
            )
            assert 2 * LEAST_KEPT <= mine.rate() <= 2
        mine.clock.advance(mine.room() + (1 - LEAST_KEPT) / REGAINED_PER_SECOND)
        assert mine.rate() == 2
        assert mine.take() == 0.0


@pytest.mark.parametrize(
    ("depth", "stated"), [(1, RateBudget(depth=1, per_second=0.2)), (6, RateBudget(depth=12, per_second=0.5))]
)
def test_a_limit_that_was_halved_is_found_and_used(bank: str, depth: int, stated: RateBudget) -> None:
    half = stated.per_second / 2
    store, hours = LeakyBucket(depth, half), 2
    refused, used = [0] * (hours + 1), 0
    with account(bank, f"halved/{depth}") as mine:
        while (at := mine.clock.monotonic()) < (hours + 1) * 3600:
            if wait := mine.take(budget=stated):
                mine.clock.advance(wait)
            elif store.admits(at):
                used += at >= 3600
            else:
                refused[int(at // 3600)] += 1
                mine.throttled(5, stated)
    assert refused[0] <= 12
    assert max(refused[1:]) <= 5
    assert used >= 0.9 * half * hours * 3600


@pytest.mark.parametrize("closed", [0.0, 60.0])
def test_a_clock_that_is_set_back_an_hour_closes_no_budget(hub_url: str, closed: float) -> None:
    with account(hub_url) as mine:
        mine.burst()
        mine.throttled(closed)
        mine.clock.set_by = -3600
        assert mine.take() == pytest.approx(closed + 0.5 / KEPT_AFTER_REFUSAL, abs=0.2)
        mine.clock.advance(closed + 24)
        assert mine.burst() > 30


def test_a_clock_that_is_set_back_leaves_a_budget_as_it_was_when_it_was_last_used(hub_url: str) -> None:
    with account(hub_url) as mine:
        mine.take()
        mine.clock.advance(900)
        mine.clock.set_by = -3600
        assert (mine.room(), mine.burst()) == (0.0, 47)


def test_a_clock_that_is_set_forward_an_hour_lets_no_more_leave_than_a_rested_store_takes(hub_url: str) -> None:
    with account(hub_url) as mine:
        mine.burst()
        mine.clock.set_by = 3600
        assert mine.burst() == 48
        mine.clock.set_by = 0
        assert mine.burst() == 0
        assert mine.take() == pytest.approx(0.5)


def test_room_is_what_the_next_request_finds(hub_url: str) -> None:
    with account(hub_url) as mine:
        assert mine.room() == 0.0
        mine.take(cost=38)
        assert mine.room() == 0.0
        assert mine.room(reserve=10) == pytest.approx(0.5)
        mine.burst()
        mine.throttled(7)
        assert mine.room() == pytest.approx(mine.take())
        assert mine.room() > 7


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
