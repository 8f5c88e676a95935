"""A command on a terminal of its own, as a person sits at one."""

import fcntl
import os
import pty
import select
import subprocess
import termios
from contextlib import suppress
from types import TracebackType
from typing import Self

from tests.cli.processes import HUB, hear_ctrl_c

PATIENCE = 60
"""Seconds after which nothing more is expected."""


class Terminal:
    """Runs `hub` with *arguments*; `until` reads what it shows, `enter` types."""

    def __init__(self, *arguments: str) -> None:
        self._ours, theirs = pty.openpty()
        self.shown = ""
        self._seen = 0
        self._child = subprocess.Popen(
            (*HUB, *arguments),
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
            preexec_fn=_sit_down,  # noqa: PLW1509 - no thread holds a lock here
        )
        os.close(theirs)

    def until(self, text: str) -> None:
        """Read until *text* is shown after what was waited for before. Raises AssertionError where it never is."""
        while (place := self.shown.find(text, self._seen)) < 0:
            assert self._read(), self.shown
        self._seen = place + len(text)

    def enter(self, text: str) -> None:
        os.write(self._ours, text.encode())

    def end(self) -> int:
        """Read to the end and give the exit code."""
        while self._read():
            pass
        return self._child.wait()

    def interrupt(self) -> int:
        """Press Ctrl-C until it ends, and give the exit code: one may be lost while a question is set up."""
        for _ in range(PATIENCE):
            self.enter("\x03")
            while self._is_readable(1.0):
                if not self._read():
                    return self._child.wait()
        raise AssertionError(self.shown)

    def _is_readable(self, seconds: float) -> bool:
        return bool(select.select([self._ours], [], [], seconds)[0])

    def _read(self) -> bool:
        assert self._is_readable(PATIENCE), self.shown
        part = b""
        with suppress(OSError):  # how Linux says that the other end is closed
            part = os.read(self._ours, 4096)
        self.shown += part.decode()
        return bool(part)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._child.poll() is None:
            self._child.kill()
            self._child.wait()
        os.close(self._ours)


def _sit_down() -> None:
    """Make standard input the terminal that Ctrl-C comes from."""
    hear_ctrl_c()
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
