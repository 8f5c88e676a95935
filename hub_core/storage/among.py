"""Asking for many values at once by one text of a statement, however many there are."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, column, func, select
from sqlalchemy.dialects.postgresql import ARRAY

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy import ColumnElement, Connection


def among(connection: Connection, wanted: ColumnElement[Any], values: Collection[str] | Collection[int]) -> Any:
    """Give the condition that *wanted* is one of *values*, which are all texts or all whole numbers."""
    if connection.dialect.name == "sqlite":
        each = func.json_each(json.dumps(list(values))).table_valued(column("value"))
        return wanted.in_(select(each.c.value))
    return wanted == func.any(bindparam(None, list(values), type_=ARRAY(wanted.type), unique=True))
