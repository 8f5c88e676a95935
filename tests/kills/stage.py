"""The stage on which scenes are played: a served sandbox that can be made anew, and processes that work on it."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from starlette.types import Receive, Scope, Send

from hub_core.testing.store.records import Product
from hub_core.testing.store.serving import serve
from hub_threedcart.sandbox import API_ROOT, Sandbox
from tests.kills.scenes import Store, new_sandbox, sandbox_items, skus_of, trade

ROOT = Path(__file__).parents[2]


class Revolving:
    """Serves whichever sandbox is on the stage."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.sandbox.app(scope, receive, send)


class Stage:
    """Plays scenes in *folder*, each time from the same beginning."""

    def __init__(self, folder: Path, revolving: Revolving, root: str, zygote: subprocess.Popen[str]) -> None:
        self._folder = folder
        self._revolving = revolving
        self._api = f"{root}{API_ROOT}"
        self._zygote = zygote
        self._url = f"sqlite:///{folder / 'hub.db'}"
        self._undisturbed: dict[str, dict[str, Any]] = {}
        self._moments: dict[str, int] = {}
        self._goods: dict[str, tuple[Product, ...]] = {}

    def moments(self, scene: str) -> int:
        """Tell how many moments there are at which a scene can be disturbed."""
        self.undisturbed(scene)
        return self._moments[scene]

    def undisturbed(self, scene: str) -> dict[str, Any]:
        """Tell what comes of a scene when nothing happens to it."""
        if scene not in self._undisturbed:
            self._prepare(scene)
            self._moments[scene] = self._begin(scene)["moments"]
            self._undisturbed[scene] = self._finish(scene)
        return self._undisturbed[scene]

    def disturbed(self, scene: str, at: int, how: str) -> dict[str, Any]:
        """Play a scene, let something happen at a moment, let the next process finish it, and tell what comes of it."""
        self.undisturbed(scene)
        told = self._begin(scene, at, how)
        assert told.get("fired", 1), f"{how} at {at} of {scene} never happened"
        return self._finish(scene)

    def _prepare(self, scene: str) -> None:
        self._revolving.sandbox = new_sandbox()
        (self._folder / "hub.db").unlink(missing_ok=True)
        self._errand("prepare", scene)
        shutil.copyfile(self._folder / "hub.db", self._template(scene))
        self._goods[scene] = tuple(self._revolving.sandbox.shop.goods)

    def _template(self, scene: str) -> Path:
        return self._folder / f"{scene}.template"

    def _begin(self, scene: str, at: int | None = None, how: str = "kill") -> dict[str, Any]:
        """Take hub and store back to the beginning, let the store trade, and do what is to be disturbed."""
        sandbox = self._revolving.sandbox = new_sandbox()
        for product in self._goods[scene]:
            sandbox.shop.goods.put(product)
        trade(sandbox)
        for left in self._folder.glob("hub.db*"):
            left.unlink()
        shutil.copyfile(self._template(scene), self._folder / "hub.db")
        return self._errand("act", scene, at=at, how=how)

    def _finish(self, scene: str) -> dict[str, Any]:
        told = self._errand("finish", scene)
        shop = self._revolving.sandbox.shop
        assert not shop.writes.overlapped, "two sends of one listing were under way at the same time"
        return {**told, "store": sandbox_items(self._revolving.sandbox)}

    def _errand(self, step: str, scene: str, **more: Any) -> dict[str, Any]:
        """Have a process do a step, and give what it tells: nothing where it was killed."""
        told = self._folder / "told.json"
        told.unlink(missing_ok=True)
        shop = self._revolving.sandbox.shop
        store = Store(shop.address, shop.token, shop.private_key, tuple(skus_of(self._revolving.sandbox)))
        errand = {"step": step, "scene": scene, "url": self._url, "api": self._api, "store": asdict(store), **more}
        assert self._zygote.stdin is not None
        assert self._zygote.stdout is not None
        self._zygote.stdin.write(json.dumps({**errand, "to": str(told)}) + "\n")
        self._zygote.stdin.flush()
        code = int(self._zygote.stdout.readline())
        if code == -signal.SIGKILL and more.get("at") is not None:
            return {}
        assert code == 0, f"to {step} the {scene} ended with {code}"
        found: dict[str, Any] = json.loads(told.read_text())
        return found


@contextmanager
def stage(folder: Path) -> Iterator[Stage]:
    """Set the stage up in *folder*, and clear it away."""
    revolving = Revolving(new_sandbox())
    command = [sys.executable, "-m", "tests.kills.zygote"]
    with (
        serve(revolving) as root,
        subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as zygote,
    ):
        try:
            yield Stage(folder, revolving, root, zygote)
        finally:
            assert zygote.stdin is not None
            zygote.stdin.close()
