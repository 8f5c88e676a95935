"""Processes of their own that ask one store for all that it allows, by the store's own meter."""

import os
from pathlib import Path

import pytest

from benchmarks.crowd import QUICK, THREEDCART, crowd
from tests.machines import THOROUGH

pytest.importorskip("hub_threedcart.sandbox.command", reason="the store is the sandbox of the 3DCart plugin")


ENOUGH = 0.95
KEPT_PACE = 0.7
TRIES = 3
PEOPLE_WAIT = 0.5
"""Seconds in all, as more may ask at the same moment than is reserved for them; a back-fill waits all the time."""
UNDER_WAY = 5.0
"""Of the six seconds that a store wants to be left alone, what is left once all that was under way has come."""


def test_four_processes_use_all_that_a_store_allows_and_are_not_once_over_it(hub_url: str, tmp_path: Path) -> None:
    limit, seconds = (THREEDCART, float(os.environ["STEPS"])) if THOROUGH else (QUICK, 5)
    with crowd(hub_url, str(tmp_path), limit) as ask:
        for _ in range(TRIES):
            found = ask(seconds, 0)
            assert (found.over, found.refused) == (0, 0)
            assert found.peak <= limit.store_depth
            assert found.people_waited < PEOPLE_WAIT
            if found.used >= ENOUGH:
                return
            assert found.paced < KEPT_PACE, f"The rate budget lets only {found.used:.0%} through."
    pytest.skip(
        "This machine is too busy to ask as often as the store allows; that nobody asked too often, it has shown."
    )


def test_when_one_process_is_refused_all_of_them_leave_the_store_alone(postgresql_hub_url: str, tmp_path: Path) -> None:
    with crowd(postgresql_hub_url, str(tmp_path), QUICK) as ask:
        found = ask(9, 6)
    assert found.over == 0
    assert found.longest_pause > UNDER_WAY
    assert found.people_waited > 0
