"""What is wrong with a file: a sentence for each line, told together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from hub_core.domain.errors import InputError

_TOLD: Final = 20


class Fault(NamedTuple):
    """One thing that is wrong, in the line of that number."""

    line: int
    sentence: str

    def __str__(self) -> str:
        """Name the line."""
        return f"Line {self.line}: {self.sentence}"


def refuse(faults: Sequence[Fault]) -> None:
    """Raise InputError with what is wrong, by line; nothing where nothing is."""
    if not faults:
        return
    told = sorted(faults, key=lambda fault: fault.line)
    if len(told) == 1:
        raise InputError(f"{told[0]} Nothing was changed.", fields={f"line {told[0].line}": told[0].sentence})
    first = f" The first {_TOLD} are:" if len(told) > _TOLD else ""
    fields: dict[str, str] = {}
    for fault in told[:_TOLD]:
        key = f"line {fault.line}"
        fields[key] = f"{fields[key]} {fault.sentence}" if key in fields else fault.sentence
    raise InputError(f"{len(told):,} things in the file are wrong, so nothing was changed.{first}", fields=fields)


def shown(text: str) -> str:
    """Quote what stands in a cell, cut to what a sentence bears."""
    return repr(text) if len(text) <= 60 else f"{text[:60]!r}…"  # noqa: PLR2004 - as long as a sentence bears
