"""`hub serve` as a process of its own."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from hub_core.domain.errors import SettingsError
from hub_core.domain.tokens import Scope
from hub_core.hub import Hub
from hub_core.web.listening import address_of, is_loopback, listen
from tests import hubs

SERVE = """
import sys
from hub_core.settings import HubSettings
from hub_core.web.serve import run
sys.exit(run(HubSettings.load()))
"""
WITH_TOYSHOP = """
import sys, time
from datetime import UTC, datetime
from importlib.metadata import EntryPoint
from hub_core.channels import registry
from hub_core.settings import HubSettings
from hub_core.web import serve
from tests.toyshop.shop import open_shop

def hold(shop, start):
    print("held", flush=True)
    time.sleep(3600)

shop = open_shop("north", before_page=hold if "{what}" == "held" else None)
shop.put("1", datetime.now(UTC))
registry._installed = lambda: [EntryPoint("toyshop", "tests.toyshop.channel", "hub.channels")]
serve.LAST_RUNS = 0.2 if "{what}" == "held" else 10.0
sys.exit(serve.run(HubSettings.load()))
"""
"""`hub serve` with the toy shop, which may hold the loop that it runs in."""
ROOT = Path(__file__).parents[2]
PATIENCE = 60


@contextmanager
def serving(home: Path, script: str = SERVE, **variables: str) -> Iterator[subprocess.Popen[str]]:
    """Start `hub serve` in a folder of its own."""
    environment = {**os.environ, "HUB_HOME": str(home), "HUB_PORT": "0", "HUB_LOG_FORMAT": "json", **variables}
    with subprocess.Popen(
        [sys.executable, "-c", script],
        env=environment,
        cwd=home.parent,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()


def address_told_by(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line.startswith("The hub is at http://127.0.0.1:"), line or process.communicate(timeout=PATIENCE)[1]
    return line.removeprefix("The hub is at ").partition(";")[0]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=lambda number: number.name)
def test_it_serves_from_its_first_line_until_a_signal_ends_it_well(tmp_path: Path, number: signal.Signals) -> None:
    with serving(tmp_path / "home") as process:
        address = address_told_by(process)
        answer = httpx.get(f"{address}/health", trust_env=False)
        assert (answer.status_code, answer.json()["database"]) == (200, "ok")
        process.send_signal(number)
        output, log = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0
    assert "hub tokens create NAME --scope admin" in output
    assert "Traceback" not in log


@contextmanager
def serving_toyshop(home: Path, what: str) -> Iterator[tuple[subprocess.Popen[str], str, str]]:
    """Serve a toy shop that was connected before; gives the process, its address and a token."""
    token = asyncio.run(connect_toyshop())
    with serving(home, WITH_TOYSHOP.replace("{what}", what), PYTHONPATH=str(ROOT)) as process:
        yield process, address_told_by(process), token


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


async def connect_toyshop() -> str:
    async with Hub.open(registry=hubs.toyshop_registry()) as hub:
        await hubs.connected(hub)
        return (await hub.tokens.create("test", Scope.READ)).token


def test_it_takes_in_orders_on_its_own(tmp_path: Path) -> None:
    with serving_toyshop(tmp_path / "home", "served") as (process, address, token):
        with httpx.Client(base_url=f"{address}/api/v1", headers=bearer(token), trust_env=False) as api:
            while (runs := api.get("/syncs").json()["items"]) == [] or runs[-1]["state"] in ("queued", "running"):
                assert process.poll() is None
            assert [order["external_id"] for order in api.get("/orders").json()["items"]] == ["1"]
        process.send_signal(signal.SIGTERM)
        told = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, told


def test_a_plugin_that_holds_its_loop_neither_silences_the_hub_nor_keeps_it_from_ending(tmp_path: Path) -> None:
    with serving_toyshop(tmp_path / "home", "held") as (process, address, _):
        assert process.stdout is not None
        while process.stdout.readline() != "held\n":
            assert process.poll() is None
        assert httpx.get(f"{address}/health", trust_env=False).status_code == 200
        process.send_signal(signal.SIGTERM)
        _, log = process.communicate(timeout=PATIENCE)
    assert process.returncode == 1
    assert "is left behind" in log


async def make_token() -> str:
    async with Hub.open() as hub:
        return (await hub.tokens.create("test", Scope.READ)).token


def test_one_who_listens_to_events_does_not_keep_it_from_ending(tmp_path: Path) -> None:
    headers = {**bearer(asyncio.run(make_token())), "Accept": "text/event-stream"}
    with serving(tmp_path / "home") as process:
        address = address_told_by(process)
        with httpx.stream("GET", f"{address}/api/v1/events", headers=headers, trust_env=False) as answer:
            lines = answer.iter_lines()
            assert next(lines).startswith("retry:")
            process.send_signal(signal.SIGTERM)
            assert set(lines) == {""}
        _, log = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0
    assert "Cancel" not in log


def test_a_port_in_use_is_told_in_one_sentence(tmp_path: Path) -> None:
    with listen("127.0.0.1", 0) as taken:
        port = str(taken.getsockname()[1])
        with serving(tmp_path / "home", HUB_PORT=port) as process:
            output, log = process.communicate(timeout=PATIENCE)
    assert process.returncode == 1
    assert output == ""
    assert log == f"Port {port} of 127.0.0.1 is in use already; stop the program that uses it, or set HUB_PORT.\n"
    assert not (tmp_path / "home").exists()


def test_a_database_that_cannot_be_used_is_told_in_one_sentence(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.db"
    wrong.write_bytes(b"this is no database " * 100)
    with serving(tmp_path / "home", HUB_DATABASE_URL=f"sqlite:///{wrong}") as process:
        _, log = process.communicate(timeout=PATIENCE)
    assert process.returncode == 1
    assert str(wrong) in log
    assert log.endswith("restore the last backup.\n")
    assert len(log.splitlines()) == 1


def test_it_warns_where_others_can_listen_in(tmp_path: Path) -> None:
    with serving(tmp_path / "home", HUB_HOST="0.0.0.0") as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.send_signal(signal.SIGTERM)
        _, log = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0
    assert "over plain HTTP" in log


@pytest.mark.parametrize(
    ("host", "port", "told"),
    [
        ("no such host", 0, "HUB_HOST names no address"),
        ("192.0.2.1", 0, "is no address of this machine"),
        ("x" * 70, 0, "HUB_HOST names no address"),
    ],
)
def test_an_address_that_cannot_be_listened_on_is_told(host: str, port: int, told: str) -> None:
    with pytest.raises(SettingsError, match=told):
        listen(host, port)


def test_a_port_that_needs_rights_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(listener: socket.socket, address: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(socket.socket, "bind", refuse)
    with pytest.raises(SettingsError, match="set HUB_PORT to a port above 1023"):
        listen("127.0.0.1", 80)


def test_the_address_is_given_as_people_type_it() -> None:
    with listen("127.0.0.1", 0) as listener:
        assert address_of(listener) == f"http://127.0.0.1:{listener.getsockname()[1]}"
        assert is_loopback(listener)
