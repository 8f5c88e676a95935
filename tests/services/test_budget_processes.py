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


def test_four_processes_use_all_that_a_store_allows_and_are_not_once_over_it(hub_url: str, tmp_path: Path) -> None:
    limit, seconds = (THREEDCART, float(os.environ["STEPS"])) if THOROUGH else (QUICK, 5)
    with crowd(hub_url, str(tmp_path), limit) as ask:
        for _ in range(TRIES):
            found = ask(seconds)
            assert (found.over, found.refused, found.people_waited) == (0, 0, 0)
            assert found.peak <= limit.store_depth
            if found.used >= ENOUGH:
                return
            assert found.paced < KEPT_PACE, f"The rate budget lets only {found.used:.0%} through."
    pytest.skip(
        "This machine is too busy to ask as often as the store allows; that nobody asked too often, it has shown."
    )
