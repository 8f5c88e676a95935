"""A file of SKUs with a figure each, before it is known what the figures mean."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from hub_core.domain.errors import InputError
from hub_core.services.sheets.faults import shown
from hub_core.services.sheets.figures import Mark, NumberError, mark_of, number
from hub_core.services.sheets.headings import Columns
from hub_core.services.sheets.rows import sheet_of
from hub_core.services.sheets.texts import read_bytes, text_of


@dataclass(frozen=True, slots=True)
class Given:
    """What one row says. *cells* are its other columns that were asked for."""

    line: int
    sku: str
    what: str
    figure: str
    mark: Mark | None
    cells: dict[str, str]

    def number(self) -> str:
        """Give the figure as Python writes it. Raises InputError."""
        if not self.figure:
            raise InputError(f"The {self.what} of {shown(self.sku)} is empty; write 0 if that is meant.")
        try:
            return number(self.figure, self.mark)
        except NumberError as error:
            raise InputError(f"The {self.what} {shown(self.figure)} of {shown(self.sku)} {error}.") from None


class Reading:
    """A file whose columns are known. Raises InputError where it cannot be divided into rows."""

    def __init__(self, source: Path | bytes, wanted: Sequence[str]) -> None:
        """Read it whole."""
        text, note = text_of(read_bytes(source))
        self._sheet = sheet_of(text)
        self.columns = Columns(self._sheet.header, wanted)
        self.ignored = self.columns.ignored
        self.notes = (note,) if note else ()

    def figures(self, what: str, mark: Mark | None) -> Iterator[Given]:
        """Yield what each row says. Raises InputError where a column or all rows are missing."""
        sku, figure = self.columns.need("SKU"), self.columns.need(what)
        rows = [(row.line, row.cells + [""] * len(self._sheet.header)) for row in self._sheet.rows]
        if not rows:
            raise InputError("The file has no lines below the names of its columns. Nothing was changed.")
        mark = mark or mark_of(cells[figure] for _, cells in rows)
        for line, cells in rows:
            others = {name: cells[place] for name, place in self.columns.places.items()}
            yield Given(line, cells[sku], what, cells[figure], mark, others)
