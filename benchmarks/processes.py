"""Processes of their own, so that nothing that is measured shares memory or an interpreter with anything else."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
HUB = str(Path(sys.executable).with_name("hub"))
_LONGEST = 600.0
_POLL = 0.004


def script(module: str, *arguments: object) -> dict[str, Any]:
    """Run a module of the measurements and give the figures that it prints."""
    command = [sys.executable, "-m", f"benchmarks.{module}", *map(str, arguments)]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True, timeout=_LONGEST)
    figures: dict[str, Any] = json.loads(done.stdout)
    return figures


@contextmanager
def shop(count: int, module: str = "shop") -> Iterator[int]:
    """Serve a store of *count* orders, or of as many products; give its port."""
    command = [sys.executable, "-m", f"benchmarks.{module}", str(count)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            yield int(process.stdout.readline())
        finally:
            process.terminate()


def wall(command: list[str]) -> float:
    """Give the seconds until *command* ends."""
    began = time.perf_counter()
    subprocess.run(command, cwd=ROOT, stdout=subprocess.DEVNULL, check=True, timeout=_LONGEST)
    return time.perf_counter() - began


class Server:
    """A command that serves on *port* until it is told to stop."""

    def __init__(self, command: list[str], port: int, env: Mapping[str, str] | None = None) -> None:
        self._began = time.perf_counter()
        self._port = port
        self._process = subprocess.Popen(
            command, cwd=ROOT, env={**os.environ, **(env or {})}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

    @property
    def pid(self) -> int:
        """Give the number of its process."""
        return self._process.pid

    def first_answer(self, path: str) -> float:
        """Give the seconds from its start until *path* is answered, with whatever status."""
        while time.perf_counter() - self._began < _LONGEST:
            try:
                with socket.create_connection(("127.0.0.1", self._port), timeout=_LONGEST) as connection:
                    connection.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode())
                    assert connection.recv(12).startswith(b"HTTP/1.1 "), path
                    return time.perf_counter() - self._began
            except ConnectionError:
                assert self._process.poll() is None, self._process.args
                time.sleep(_POLL)
        raise TimeoutError(path)

    def end(self, number: signal.Signals) -> float:
        """Send it a signal, wait for its end, and give the seconds; one that has ended has done so."""
        began = time.perf_counter()
        self._process.send_signal(number)
        self._process.wait(_LONGEST)
        return time.perf_counter() - began

    def stop(self) -> float:
        """Stop it and give its peak memory in MB."""
        self._process.send_signal(signal.SIGTERM)
        _, status, usage = os.wait4(self._process.pid, 0)
        self._process.returncode = os.waitstatus_to_exitcode(status)
        return usage.ru_maxrss / 1024


def free_port() -> int:
    """Find a port that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port
