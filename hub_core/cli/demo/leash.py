"""Runs an installed command that ends when its parent does, however that one ended: `python -m … COMMAND [ARGS]`.

The parent holds the other end of standard input, which closes with it.
"""

import os
import sys
import threading
from importlib import metadata


def _end_with_parent() -> None:
    while sys.stdin.buffer.read(1024):
        pass
    os._exit(0)


def main() -> None:
    """Run the console script that the first argument names."""
    del sys.argv[0]
    (script,) = metadata.entry_points(group="console_scripts", name=sys.argv[0])
    threading.Thread(target=_end_with_parent, daemon=True).start()
    script.load()()


if __name__ == "__main__":
    main()
