"""Running state machines: a few examples in `make test`, as many as the environment says in `make prove`.

Which ones, and whether the same again, says the profile of Hypothesis that the outermost conftest.py chooses.
"""

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Final

from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import RuleBasedStateMachine
from sqlalchemy import event

from hub_core import Hub
from tests.hubs import empty_tables

FreshUrl = Callable[[Path], str]
"""Gives the address of an empty database with the hub's tables; a folder is there for its file."""

THOROUGH: Final = "EXAMPLES" in os.environ
"""So `make prove` says that it takes its time."""


def run_machine(machine: type[RuleBasedStateMachine], examples: int, steps: int) -> None:
    """Try a few *examples*, or as many as the environment says."""
    case = machine.TestCase
    case.settings = settings(
        max_examples=int(os.environ.get("EXAMPLES", examples)),
        stateful_step_count=int(os.environ.get("STEPS", steps)),
        suppress_health_check=list(HealthCheck),
        phases=[phase for phase in Phase if THOROUGH or phase is not Phase.shrink],  # it takes many minutes
    )
    case("runTest").runTest()


def fresh_sqlite(template: Path) -> FreshUrl:
    """Copy a file with the hub's tables."""

    def fresh(folder: Path) -> str:
        shutil.copyfile(template, folder / "hub.db")
        return f"sqlite:///{folder / 'hub.db'}"

    return fresh


def fresh_postgresql(url: str) -> FreshUrl:
    """Empty a database that has the hub's tables."""

    def fresh(folder: Path) -> str:
        del folder
        empty_tables(url)
        return url

    return fresh


def hurry(hub: Hub) -> None:
    """Let an SQLite file that lives for a second not wait for the disk."""
    database = hub.parts.database
    if database.is_sqlite:
        event.listen(database.engine, "connect", lambda connection, _: connection.execute("PRAGMA synchronous=OFF"))
