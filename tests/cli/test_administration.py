"""`hub tokens`, `hub settings`, `hub database` and `hub serve`."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import get_args

import pytest

from hub_core.cli.tokens import Permission
from hub_core.domain.tokens import Scope
from hub_core.settings import HubSettings
from hub_core.storage.schema import HEAD
from tests.cli.conftest import HubCommand


def test_a_new_token_is_all_that_is_printed(hub: HubCommand) -> None:
    ended = hub("tokens", "create", "mine", "--scope", "write")
    assert ended.code == 0
    assert ended.out.startswith("hub_")
    assert len(ended.out.splitlines()) == 1
    assert "this once" in ended.err


def test_tokens_are_listed_without_their_secrets_and_revoked(hub: HubCommand) -> None:
    new = hub("tokens", "create", "mine", "--json").json
    assert new["scope"] == "read"
    listed = hub("tokens", "list").out
    assert "mine  read" in listed
    assert new["token"] not in listed + hub("tokens", "list", "--json").out
    assert hub("tokens", "revoke", "mine").out == "The token 'mine' is revoked.\n"
    assert hub("tokens", "list", "--json").json == []
    assert hub("tokens", "revoke", "mine").code == 1


def test_revoking_can_be_told_as_json(hub: HubCommand) -> None:
    hub("tokens", "create", "mine")
    assert hub("tokens", "revoke", "mine", "--json").json == {"revoked": "mine"}


def test_every_scope_can_be_given() -> None:
    assert get_args(Permission) == tuple(Scope)


def test_settings_in_force_are_printed_and_secrets_masked(hub: HubCommand, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUB_DATABASE_URL", "postgresql+psycopg://u:s3cret@db/hub?sslpassword=s3cret")
    monkeypatch.setenv("HUB_SECRET_KEYS", "s3cret")
    monkeypatch.setenv("HUB_PORT", "8123")
    ended = hub("settings")
    assert ended.code == 0
    assert "s3cret" not in ended.out
    shown = hub("settings", "--json").json
    assert shown["HUB_DATABASE_URL"].startswith("postgresql+psycopg://u:***@db/hub")
    assert "s3cret" not in str(shown)
    assert shown["HUB_PORT"] == 8123
    assert shown["HUB_PUBLIC_URL"] == "http://127.0.0.1:8123"


def test_no_setting_is_left_out(hub: HubCommand) -> None:
    assert set(hub("settings", "--json").json) == {f"HUB_{name.upper()}" for name in HubSettings.model_fields}


def test_settings_of_an_env_file_count(hub: HubCommand) -> None:
    Path(".env").write_text("HUB_PORT=8765\n")
    assert hub("settings", "--json").json["HUB_PORT"] == 8765


def test_a_database_is_made_checked_and_copied(hub: HubCommand, tmp_path: Path) -> None:
    assert hub("database", "upgrade").code == 0
    assert hub("database", "check").out == "The database is sound.\n"
    assert hub("database", "check", "--json").json == {"ok": True, "damage": []}
    copy, another = tmp_path / "copy.db", tmp_path / "another.db"
    assert hub("database", "backup", copy).code == 0
    assert hub("database", "backup", another, "--json").json == {"backup": str(another)}
    assert another.read_bytes()[:15] == b"SQLite format 3"
    assert hub("database", "upgrade", "--json").json == {"migration": HEAD}
    with closing(sqlite3.connect(copy)) as database:
        assert database.execute("SELECT count(*) FROM integrations").fetchone() == (0,)


def test_a_copy_never_takes_the_place_of_a_file(hub: HubCommand, tmp_path: Path) -> None:
    hub("database", "upgrade")
    (tmp_path / "copy.db").write_text("mine")
    ended = hub("database", "backup", tmp_path / "copy.db")
    assert ended.code == 1
    assert "is there already" in ended.err
    assert (tmp_path / "copy.db").read_text() == "mine"


@pytest.mark.parametrize("verb", [("check",), ("backup", "copy.db")])
def test_looking_at_a_database_that_is_not_there_makes_none(
    hub: HubCommand, tmp_path: Path, verb: tuple[str, ...]
) -> None:
    ended = hub("database", *verb)
    assert ended.code == 1
    assert "There is no database" in ended.err
    assert not (tmp_path / "home").exists()


def test_damage_is_named_and_fails(hub: HubCommand, tmp_path: Path) -> None:
    hub("integrations", "add", "keyshop", "--name", "Cave", "--set", "shop=x")
    hub("integrations", "rename", "Cave", "Den")
    hub("integrations", "rename", "Den", "Cave")
    with closing(sqlite3.connect(tmp_path / "home" / "hub.db")) as database:
        database.execute("DELETE FROM events WHERE id = 2")
        database.commit()
    ended = hub("database", "check")
    assert (ended.code, ended.out) == (1, "")
    assert "gaps" in ended.err
    assert hub("database", "check", "--json").json["ok"] is False


def test_serving_uses_the_settings_and_ends_with_its_code(hub: HubCommand, monkeypatch: pytest.MonkeyPatch) -> None:
    served = []

    def run(settings: HubSettings) -> int:
        served.append(settings.port)
        return 3

    monkeypatch.setattr("hub_core.web.serve.run", run)
    monkeypatch.setenv("HUB_PORT", "8124")
    assert hub("serve").code == 3
    assert served == [8124]
