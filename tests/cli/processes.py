"""`hub` in a process of its own."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

HUB = (sys.executable, "-m", "hub_core.cli")


@contextmanager
def started(*arguments: str, stderr: int) -> Iterator["subprocess.Popen[str]"]:
    """Start it; at the end it is gone, whatever became of the test."""
    with subprocess.Popen(
        (*HUB, *arguments),
        stdout=subprocess.PIPE,
        stderr=stderr,
        text=True,
        preexec_fn=hear_ctrl_c,  # noqa: PLW1509 - it takes no lock
    ) as child:
        try:
            yield child
        finally:
            child.kill()


def hear_ctrl_c() -> None:
    """Undo what a test runner may have done: a process that is started deaf to SIGINT stays so."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
