"""Insert or update in one statement, in the dialect of the database."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import case
from sqlalchemy.dialects import postgresql, sqlite

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sqlalchemy import ColumnElement, Connection, Table
    from sqlalchemy.sql.base import ReadOnlyColumnCollection


def upsert(
    connection: Connection,
    table: Table,
    key: Sequence[str],
    change: Sequence[str],
    unless: Callable[[ReadOnlyColumnCollection[str, Any]], ColumnElement[bool]] | None = None,
) -> sqlite.Insert | postgresql.Insert:
    """Insert rows into *table*; where one with the same *key* exists, *change* those columns of it.

    *unless* is given the columns of the row that was to be inserted, and says when the old one stays as it is.
    """
    statement = _insert(connection, table)
    new: dict[str, Any] = {name: statement.excluded[name] for name in change}
    if unless is not None:
        stays = unless(statement.excluded)
        new = {name: case((stays, table.c[name]), else_=value) for name, value in new.items()}
    if not new:
        return statement
    return statement.on_conflict_do_update(index_elements=list(key), set_=new)


def insert_new(connection: Connection, table: Table) -> sqlite.Insert | postgresql.Insert:
    """Insert rows into *table*, leaving those as they are whose key is there already."""
    return _insert(connection, table).on_conflict_do_nothing()


def _insert(connection: Connection, table: Table) -> sqlite.Insert | postgresql.Insert:
    make = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    return make(table)
