"""Taking figures of this process."""

from __future__ import annotations

import resource
import time
from typing import Self


class Stopwatch:
    """Measures the processor time of all threads and the wall time of a `with` block."""

    def __enter__(self) -> Self:
        self._cpu, self._wall = _cpu(), time.perf_counter()
        return self

    def __exit__(self, *error: object) -> None:
        self.cpu, self.wall = _cpu() - self._cpu, time.perf_counter() - self._wall

    def figures(self) -> dict[str, float]:
        """Give seconds and the peak memory of the process so far in MB."""
        return {"cpu": self.cpu, "wall": self.wall, "peak_mb": peak_mb()}


def _cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def peak_mb() -> float:
    """Tell the peak resident memory of this process in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
