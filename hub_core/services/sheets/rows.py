"""The rows of a CSV file, whatever divides its cells, each with the number of its line."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

from hub_core.domain.errors import InputError
from hub_core.services.sheets.faults import Fault, refuse
from hub_core.services.sheets.headings import score

_DIVIDERS: Final = ",;\t|"
_NAMED: Final = "sep="


class Row(NamedTuple):
    """The cells of a row, without blanks around them; *line* is where it begins, from 1 on."""

    line: int
    cells: list[str]


@dataclass(frozen=True, slots=True)
class Sheet:
    """The first row that is not blank, and all further ones."""

    divider: str
    header: list[str]
    rows: list[Row]


def sheet_of(text: str) -> Sheet:
    """Divide *text* into rows; the first line decides what divides cells. Raises InputError naming the line."""
    skipped = 0
    first = text[: len(_NAMED) + 1]
    if first.lower().startswith(_NAMED) and len(first) > len(_NAMED):  # how spreadsheets are told
        divider, skipped = first[-1], 1
        text = text.partition("\n")[2]
    else:
        divider = _divider(text)
    rows = list(_rows(text, divider, skipped))
    if not rows:
        raise InputError("The file is empty; its first line must name the columns.")
    header = rows[0].cells
    _refuse_ragged(len(header), rows[1:])
    return Sheet(divider, header, rows[1:])


def _divider(text: str) -> str:
    """Give what divides the cells of the first row, so that most of its names are understood."""

    def understood(divider: str) -> tuple[int, int]:
        try:
            return score(next((row.cells for row in _rows(text, divider, 0)), []))
        except InputError:
            return (-1, 0)

    return max(_DIVIDERS, key=understood)


def _rows(text: str, divider: str, skipped: int) -> Iterator[Row]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=divider, skipinitialspace=True, strict=True)
    line = 1 + skipped
    try:
        for cells in reader:
            stripped = [cell.strip() for cell in cells]
            if any(stripped):
                yield Row(line, stripped)
            line = reader.line_num + 1 + skipped
    except csv.Error as error:
        raise InputError(_unreadable(line, str(error))) from None


def _unreadable(line: int, said: str) -> str:
    reason = "a cell is longer than anybody could mean" if "limit" in said else "a quotation mark is not closed well"
    return f"Line {line} cannot be read: {reason}. Mend it and try again. Nothing was changed."


def _refuse_ragged(width: int, rows: list[Row]) -> None:
    """Refuse rows with more in them than the first line names: a comma in a number would fall apart so."""
    refuse(
        [
            Fault(
                row.line,
                f"It has {len(row.cells)} cells, but the first line names {width} columns; "
                "what holds the mark that divides cells must stand in quotation marks.",
            )
            for row in rows
            if any(row.cells[width:])
        ]
    )
