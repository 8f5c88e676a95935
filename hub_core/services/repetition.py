"""Ending what would never end: pages that repeat, a read that goes on and on, answers to what nobody asked."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from hub_core.domain.errors import PluginError, ResponseError

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    from hub_core.channels.pages import Record
    from hub_core.services.flow_run import FlowRun

TIMES: Final = 10
"""How often the same page may come: orders that are placed meanwhile shift all pages, now and then by a whole one."""
LOOKS_BACK: Final = 500
"""Pages among which the same one is looked for; a slice has 50 at most."""
MOST_EMPTY: Final = 10_000
"""Empty pages in a row: a read may go through years hour by hour."""
MOST_PAGES: Final = 100_000
"""Pages of one run; a read that is longer goes on in the next run, from where this one stopped."""
MOST_IDLE: Final = 100
"""Answers in a row that tell of nothing that was sent."""


@dataclass(slots=True)
class _Read:
    run_id: int
    what: Hashable
    pages: deque[int] = field(default_factory=lambda: deque(maxlen=LOOKS_BACK))
    empty: int = 0


class Repetition:
    """Notices reads that never end. What a process has seen is kept between the slices that it works on."""

    def __init__(self) -> None:
        self._reads: dict[int, _Read] = {}

    def see(self, run: FlowRun, what: Hashable, records: Sequence[Record]) -> None:
        """Look at one more page of *what* a run reads. Raises ResponseError where that would go on for ever."""
        read = self._reads.get(run.integration.id)
        if read is None or (read.run_id, read.what) != (run.run_id, what):
            read = self._reads[run.integration.id] = _Read(run.run_id, what)
        read.empty = 0 if records else read.empty + 1
        page = hash(tuple(record.raw for record in records))
        read.pages.append(page)
        fault = self._fault(run, read, page, is_empty=not records)
        if fault is not None:
            self.over(run)
            raise ResponseError(fault)

    def _fault(self, run: FlowRun, read: _Read, page: int, *, is_empty: bool) -> str | None:
        told = "The hub stopped reading, and tries again later; if it stays so, report it to the plugin's author."
        if not is_empty and read.pages.count(page) >= TIMES:
            return f"A page repeated for ever: the store gave the same one {TIMES} times. {told}"
        if read.empty >= MOST_EMPTY:
            return f"The store gave {MOST_EMPTY:,} empty pages in a row, and no end. {told}"
        if run.counts.pages >= MOST_PAGES:
            return f"The read had no end after {MOST_PAGES:,} pages; the hub goes on from there in another run."
        return None

    def over(self, run: FlowRun) -> None:
        """Forget a read that has ended, or begins anew."""
        self._reads.pop(run.integration.id, None)


class Idleness:
    """Notices answers that tell of nothing that was sent: *left* figures are without an outcome so far."""

    def __init__(self, channel: str, hook: str, left: int) -> None:
        self._channel = channel
        self._hook = hook
        self._left = left
        self._idle = 0

    def heard(self, left: int) -> None:
        """Note an answer, after which *left* figures are without an outcome. Raises PluginError after many in vain."""
        self._idle = self._idle + 1 if left == self._left else 0
        self._left = left
        if self._idle >= MOST_IDLE:
            raise PluginError(self._channel, self._hook, "it went on answering about nothing that was sent")
