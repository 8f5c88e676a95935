"""For all tests, of the core and of the plugins: nothing of the person who runs them takes part."""

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.internal.conjecture import providers
from hypothesis.internal.constants_ast import Constants

settings.register_profile(
    "calm", settings.get_profile("default"), deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
if "EXAMPLES" in os.environ:
    # `make prove` looks for what nobody has tried yet, by the seed of each round.
    settings.register_profile("exploring", settings.get_profile("calm"), max_examples=int(os.environ["EXAMPLES"]))
    settings.load_profile("exploring")
else:
    # All other runs try the same, so that one fails only by what was changed: no chance, no clock, no earlier examples
    # (where there is no chance Hypothesis keeps none), and none of the constants that it gathers from whatever code
    # happens to be imported, which it has no setting for.
    settings.register_profile("repeatable", settings.get_profile("calm"), derandomize=True)
    settings.load_profile("repeatable")
    providers._get_local_constants = Constants


@pytest.fixture(autouse=True)
def _no_settings_of_the_user(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A hub started by a test must not find the database that `HUB_DATABASE_URL` or a `.env` file names."""
    for name in [name for name in os.environ if name.startswith(("HUB_", "THREEDCART_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HUB_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
