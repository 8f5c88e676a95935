"""Asking for many values at once by one text of a statement, however many there are."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sqlalchemy import Dialect, Text, TypeDecorator, bindparam, column, func, select
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


def among_bound(dialect: str, wanted: ColumnElement[str], name: str) -> ColumnElement[bool]:
    """Give the condition, as *dialect* writes it, that *wanted* is one of the texts that are bound to *name*.

    A statement with it can be made once and used for good.
    """
    values = bindparam(name, type_=_Texts())
    if dialect == "sqlite":
        each = func.json_each(values).table_valued(column("value"))
        return wanted.in_(select(each.c.value))
    return wanted == func.any(values)


class _Texts(TypeDecorator["Collection[str]"]):
    """Many texts as one value: a list on PostgreSQL, JSON on SQLite."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(Text() if dialect.name == "sqlite" else ARRAY(Text))

    def process_bind_param(self, value: Collection[str] | None, dialect: Dialect) -> Any:
        texts = list(value or ())
        return json.dumps(texts) if dialect.name == "sqlite" else texts
