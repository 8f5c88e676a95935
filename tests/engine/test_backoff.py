"""How long a flow waits."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub_core.engine.backoff import JITTER, LONGEST_WAIT, after_failure


@pytest.mark.parametrize(
    ("failures", "seconds"), [(0, 5), (1, 10), (2, 20), (5, 160), (7, 640), (8, 900), (21, 900), (10**6, 900)]
)
def test_the_wait_doubles_with_each_failure_and_ends_at_a_quarter_of_an_hour(failures: int, seconds: int) -> None:
    for _ in range(20):
        wait = after_failure(failures, None).total_seconds()
        assert seconds * (1 - JITTER) <= wait <= seconds <= LONGEST_WAIT


@given(failures=st.integers(0, 100), asked=st.floats(0, 10_000))
def test_the_wait_is_never_shorter_than_the_store_asked_for(failures: int, asked: float) -> None:
    assert after_failure(failures, asked) >= timedelta(seconds=asked)
