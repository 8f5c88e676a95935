"""Asking for many values at once by one text of a statement, however many there are."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sqlalchemy import BigInteger, Dialect, String, Text, TypeDecorator, bindparam, column, func, select
from sqlalchemy.dialects.postgresql import ARRAY

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy import ColumnElement, Connection
    from sqlalchemy.types import TypeEngine


def among(connection: Connection, wanted: ColumnElement[Any], values: Collection[str] | Collection[int]) -> Any:
    """Give the condition that *wanted* is one of *values*, which are all texts or all whole numbers."""
    if connection.dialect.name == "sqlite":
        each = func.json_each(json.dumps(list(values))).table_valued(column("value"))
        return wanted.in_(select(each.c.value))
    return wanted == func.any(bindparam(None, list(values), type_=ARRAY(wanted.type), unique=True))


def among_bound(dialect: str, wanted: ColumnElement[Any], name: str) -> ColumnElement[bool]:
    """Give the condition, as *dialect* writes it, that *wanted* is one of the values that are bound to *name*.

    They are texts where *wanted* is one, else whole numbers. A statement with it can be made once and used for good.
    """
    values = bindparam(name, type_=_Texts() if isinstance(wanted.type, String) else _Numbers())
    if dialect == "sqlite":
        each = func.json_each(values).table_valued(column("value"))
        return wanted.in_(select(each.c.value))
    return wanted == func.any(values)


class _Many(TypeDecorator["Collection[Any]"]):
    """Many values as one: a list on PostgreSQL, JSON on SQLite."""

    impl = Text
    cache_ok = True
    each: type[TypeEngine[Any]] = Text

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(Text() if dialect.name == "sqlite" else ARRAY(self.each))

    def process_bind_param(self, value: Collection[Any] | None, dialect: Dialect) -> Any:
        values = list(value or ())
        return json.dumps(values) if dialect.name == "sqlite" else values


class _Texts(_Many):
    """Many texts."""

    cache_ok = True


class _Numbers(_Many):
    """Many whole numbers."""

    cache_ok = True
    each = BigInteger
