"""What processes take, as Linux tells it: processor time, memory, descriptors, threads."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")


def tree(pid: int) -> Iterator[int]:
    """Give a process and all that descend from it."""
    yield pid
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            yield from tree(int(child))


def cpu(pids: Collection[int]) -> float:
    """Give the processor time in seconds that processes, and those of their children that have ended, have taken."""
    return sum(sum(map(int, _stat(pid)[11:15])) for pid in pids) / _TICKS


def _stat(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def memory_mb(pid: int) -> float:
    """Give the resident memory of a process."""
    return _status(pid, "VmRSS") / 1024


def threads(pid: int) -> int:
    """Give the number of threads of a process."""
    return _status(pid, "Threads")


def descriptors(pid: int) -> int:
    """Give the number of files and connections that a process holds open."""
    return sum(1 for _ in Path(f"/proc/{pid}/fd").iterdir())


def _status(pid: int, name: str) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:"))
