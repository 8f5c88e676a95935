"""The C library's memory."""

import ctypes
import platform
import subprocess
import sys

import pytest

from hub_core.engine.allocator import ease_allocator, keep_memory

USE_THREADS = """
import ctypes, threading
from hub_core.engine.allocator import ease_allocator
{ease}
threads = [threading.Thread(target=lambda: bytes(1000) * 10) for _ in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
ctypes.CDLL(None).malloc_stats()
"""


def heaps(ease: str) -> int:
    """Count the heaps of a process with several threads, as its C library reports them."""
    script = USE_THREADS.format(ease=ease)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return done.stderr.count("Arena ")


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc keeps a heap for each thread")
def test_all_threads_share_one_heap() -> None:
    assert (heaps("ease_allocator()"), heaps("") > 1) == (1, True)


def test_another_c_library_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ctypes, "CDLL", lambda name: object())
    ease_allocator()
    keep_memory()
