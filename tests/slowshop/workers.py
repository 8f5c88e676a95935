"""`hub worker` and `hub serve` as processes of their own, with the tests' channels installed."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.hubs import settings

ROOT = Path(__file__).parents[2]
HUB = """
import sys
from importlib.metadata import EntryPoint
from hub_core.channels import registry
registry._installed = lambda: [
    EntryPoint(f"{name}shop", f"tests.{name}shop.channel", "hub.channels") for name in ("slow", "toy")
]
from hub_core.cli.command import main
main(sys.argv[1:])
"""


@asynccontextmanager
async def started(
    home: Path, url: str, *arguments: str, **variables: str
) -> AsyncIterator[tuple[asyncio.subprocess.Process, str]]:
    """Start one and wait for its first line, which is given; at the end it is gone. Its log is *home*/log."""
    home.mkdir(exist_ok=True)
    keys = settings().secret_keys
    assert keys is not None
    own = {"HUB_HOME": str(home), "HUB_DATABASE_URL": url, "HUB_SECRET_KEYS": keys.get_secret_value(), "HUB_PORT": "0"}
    environment = {**os.environ, **own, "HUB_LOG_FORMAT": "json", "PYTHONPATH": str(ROOT), **variables}
    with (home / "log").open("ab") as log:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", HUB, *arguments),
            env=environment,
            cwd=home,
            stdout=asyncio.subprocess.PIPE,
            stderr=log,
        )
    try:
        assert process.stdout is not None
        line = (await process.stdout.readline()).decode()
        assert line, (home / "log").read_text()
        yield process, line
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
