"""The command, run in this process or in one of its own, with the tests' channels installed."""

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from hub_core.cli.command import main
from tests.toyshop.shop import Shop, open_shop

ROOT = Path(__file__).parents[2]
CHANNELS = """[hub.channels]
toyshop = tests.toyshop.channel
keyshop = tests.cli.keyshop
brokenshop = tests.cli.there_is_no_such_module
"""


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


HubCommand = Callable[..., Ended]


@pytest.fixture(autouse=True)
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Install the tests' channels, for this process and for those that it starts."""
    site = tmp_path / "site"
    dist = site / "hub_channels_for_tests-7.8.dist-info"
    dist.mkdir(parents=True)
    (dist / "METADATA").write_text("Metadata-Version: 2.1\nName: hub-channels-for-tests\nVersion: 7.8\n")
    (dist / "entry_points.txt").write_text(CHANNELS)
    monkeypatch.syspath_prepend(str(site))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join((str(site), str(ROOT))))
    monkeypatch.setenv("HUB_CHANNELS", "toyshop,keyshop")
    return site


@pytest.fixture
def hub(capsys: pytest.CaptureFixture[str]) -> HubCommand:
    """Run `hub` with the arguments given, in this process."""

    def run(*arguments: object) -> Ended:
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main([str(argument) for argument in arguments])
        code = ended.value.code
        assert code is None or isinstance(code, int)
        told = capsys.readouterr()
        return Ended(code or 0, told.out, told.err)

    return run


@pytest.fixture
def shop() -> Shop:
    """An empty toy shop."""
    return open_shop("corner")


@pytest.fixture
def password(tmp_path: Path) -> Path:
    """A file with the credentials of the toy shop, readable by its owner alone."""
    path = tmp_path / "password.json"
    path.write_text('{"user": "ali", "password": "sesame"}')
    path.chmod(0o600)
    return path


@pytest.fixture
def connected(hub: HubCommand, shop: Shop, password: Path) -> Shop:
    """The toy shop, connected as Corner."""
    added = hub(
        *("integrations", "add", "toyshop", "--name", "Corner", "--set", "shop=corner"),
        *("--credentials-file", password),
    )
    assert added.code == 0, added.err
    return shop
