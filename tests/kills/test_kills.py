"""A process is killed, or its database fails, at any moment: the next one ends as if nothing had happened."""

from collections.abc import Iterator, Sequence

import pytest

from hub_core.testing.store import Dice
from tests.kills.points import FAULTS
from tests.kills.scenes import SCENES
from tests.kills.stage import Stage, stage

KILLS = 12
FAILURES = 5
EVERY_FAILURE = [f"{kind} {lasting}" for kind in FAULTS for lasting in ("once", "ever")]


@pytest.fixture(scope="module")
def theatre(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with stage(tmp_path_factory.mktemp("kills")) as ready:
        yield ready


def drawn(theatre: Stage, scene: str, count: int) -> Sequence[int]:
    """Some of the moments of a scene, always the same."""
    every = range(1, theatre.moments(scene) + 1)
    return Dice(scene).sample(every, min(count, len(every)))


@pytest.mark.parametrize("scene", SCENES)
def test_what_is_killed_is_finished_as_if_nothing_had_happened(theatre: Stage, scene: str) -> None:
    expected = theatre.undisturbed(scene)
    for at in drawn(theatre, scene, KILLS):
        assert theatre.disturbed(scene, at, "kill") == expected, f"killed at moment {at} of the {scene}"


@pytest.mark.parametrize("scene", SCENES)
def test_what_a_failing_database_broke_off_is_finished_as_if_nothing_had_happened(theatre: Stage, scene: str) -> None:
    expected = theatre.undisturbed(scene)
    for at in drawn(theatre, scene, FAILURES):
        how = Dice(f"{scene} {at}").choice(EVERY_FAILURE)
        assert theatre.disturbed(scene, at, how) == expected, f"{how} at moment {at} of the {scene}"
