"""The tables of procrastinate, which carries triggers to processes on PostgreSQL: its own SQL files, as installed."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final

from hub_core.domain.errors import SettingsError
from hub_core.storage.database import POSTGRES_MISSING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Connection

PREFIX: Final = "procrastinate_"
"""How the names of its tables, types and functions begin: they lie beside the hub's own."""


def folder() -> Path:
    """Give the folder of its migrations, without importing it. Raises SettingsError where it is not installed."""
    spec = find_spec("procrastinate")
    if spec is None or not spec.submodule_search_locations:
        raise SettingsError(POSTGRES_MISSING)
    return Path(spec.submodule_search_locations[0]) / "sql" / "migrations"


def files() -> list[str]:
    """List the migrations that the installed version ships, in their order."""
    return sorted(path.name for path in folder().glob("*.sql"))


def migrate(connection: Connection, names: Iterable[str]) -> None:
    """Execute some of its migrations, on PostgreSQL; on SQLite nothing is carried."""
    if connection.dialect.name != "postgresql":
        return
    cursor = connection.connection.cursor()
    for name in names:
        cursor.execute((folder() / name).read_text(encoding="utf-8"))
