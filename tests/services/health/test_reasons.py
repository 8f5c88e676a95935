"""Why a flow does not get on: each reason by its code, and which of several is told."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub_core.domain.integrations import PUSHING, Flow, HealthState, Rules
from hub_core.services.health.cases import Case, Owner
from hub_core.services.health.freshness import GRACE
from hub_core.services.health.reasons import judged
from hub_core.services.health.surroundings import Surroundings
from hub_core.storage.processes import EngineProcess
from hub_core.storage.standings import FlowFacts
from tests.hubs import NOW

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
WELL = FlowFacts(
    integration_id=1,
    flow=Flow.ORDERS,
    enabled=True,
    open=True,
    next_due_at=NOW + MINUTE,
    planned_at=NOW,
    run_id=1,
    last_success_at=NOW,
    problem_code=None,
    problem_sentence=None,
    problem_since=None,
    late_since=None,
    is_held=False,
    read_at=NOW,
    unsent_since=None,
    away_since=None,
    away_until=None,
)
OLD: dict[str, Any] = {"last_success_at": NOW - HOUR, "read_at": NOW - HOUR, "planned_at": NOW - HOUR}
OVERDUE: dict[str, Any] = {**OLD, "next_due_at": NOW - 59 * MINUTE}


def problem(code: str, sentence: str | None = "It fails.") -> dict[str, Any]:
    since = NOW - 10 * MINUTE
    return {"problem_code": code, "problem_sentence": sentence, "problem_since": since, "next_due_at": NOW + MINUTE}


def process(*channels: str, busy: int = 0) -> EngineProcess:
    return EngineProcess(
        name="p", kind="serve", host="h", pid=1, version="1", slots=40, busy=busy, channels=channels or ("toyshop",)
    )


def case(
    *processes: EngineProcess, closed: dict[str, Any] | None = None, flow: Flow = Flow.ORDERS, **values: Any
) -> Case:
    owner = Owner("North", "toyshop", "key-1", Rules(), NOW - 2 * HOUR)
    around = Surroundings(NOW, [(one, NOW) for one in processes], closed or {})
    return Case(WELL._replace(flow=flow, **values), owner, around)


IDLE, BUSY, OTHER = process(), process(busy=40), process("another")
PUSH: dict[str, Any] = {"next_due_at": None, "planned_at": NOW - HOUR, "unsent_since": NOW - 10 * MINUTE}


@pytest.mark.parametrize(
    ("found", "state", "code", "says"),
    [
        (case(IDLE), "ok", "ok", "All is well."),
        (case(IDLE, enabled=False, open=False), "paused", "disabled", "hub integrations enable North --flow orders"),
        (case(IDLE, last_success_at=None, read_at=None), "ok", "first_read", "under way"),
        (case(IDLE, **{**OLD, "planned_at": NOW, "next_due_at": NOW}), "ok", "catching_up", "are of 2026-03-10 11:00"),
        (case(**OVERDUE), "failing", "no_worker", "start: hub serve"),
        (case(OTHER, **OVERDUE), "failing", "no_worker", "hub worker --channels toyshop"),
        (case(**{**OVERDUE, "is_held": True}), "late", "slow", "hub runs"),
        (case(IDLE, **problem("plugin_fault")), "failing", "plugin_fault", "It fails. It has been so since 2026"),
        (case(IDLE, **problem("permission_missing")), "failing", "permission_missing", "next try is at"),
        (case(IDLE, **problem("response")), "failing", "response", "It fails."),
        (case(IDLE, **problem("error")), "failing", "error", "It fails."),
        (case(IDLE, **problem("unavailable")), "failing", "unavailable", "It fails."),
        (
            case(IDLE, away_since=NOW - HOUR, next_due_at=NOW),
            "failing",
            "unavailable",
            "not answered since 2026-03-10 11:00 UTC",
        ),
        (case(IDLE, **problem("rate_budget", None)), "ok", "rate_budget", "the store's rate limit and go on at"),
        (case(IDLE, **OLD, **problem("rate_budget", None)), "late", "rate_budget", "a higher limit"),
        (
            case(IDLE, closed={"toyshop/key-1": NOW + MINUTE}, next_due_at=NOW),
            "ok",
            "rate_budget",
            "go on at 2026-03-10 12:01",
        ),
        (case(IDLE, closed={"toyshop": NOW + MINUTE}, **OVERDUE), "late", "rate_budget", "a higher limit"),
        (case(IDLE, closed={"toyshop/other": NOW + MINUTE}, next_due_at=NOW), "ok", "ok", "All is well."),
        (case(IDLE, **problem("not_ready", None)), "ok", "not_ready", "preparing the orders"),
        (case(BUSY, next_due_at=NOW), "ok", "waiting", "all 40 slots are busy"),
        (case(BUSY, **OVERDUE), "late", "waiting", "hub worker"),
        (case(BUSY, IDLE, next_due_at=NOW), "ok", "ok", "All is well."),
        (case(IDLE, **OVERDUE), "late", "late", "were last read at 2026-03-10 11:00 UTC"),
        (case(IDLE, **{**OVERDUE, "last_success_at": None, "read_at": None}), "late", "late", "never read to the end"),
        (case(IDLE, flow=Flow.STOCK, **PUSH), "late", "late", "has not been told since 2026-03-10 11:50 UTC"),
        (case(IDLE, flow=Flow.STOCK, **PUSH, is_held=True), "late", "slow", "are being told"),
        (case(IDLE, flow=Flow.PRICES, **{**PUSH, "unsent_since": NOW - MINUTE}), "ok", "ok", "All is well."),
    ],
)
def test_each_reason_has_its_code_and_says_what_to_do(found: Case, state: str, code: str, says: str) -> None:
    verdict = judged(found)
    assert (verdict.state, verdict.code) == (state, code)
    assert says in verdict.sentence


def test_of_a_store_that_is_away_the_time_is_that_of_the_outage_and_not_of_the_last_attempt() -> None:
    told = judged(case(IDLE, **problem("unavailable"), away_since=NOW - HOUR, away_until=NOW + 2 * MINUTE))
    assert told.since == NOW - HOUR
    assert (
        told.sentence == "It fails. It has been so since 2026-03-10 11:00 UTC. The next try is at 2026-03-10 12:02 UTC."
    )


ORDER = [
    ("disabled", {"enabled": False}),
    ("no_worker", {}),
    ("plugin_fault", problem("plugin_fault")),
    ("unavailable", {"away_since": NOW - HOUR}),
]


@pytest.mark.parametrize("first", range(len(ORDER)))
def test_of_several_reasons_the_one_that_stops_most_is_told(first: int) -> None:
    values: dict[str, Any] = dict(OVERDUE)
    for _, added in ORDER[first:]:
        values |= {**added, "next_due_at": NOW - HOUR}
    workers = () if ORDER[first][0] in ("disabled", "no_worker") else (BUSY,)
    assert judged(case(*workers, closed={"toyshop": NOW + HOUR}, **values)).code == ORDER[first][0]


MOMENTS = st.one_of(st.none(), st.integers(-20_000, 20_000).map(lambda seconds: NOW + timedelta(seconds=seconds)))
CODES = st.sampled_from([None, "rate_budget", "not_ready", "unavailable", "plugin_fault", "error"])


@given(
    flow=st.sampled_from(list(Flow)),
    moments=st.lists(MOMENTS, min_size=8, max_size=8),
    code=CODES,
    flags=st.lists(st.booleans(), min_size=3, max_size=3),
    workers=st.lists(st.sampled_from([IDLE, BUSY, OTHER]), max_size=2),
)
def test_whatever_a_row_holds_it_has_one_reason_that_fits_its_state(
    flow: Flow, moments: list[Any], code: str | None, flags: list[bool], workers: list[EngineProcess]
) -> None:
    next_due_at, planned_at, success_at, problem_at, read_at, unsent_at, away_at, away_until = moments
    found = case(
        *workers,
        flow=flow,
        enabled=flags[0],
        open=flags[0] and flags[1],
        is_held=flags[2],
        next_due_at=next_due_at,
        planned_at=planned_at,
        last_success_at=success_at,
        problem_code=code,
        problem_since=problem_at,
        problem_sentence="It fails.",
        read_at=read_at,
        unsent_since=unsent_at if flow in PUSHING else None,
        away_since=away_at,
        away_until=away_until,
    )
    verdict = judged(found)
    assert verdict.code
    assert verdict.sentence.strip()
    assert (verdict.state is HealthState.PAUSED) == (not flags[0])
    if verdict.state is HealthState.LATE:
        assert found.is_late
    if found.is_late and flags[0]:
        assert verdict.state in (HealthState.LATE, HealthState.FAILING)


@given(flow=st.sampled_from(list(Flow)), seconds=st.integers(0, 60))
def test_what_has_been_wanted_for_a_minute_or_less_is_never_late(flow: Flow, seconds: int) -> None:
    just = NOW - timedelta(seconds=seconds)
    values: dict[str, Any] = {
        "last_success_at": NOW - 1000 * HOUR,
        "read_at": None,
        "next_due_at": just,
        "planned_at": just,
    }
    found = case(IDLE, flow=flow, **values, unsent_since=NOW - 900 * HOUR if flow in PUSHING else None)
    assert timedelta(seconds=seconds) <= GRACE
    assert not found.is_late
