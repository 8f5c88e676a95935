"""`hub demo`: seen from outside, as a newcomer runs it."""

import re
import signal
import socket
import subprocess
from contextlib import AbstractContextManager, closing
from pathlib import Path

import httpx
import pytest

from hub_core.cli.demo.place import free_port
from tests.cli.conftest import HubCommand
from tests.cli.processes import started

pytest.importorskip("hub_threedcart.sandbox.command", reason="the demo's store is part of the 3DCart plugin")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the demo makes its own folder."""
    folder = tmp_path / "for-demos"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    with closing(socket.create_server(("127.0.0.1", 0))) as free:  # tests that run at the same time want one each
        monkeypatch.setenv("HUB_PORT", str(free.getsockname()[1]))
    return folder


def _demo(*options: str) -> AbstractContextManager["subprocess.Popen[str]"]:
    return started("demo", *options, stderr=subprocess.STDOUT)


def _until(child: "subprocess.Popen[str]", pattern: str) -> str:
    """Read what it tells, up to a line like *pattern*."""
    assert child.stdout is not None
    told = ""
    for line in child.stdout:
        told += line
        if re.search(pattern, line):
            return told
    pytest.fail(f"It never told {pattern}: {told}")


def _rest(child: "subprocess.Popen[str]") -> str:
    """Read to the end, which comes when the last process that could write has ended, the store's included."""
    assert child.stdout is not None
    return child.stdout.read()


@pytest.mark.parametrize(("ending", "code"), [(signal.SIGINT, 0), (signal.SIGTERM, 0), (signal.SIGHUP, 129)])
def test_orders_arrive_and_a_signal_ends_all_of_it(folder: Path, ending: signal.Signals, code: int) -> None:
    with _demo() as child:
        told = _until(child, r"^  order AB-\d+ +\S.* \d+\.\d\d USD")
        address, token = (
            re.search(r"^Address +(\S+)$", told, re.MULTILINE),
            re.search(r"^Access token (\S+)$", told, re.MULTILINE),
        )
        assert address
        assert token
        assert httpx.get(f"{address[1]}/health").json()["integrations"] == 2
        found = httpx.get(f"{address[1]}/api/v1/orders", headers={"Authorization": f"Bearer {token[1]}"}).json()
        assert found["items"]
        child.send_signal(ending)
        assert "Traceback" not in _rest(child)
        assert child.wait() == code
    assert list(folder.iterdir()) == []


def test_what_one_store_sells_the_other_is_told() -> None:
    with _demo() as child:
        told = _until(child, r"^  stock (North|South) shop sold \d+ of \S+: (North|South) shop is now told \d+$")
        child.send_signal(signal.SIGINT)
        _rest(child)
    seller, teller = re.findall(r"(North|South) shop", told.splitlines()[-1])
    assert seller != teller
    assert "  order " in told


def test_a_port_in_use_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
        monkeypatch.setenv("HUB_PORT", str(port))
        with _demo() as child:
            told = _until(child, "^Address ")
            child.send_signal(signal.SIGINT)
            _rest(child)
    assert f"Port {port} is in use, so the demo takes " in told
    assert f"Address      http://127.0.0.1:{port}\n" not in told


def test_no_store_is_left_over_where_the_demo_is_killed() -> None:
    with _demo() as child:
        _until(child, "^The hub is at ")
        child.kill()
        _rest(child)


def test_the_folder_is_kept_where_that_is_asked(folder: Path) -> None:
    with _demo("--keep") as child:
        _until(child, "^The hub is at ")
        child.send_signal(signal.SIGINT)
        told = _rest(child)
    (kept,) = folder.iterdir()
    assert (kept / "hub.db").is_file()
    assert f"The demo's folder is kept: {kept}" in told


def test_the_users_own_settings_take_no_part(tmp_path: Path) -> None:
    Path(".env").write_text("HUB_DATABASE_URL=sqlite:////proc/none.db\nHUB_CHANNELS=none\nHUB_SECRET_KEYS=rubbish\n")
    with _demo() as child:
        _until(child, "^The hub is at ")
        child.send_signal(signal.SIGINT)
        _rest(child)
        assert child.wait() == 0


def test_without_the_plugin_it_says_what_to_install(hub: HubCommand, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.metadata.entry_points", lambda **_: ())
    ended = hub("demo")
    assert (ended.code, ended.out) == (1, "")
    assert ended.err == "The demo needs the 3DCart plugin; install it: pip install ./plugins/threedcart\n"


def test_a_store_that_does_not_start_is_said_in_a_sentence(
    hub: HubCommand, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub_core.cli.demo.sandbox._ORDERS", "many")
    ended = hub("demo")
    assert ended.code == 1
    assert "The sandbox did not start" in ended.err
    assert list(folder.iterdir()) == []


def test_the_wanted_port_is_taken_where_it_is_free() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        port = listener.getsockname()[1]
    assert free_port(port) == port
