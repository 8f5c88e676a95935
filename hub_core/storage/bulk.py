"""Writing many rows of one shape at once, as tuples, which costs half of what dictionaries do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from sqlalchemy import LargeBinary

from hub_core.storage.types import ExactDecimal, PlainDecimal, one_form, plain_digits
from hub_core.storage.upserts import upsert

if TYPE_CHECKING:
    from sqlalchemy import Connection, Table
    from sqlalchemy.types import TypeEngine

Row = tuple[Any, ...]
_Column = Sequence[Any]
_Processor = tuple[int, Callable[[_Column], _Column]]


@dataclass(frozen=True, slots=True)
class _Prepared:
    """A statement for one kind of database: its text, the order of its parameters, what its types do to them."""

    text: str
    arrange: Callable[[Sequence[Any]], Sequence[Any]]
    processors: list[_Processor]


@dataclass(frozen=True, slots=True)
class BulkWrite:
    """Inserts rows into *table*, whose values are those of *columns* in that order.

    Where a row with the same *key* exists, *change* those columns of it. Values are turned into what the database
    takes by the columns' own types, as in any other statement.
    """

    table: Table
    columns: tuple[str, ...]
    key: tuple[str, ...]
    change: tuple[str, ...]
    _prepared: dict[str, _Prepared] = field(default_factory=dict, repr=False)

    def write(self, connection: Connection, rows: Sequence[Row]) -> None:
        """Write all *rows* with one statement."""
        if not rows:
            return
        if not connection.dialect.positional:
            statement = upsert(connection, self.table, self.key, self.change)
            connection.execute(statement, [dict(zip(self.columns, row, strict=True)) for row in rows])
            return
        prepared = self._prepared.get(connection.dialect.name) or self._prepare(connection)
        values: list[Sequence[Any]] = list(zip(*rows, strict=True))
        for place, process in prepared.processors:
            values[place] = process(values[place])
        connection.exec_driver_sql(prepared.text, list(zip(*prepared.arrange(values), strict=True)))

    def _prepare(self, connection: Connection) -> _Prepared:
        statement = upsert(connection, self.table, self.key, self.change)
        compiled = statement.compile(dialect=connection.dialect, column_keys=list(self.columns))
        found: dict[str, Any] = dict(compiled._bind_processors)  # noqa: SLF001 - there is no public way to what the types prepared
        prepared = _Prepared(
            str(compiled),
            itemgetter(*(self.columns.index(name) for name in compiled.positiontup or ())),
            [
                (place, process)
                for place, name in enumerate(self.columns)
                if (process := _processor(self.table.c[name].type, found.get(name)))
            ],
        )
        self._prepared[connection.dialect.name] = prepared
        return prepared


def _processor(kind: TypeEngine[Any], process: Callable[[Any], Any] | None) -> Callable[[_Column], _Column] | None:
    """Give what turns a whole column of a *kind* into what SQLite takes; *process* does that to one value."""
    if process is None or isinstance(kind, LargeBinary):  # bytes are taken as they are
        return None
    if isinstance(kind, ExactDecimal):
        return one_form if isinstance(kind, PlainDecimal) else plain_digits
    return partial(_processed, process)


def _processed(process: Callable[[Any], Any], column: _Column) -> _Column:
    """Turn the values of a column; where the same moment follows itself, as in the rows of a page, only once."""
    done, last, made = [], object(), None
    for value in column:
        if value is not last:
            last, made = value, process(value)
        done.append(made)
    return done
