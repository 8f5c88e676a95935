"""What holds for every command: errors, streams, exit codes, and a quick start."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import HubCommand
from tests.cli.processes import HUB, started
from tests.toyshop.shop import Shop

HEAVY = {"pydantic", "pydantic_settings", "sqlalchemy", "alembic", "httpx", "fastapi", "uvicorn", "rich", "structlog"}


def test_help_loads_none_of_what_commands_need() -> None:
    script = (
        "import sys\nfrom hub_core.cli import main\n"
        "try:\n    main(['--help'])\n"
        "except SystemExit:\n    print('LOADED', *{name.split('.')[0] for name in sys.modules})\n"
    )
    out = subprocess.run((sys.executable, "-c", script), capture_output=True, text=True, check=True).stdout
    assert "Usage: hub" in out
    loaded = set(out.splitlines()[-1].split()) - {"LOADED"}
    assert "typer" in loaded
    assert not loaded & HEAVY


def test_without_arguments_the_commands_are_listed(hub: HubCommand) -> None:
    ended = hub()
    assert ended.code == 2
    assert "integrations  List, add and change" in ended.out + ended.err


@pytest.mark.parametrize(
    "arguments", [("frob",), ("orders", "show", "x"), ("sync", "--returns"), ("orders", "--since", "x")]
)
def test_wrong_usage_ends_with_2(hub: HubCommand, arguments: tuple[str, ...]) -> None:
    ended = hub(*arguments)
    assert (ended.code, ended.out) == (2, "")
    assert "Error: " in ended.err


@pytest.mark.parametrize(
    ("variable", "said"),
    [
        ("HUB_FOO=1", "There is no setting HUB_FOO"),
        ("HUB_PORT=many", "HUB_PORT cannot be used"),
        ("HUB_DATABASE_URL=mysql://x", "HUB_DATABASE_URL is not understood"),
        ("HUB_DATABASE_URL=no address", "HUB_DATABASE_URL is not understood"),
        ("HUB_HOME=/proc/hub", "The folder /proc/hub cannot be made"),
        ("HUB_DATABASE_URL=postgresql+psycopg://u:s3cret@127.0.0.1:1/x", "does not answer"),
    ],
)
@pytest.mark.parametrize("command", ["orders", "database upgrade"])
def test_wrong_settings_are_said_in_a_sentence(
    hub: HubCommand, monkeypatch: pytest.MonkeyPatch, variable: str, said: str, command: str
) -> None:
    monkeypatch.setenv(*variable.split("=", 1))
    ended = hub(*command.split())
    assert (ended.code, ended.out) == (1, "")
    assert said in ended.err
    assert len(ended.err.splitlines()) == 1
    assert "s3cret" not in ended.err


def test_an_env_file_that_cannot_be_read_is_said_in_a_sentence(hub: HubCommand) -> None:
    Path(".env").write_bytes(b"HUB_PORT=\xff\xfe")
    ended = hub("settings")
    assert (ended.code, ended.out) == (1, "")
    assert ".env" in ended.err
    assert len(ended.err.splitlines()) == 1


def test_a_file_that_is_no_database_is_said_in_a_sentence(hub: HubCommand, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("bad.db").write_text("this is no database, but long enough to be looked at as one" * 20)
    monkeypatch.setenv("HUB_DATABASE_URL", "sqlite:///bad.db")
    ended = hub("orders")
    assert (ended.code, ended.out) == (1, "")
    assert len(ended.err.splitlines()) == 1


def test_an_error_cannot_steer_the_terminal(hub: HubCommand) -> None:
    ended = hub("integrations", "show", "\x1b[2J")
    assert ended.code == 1
    assert "\x1b" not in ended.err


def test_several_wrong_fields_are_all_named(hub: HubCommand, tmp_path: Path) -> None:
    file = tmp_path / "c.json"
    file.write_text("{}")
    file.chmod(0o600)
    ended = hub(
        *("integrations", "add", "keyshop", "--name", "Cave", "--set", "shop=x", "--credentials-file", file),
    )
    assert ended.code == 1
    assert "user" in ended.err
    assert "password" in ended.err


def test_a_reader_that_goes_away_is_no_matter() -> None:
    with started("settings", stderr=subprocess.PIPE) as child:
        assert child.stdout is not None
        child.stdout.close()
        assert child.stderr is not None
        assert child.stderr.read() == ""
        assert child.wait() == 1


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no output that is always full")
def test_an_output_that_cannot_be_written_is_told_in_a_sentence() -> None:
    with Path("/dev/full").open("wb") as full:
        ended = subprocess.run((*HUB, "settings"), stdout=full, stderr=subprocess.PIPE, check=False, text=True)
    assert ended.returncode == 1
    assert ended.stderr.startswith("What was to be printed cannot be written (")
    assert len(ended.stderr.splitlines()) == 1


def test_ctrl_c_ends_it_quietly_with_130(connected: Shop) -> None:
    with started("events", "--follow", "--after", "0", "--json", stderr=subprocess.PIPE) as child:
        assert child.stdout is not None
        assert json.loads(child.stdout.readline())["id"] == 1
        child.send_signal(signal.SIGINT)
        _, told = child.communicate()
    assert (child.returncode, told) == (130, "")


def test_letters_that_the_output_cannot_bear_are_escaped() -> None:
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    for options in ((), ("--json",)):
        made = subprocess.run(
            (*HUB, "settings", *options),
            env={**environment, "HUB_HOME": "/tmp/čeněk"},  # noqa: S108 - nothing is written there
            capture_output=True,
            check=True,
        )
        assert b"\\u010den\\u011bk" in made.stdout or b"\\u010dene\\u030ck" in made.stdout


def test_the_shell_completes_commands(hub: HubCommand, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("_HUB_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", "hub integrations re")
    monkeypatch.setenv("COMP_CWORD", "2")
    ended = hub()
    assert (ended.code, ended.out.split()) == (0, ["reauthorise", "rename", "remove"])
