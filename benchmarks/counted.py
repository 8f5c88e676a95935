"""The command `hub`, with the number of tasks in its event loops written to a file every few seconds.

Run as `python -m benchmarks.counted FILE ARGUMENTS`; the hub itself has no way to tell it.
"""

from __future__ import annotations

import asyncio
import gc
import sys
import threading
import time
from pathlib import Path

from hub_core.cli import main

_EVERY = 5.0


def _count(file: Path) -> None:
    while True:
        time.sleep(_EVERY)
        tasks = sum(isinstance(one, asyncio.Task) and not one.done() for one in gc.get_objects())
        file.write_text(str(tasks))


if __name__ == "__main__":
    threading.Thread(target=_count, args=(Path(sys.argv[1]),), daemon=True).start()
    sys.argv[:2] = ["hub"]
    main()
