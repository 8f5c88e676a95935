"""For all tests, of the core and of the plugins: nothing of the person who runs them takes part."""

import os
from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def _no_settings_of_the_user(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A hub started by a test must not find the database that `HUB_DATABASE_URL` or a `.env` file names."""
    for name in [name for name in os.environ if name.startswith(("HUB_", "THREEDCART_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HUB_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
