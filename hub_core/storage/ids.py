"""Ids for new rows, known before the rows are written, so that other rows can name them in the same transaction."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from sqlalchemy import Integer, bindparam, func, select

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection, Select, Table


def reserve_ids(connection: Connection, table: Table, count: int) -> Sequence[int]:
    """Give ids for *count* new rows of *table*, whose rows must never be deleted without all that names them."""
    if connection.dialect.name == "sqlite":
        # Safe here: the transaction holds the database's only write lock.
        highest = connection.execute(_highest(table)).scalar_one()
        return range(highest + 1, highest + 1 + count)
    # A sequence gives every number once, whoever asks, without holding a lock.
    return connection.execute(_next(table), {"count": count}).scalars().all()


@cache
def _highest(table: Table) -> Select[int]:
    return select(func.coalesce(func.max(table.c.id), 0))


@cache
def _next(table: Table) -> Select[int]:
    sequence = func.pg_get_serial_sequence(table.name, "id")
    series = func.generate_series(1, bindparam("count", type_=Integer)).table_valued("n")
    return select(func.nextval(sequence)).select_from(series)
