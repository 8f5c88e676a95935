"""Processes of their own that ask one store for all that it allows, by the store's own meter."""

import os
from pathlib import Path

import pytest

from benchmarks.crowd import QUICK, THREEDCART, crowd
from tests.machines import THOROUGH

pytest.importorskip("hub_threedcart.sandbox.command", reason="the store is the sandbox of the 3DCart plugin")


ENOUGH = 0.95
TRIES = 3
"""A machine that is busy with other tests may not manage to ask often enough; it must never ask too often."""


def test_four_processes_use_all_that_a_store_allows_and_are_not_once_over_it(hub_url: str, tmp_path: Path) -> None:
    limit, seconds = (THREEDCART, float(os.environ["STEPS"])) if THOROUGH else (QUICK, 5)
    used: list[float] = []
    with crowd(hub_url, str(tmp_path), limit) as ask:
        while len(used) < TRIES and max(used, default=0) < ENOUGH:
            found = ask(seconds)
            used.append(found.used)
            assert (found.over, found.refused, found.people_waited) == (0, 0, 0)
            assert found.peak <= limit.store_depth
            assert found.asked_by_people > 0
    assert max(used) >= ENOUGH
