"""Files that orders are written into, one order after another, so that memory does not grow with their number."""

import csv
from abc import ABC, abstractmethod
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from hub_core.cli.orders.columns import AMOUNTS, COLUMNS, NUMBERS, TIMES, Cell, rows_of
from hub_core.domain.errors import InputError

if TYPE_CHECKING:
    from hub_core.domain.orders import StoredOrder

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_BATCH = 5_000
_MONEY_DIGITS = (38, 8)
_QUANTITY_DIGITS = (38, 18)


class Sheet(ABC):
    """A file of orders; leaving its `with` completes it."""

    @abstractmethod
    def __init__(self, path: Path) -> None:
        """Begin the file *path*."""

    @abstractmethod
    def add(self, order: "StoredOrder") -> None:
        """Write one order."""

    @abstractmethod
    def close(self) -> None:
        """Complete the file."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class CsvSheet(Sheet):
    """Comma-separated, as RFC 4180 says, UTF-8, a row per line item."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("w", encoding="utf-8", newline="")
        self._rows = csv.writer(self._file)
        self._rows.writerow(COLUMNS)

    def add(self, order: "StoredOrder") -> None:
        """Write one order."""
        self._rows.writerows([_text(row[name]) for name in COLUMNS] for row in rows_of(order))

    def close(self) -> None:
        """Complete the file."""
        self._file.close()


def _text(cell: Cell) -> str:
    """Write a cell; a spreadsheet must take no text of a shopper for a formula, so such a text gets a ' before it."""
    if cell is None:
        return ""
    if isinstance(cell, datetime):
        return f"{cell.astimezone(UTC):%Y-%m-%dT%H:%M:%S}Z"
    if isinstance(cell, Decimal):
        return f"{cell:f}"
    text = str(cell)
    return f"'{text}" if text.startswith(_FORMULA) else text


class JsonLines(Sheet):
    """One JSON document per line: the whole order, as `hub orders show --json` gives it."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("w", encoding="utf-8", newline="\n")

    def add(self, order: "StoredOrder") -> None:
        """Write one order."""
        self._file.write(f"{order.model_dump_json()}\n")

    def close(self) -> None:
        """Complete the file."""
        self._file.close()


class ParquetSheet(Sheet):
    """Apache Parquet, the columns of the CSV file with their types: exact decimals, times in UTC."""

    def __init__(self, path: Path) -> None:
        try:
            import pyarrow as pa
            from pyarrow import parquet
        except ImportError as error:
            raise InputError(
                "Parquet files need a library that is not installed; run: pip install 'hub-core[parquet]'"
            ) from error
        self._arrow: Any = pa
        self._schema = pa.schema([(name, self._type(name)) for name in COLUMNS])
        self._file = parquet.ParquetWriter(path, self._schema)
        self._rows: list[dict[str, Cell]] = []

    def _type(self, name: str) -> Any:
        if name in NUMBERS:
            return self._arrow.int64()
        if name in TIMES:
            return self._arrow.timestamp("us", tz="UTC")
        if name in AMOUNTS:
            return self._arrow.decimal128(*_MONEY_DIGITS)
        return self._arrow.decimal128(*_QUANTITY_DIGITS) if name == "quantity" else self._arrow.string()

    def add(self, order: "StoredOrder") -> None:
        """Write one order."""
        self._rows.extend(rows_of(order))
        if len(self._rows) >= _BATCH:
            self._flush()

    def _flush(self) -> None:
        self._file.write_table(self._arrow.Table.from_pylist(self._rows, schema=self._schema))
        self._rows.clear()

    def close(self) -> None:
        """Complete the file."""
        try:
            if self._rows:
                self._flush()
        finally:
            self._file.close()


KINDS: dict[str, type[Sheet]] = {".csv": CsvSheet, ".jsonl": JsonLines, ".parquet": ParquetSheet}
