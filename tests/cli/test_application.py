"""`hub application set`."""

import asyncio
from pathlib import Path

import pytest

from hub_core import Hub
from hub_core.cli import fields
from tests.cli.conftest import HubCommand


@pytest.fixture
def key(tmp_path: Path) -> Path:
    path = tmp_path / "key.txt"
    path.write_text("s3cret\n")
    path.chmod(0o600)
    return path


def _stored() -> dict[str, str]:
    async def stored() -> dict[str, str]:
        async with Hub.open() as hub:
            return await hub.applications.stored("keyshop")

    return asyncio.run(stored())


def test_keys_are_stored_secrets_from_a_file(hub: HubCommand, key: Path) -> None:
    ended = hub("application", "set", "keyshop", "--set", "public_key=p=1", "--secret-file", f"private_key={key}")
    assert (ended.code, ended.err) == (0, "")
    assert _stored() == {"public_key": "p=1", "private_key": "s3cret"}


def test_what_is_not_given_stays_as_it_is(hub: HubCommand, key: Path) -> None:
    hub("application", "set", "keyshop", "--set", "public_key=p", "--secret-file", f"private_key={key}")
    assert hub("application", "set", "keyshop", "--set", "public_key=q").code == 0
    assert _stored() == {"public_key": "q", "private_key": "s3cret"}


def test_a_secret_is_never_taken_as_an_argument(hub: HubCommand) -> None:
    ended = hub("application", "set", "keyshop", "--set", "public_key=p", "--set", "private_key=s3cret")
    assert ended.code == 2
    assert "--secret-file private_key=FILE" in ended.err
    assert "s3cret" not in ended.err
    assert _stored() == {}


def test_a_missing_secret_is_named_where_nobody_can_be_asked(hub: HubCommand) -> None:
    ended = hub("application", "set", "keyshop", "--set", "public_key=p")
    assert ended.code == 1
    assert "private_key" in ended.err


def test_on_a_terminal_the_missing_secret_is_asked_for(hub: HubCommand, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def prompt(title: str, **options: object) -> str:
        asked.append((title, options["hide_input"]))
        return "typed"

    monkeypatch.setattr(fields, "can_ask", lambda: True)
    monkeypatch.setattr("typer.prompt", prompt)
    assert hub("application", "set", "keyshop", "--set", "public_key=p").code == 0
    assert asked == [("Private key", True)]
    assert _stored() == {"public_key": "p", "private_key": "typed"}


def test_an_empty_secret_file_is_refused(hub: HubCommand, key: Path) -> None:
    key.write_text("\n")
    ended = hub("application", "set", "keyshop", "--set", "public_key=p", "--secret-file", f"private_key={key}")
    assert ended.code == 1
    assert "is empty" in ended.err


def test_a_secret_file_that_others_may_read_is_warned_of(hub: HubCommand, key: Path) -> None:
    key.chmod(0o644)
    ended = hub("application", "set", "keyshop", "--set", "public_key=p", "--secret-file", f"private_key={key}")
    assert ended.code == 0
    assert f"chmod 600 {key}" in ended.err


def test_a_channel_without_keys_says_so(hub: HubCommand) -> None:
    ended = hub("application", "set", "toyshop", "--set", "public_key=p")
    assert ended.code == 1
    assert "needs no application keys" in ended.err


@pytest.mark.parametrize("given", ["public_key", "=p"])
def test_what_is_no_pair_is_wrong_usage(hub: HubCommand, given: str) -> None:
    ended = hub("application", "set", "keyshop", "--set", given)
    assert ended.code == 2
    assert "is not KEY=VALUE" in ended.err


def test_a_key_given_twice_is_wrong_usage(hub: HubCommand) -> None:
    assert hub("application", "set", "keyshop", "--set", "public_key=1", "--set", "public_key=2").code == 2


def test_the_addresses_to_register_are_told(hub: HubCommand, key: Path) -> None:
    told = hub("application", "set", "keyshop", "--set", "public_key=p", "--secret-file", f"private_key={key}").out
    assert "http://127.0.0.1:8000/authorizations/keyshop" in told
    assert "/callbacks/" not in told
