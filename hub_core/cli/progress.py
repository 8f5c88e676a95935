"""How far runs have come: a bar for each on a terminal, nothing elsewhere."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from hub_core.cli.output import counted, plain

if TYPE_CHECKING:
    from hub_core.domain.runs import Run

Watch = Callable[["Run"], None]


def _unwatched(run: "Run") -> None:
    """Show nothing."""


def watched() -> bool:
    """Tell whether bars are shown: what is printed meanwhile would get among them."""
    return sys.stderr.isatty()


@contextmanager
def bars() -> Iterator[Callable[[str], Watch]]:
    """Yield what makes a bar for a name, where standard error is a terminal; the bars vanish at the end."""
    if not watched():
        yield lambda _: _unwatched
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.fields[done]}", markup=False),
        TimeRemainingColumn(elapsed_when_finished=True),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:

        def start(name: str) -> Watch:
            task = progress.add_task(plain(name), total=None, done="asking the store")
            return lambda run: progress.update(
                task, total=run.counts.expected, completed=run.counts.read, done=_done(run)
            )

        yield start


def _done(run: "Run") -> str:
    counts = run.counts
    if run.kind in ("stock", "prices"):
        return f"{counts.sent:,} sent, {counts.accepted:,} accepted"
    what = run.kind.removesuffix("s")
    read = counted(counts.read, what)
    if counts.expected is not None:
        read = f"{counts.read:,} of {counted(counts.expected, what)}"
    return f"{read}, {counted(counts.pages, 'page')}"
