"""Which of the flows that are due a process begins next."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from hub_core.domain.integrations import Flow
from hub_core.engine.due import BY_AGE, Room, pick, room
from hub_core.engine.figures import Figures
from hub_core.storage.due_flows import DueFlow

FIGURES = Figures(slots=8, reserved=3)
LONG_AGO = datetime(2026, 3, 10, 12, tzinfo=UTC)
URGENCIES = st.sampled_from([1, 3, 5, 6, 7, 8, 9])
DUE = st.lists(st.tuples(URGENCIES, st.integers(0, 600)), max_size=20).map(
    lambda told: [
        DueFlow(number, Flow.ORDERS, urgency, LONG_AGO + timedelta(seconds=age))
        for number, (urgency, age) in enumerate(told)
    ]
)
COUNTS = st.integers(0, 1000)


def urgent(one: DueFlow) -> bool:
    return one.urgency >= FIGURES.urgent


@given(due=DUE, busy=st.integers(0, 8), routine=st.integers(0, 8), count=COUNTS)
def test_no_more_are_begun_than_there_are_slots_and_some_are_kept_for_what_is_urgent(
    due: list[DueFlow], busy: int, routine: int, count: int
) -> None:
    routine = min(busy, routine)
    picked = pick(due, room(FIGURES, busy, routine), FIGURES, count)
    assert busy + len(picked) <= FIGURES.slots
    begun = [one for one in picked if not urgent(one)]
    assert not begun or routine + len(begun) <= FIGURES.slots - FIGURES.reserved
    assert len(set(picked)) == len(picked)


@given(due=DUE, free=st.integers(0, 8), routine=st.integers(0, 8), count=COUNTS)
def test_no_slot_stays_empty_that_something_due_may_have(
    due: list[DueFlow], free: int, routine: int, count: int
) -> None:
    left = Room(free, min(free, routine))
    picked = pick(due, left, FIGURES, count)
    others = [one for one in due if one not in picked]
    full = len(picked) == left.free
    assert full or not any(map(urgent, others))
    assert full or not others or len([one for one in picked if not urgent(one)]) == left.routine


@given(due=DUE, count=COUNTS)
def test_the_most_urgent_goes_first_and_of_the_others_the_oldest_but_for_every_tenth_pick(
    due: list[DueFlow], count: int
) -> None:
    picked = pick(due, Room(len(due), len(due)), FIGURES, count)
    assert sorted(picked) == sorted(due)
    for place, one in enumerate(picked):
        later = picked[place:]
        by_age = (count + place) % BY_AGE == BY_AGE - 1
        first = min(later, key=lambda each: (0 if by_age else -each.urgency, each.since, each.integration_id))
        assert one == first


@given(due=DUE.filter(bool), count=COUNTS)
def test_whatever_keeps_coming_nothing_waits_for_ever(due: list[DueFlow], count: int) -> None:
    """The oldest is begun after ten picks at most, though something more urgent comes with each."""
    oldest = min(due, key=lambda one: (one.since, one.integration_id))
    for turn in range(BY_AGE):
        newer = DueFlow(1000 + turn, Flow.STOCK, 9, LONG_AGO + timedelta(hours=1))
        picked = pick([*due, newer], Room(1, 1), FIGURES, count + turn)
        if picked == [oldest]:
            return
        due = [one for one in due if one not in picked]
    raise AssertionError(oldest)
