"""What a flow has done in all."""

from hypothesis import given
from hypothesis import strategies as st

from hub_core.domain.runs import Counts, RunState, Spent
from hub_core.domain.totals import COUNTED, Stretch, Totals

STRETCHES = st.builds(
    Stretch,
    spent=st.builds(Spent, st.integers(0, 100), st.floats(0, 100)),
    counts=st.builds(Counts, **dict.fromkeys(COUNTED, st.integers(0, 100))),
    seconds=st.floats(0, 100),
    ended=st.sampled_from([None, *RunState]),
    paused=st.sampled_from([None, "rate_budget", "not_ready"]),
)


@given(work=st.lists(STRETCHES, max_size=6))
def test_the_sums_are_those_of_all_stretches_also_when_they_were_kept_in_between(work: list[Stretch]) -> None:
    totals = Totals.read(None)
    for stretch in work:
        totals = Totals.read(totals.plus(stretch).model_dump_json())
    assert totals.calls == sum(one.spent.api_calls for one in work)
    assert sum(totals.runs.values()) == sum(one.ended is not None for one in work)
    assert sum(totals.pauses.values()) == sum(one.paused is not None for one in work)
    assert {name: totals.counts.get(name, 0) for name in COUNTED} == {
        name: sum(getattr(one.counts, name) for one in work) for name in COUNTED
    }
    assert abs(totals.seconds - sum(one.seconds for one in work)) < 0.01


def test_a_figure_that_was_taken_back_lowers_no_sum() -> None:
    before = Totals.read(None).plus(Stretch(spent=Spent(3, 1.0), counts=Counts(sent=2), seconds=1))
    after = before.plus(Stretch(spent=Spent(-1, -1.0), counts=Counts(sent=-1), seconds=0))
    assert (after.counts, after.calls, after.waited_seconds) == ({"sent": 2}, 3, 1.0)
