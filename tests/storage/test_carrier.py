"""The tables of procrastinate, made by the hub's own migrations."""

from importlib import import_module
from typing import Any

import pytest
import sqlalchemy as sa

from hub_core.domain.errors import SettingsError
from hub_core.storage import carrier, schema
from hub_core.storage.database import Database
from hub_core.testing.clock import VirtualClock

FUNCTIONS = """
SELECT proname, regexp_replace(prosrc, '\\s+', ' ', 'g') FROM pg_proc
JOIN pg_namespace ON pg_namespace.oid = pronamespace
WHERE nspname = :schema AND proname LIKE 'procrastinate%'
"""
COLUMNS = """
SELECT table_name, column_name, data_type, is_nullable FROM information_schema.columns
WHERE table_schema = :schema AND table_name LIKE 'procrastinate%'
"""
INDEXES = "SELECT tablename, indexname FROM pg_indexes WHERE schemaname = :schema AND tablename LIKE 'procrastinate%'"
TRIGGERS = "SELECT trigger_name, event_manipulation FROM information_schema.triggers WHERE trigger_schema = :schema"


def revisions() -> list[Any]:
    names = sorted(path.stem for path in (schema.MIGRATIONS / "versions").glob("[0-9]*.py"))
    return [import_module(f"hub_core.storage.migrations.versions.{name}") for name in names]


def test_every_file_that_procrastinate_ships_is_named_by_a_revision_in_its_order() -> None:
    """Where this fails, the installed version ships a new one: give it a revision of its own."""
    named = [name for revision in revisions() for name in getattr(revision, "FILES", ())]
    assert named == carrier.files()


def test_they_are_what_procrastinate_itself_would_make(postgresql_hub_url: str, clock: VirtualClock) -> None:
    whole = (carrier.folder().parent / "schema.sql").read_text(encoding="utf-8")
    database = Database(postgresql_hub_url, clock)

    def compare(connection: sa.Connection) -> None:
        connection.execute(sa.text("CREATE SCHEMA its_own"))
        connection.execute(sa.text("SET LOCAL search_path TO its_own"))
        connection.connection.cursor().execute(whole)
        for question in map(sa.text, (FUNCTIONS, COLUMNS, INDEXES, TRIGGERS)):
            ours, its = (set(connection.execute(question, {"schema": name})) for name in ("public", "its_own"))
            ours = {each for each in ours if "audit" not in each[0]}
            assert ours == its
        connection.execute(sa.text("DROP SCHEMA its_own CASCADE"))

    database.write_now(compare)
    database.engine.dispose()


def test_where_it_is_not_installed_it_is_said_what_to_install(
    postgresql_url: str, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(carrier, "find_spec", lambda _: None)
    database = Database(postgresql_url, clock)
    with pytest.raises(SettingsError, match=r"pip install 'hub-core\[postgres\]'"):
        schema.upgrade(database)
    assert database.read_now(schema.version_of) is None
    database.engine.dispose()
