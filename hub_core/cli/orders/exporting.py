"""Exporting orders into a file."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hub_core.cli.orders.filters import OfStatus, chosen
from hub_core.cli.output import counted, document, listed, say
from hub_core.cli.running import AsJson, OfIntegration, Since, Until, run
from hub_core.domain.errors import InputError

if TYPE_CHECKING:
    from hub_core.cli.orders.sheets import Sheet
    from hub_core.hub import Hub


def export(
    *,
    file: Annotated[
        Path, typer.Argument(help="FILE.csv, FILE.jsonl or FILE.parquet.", metavar="FILE", show_default=False)
    ],
    integration: OfIntegration = None,
    status: OfStatus = None,
    since: Since = None,
    until: Until = None,
    as_json: AsJson = False,
) -> None:
    """Write orders into a file.

    Example: hub orders export orders.csv --since 2026-01-01

    The file appears when it is complete, and only you may read it. CSV and Parquet have a row per
    line item, and what the whole order says on each of its rows: add up order_total only where
    line_number is 1. In CSV, a text that a spreadsheet would take for a formula gets a ' before it.
    JSON Lines hold whole orders.
    """
    from hub_core.cli.orders.sheets import KINDS

    kind = KINDS.get(file.suffix.lower())
    if kind is None:
        raise typer.BadParameter(f"'{file}' must end in one of {listed(KINDS)}.", param_hint="FILE")

    async def work(hub: "Hub") -> int:
        which = await chosen(hub, integration, status, since, until)
        with _whole(file) as unfinished, kind(unfinished) as sheet:
            return await _fill(sheet, hub, which)

    count = run(work)
    if as_json:
        document({"file": str(file), "orders": count})
    else:
        say(f"{counted(count, 'order')} written into {file}.")


async def _fill(sheet: "Sheet", hub: "Hub", which: dict[str, Any]) -> int:
    count = 0
    async for order in hub.orders.find(**which):
        sheet.add(order)
        count += 1
    return count


@contextmanager
def _whole(target: Path) -> Iterator[Path]:
    """Yield a file beside *target* that takes its place at the end, or vanishes if anything goes wrong."""
    try:
        handle, name = tempfile.mkstemp(prefix=f".{target.name}.", suffix=".part", dir=target.parent)
        os.close(handle)
        unfinished = Path(name)
        try:
            yield unfinished
            unfinished.replace(target)
        finally:
            unfinished.unlink(missing_ok=True)
    except OSError as error:
        raise InputError(
            f"{target} cannot be written ({error.strerror or error}); name a file in a folder that may be written."
        ) from error
