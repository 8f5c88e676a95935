"""`hub keys`."""

from pathlib import Path

import pytest

from tests.cli.conftest import HubCommand
from tests.toyshop.shop import Shop

NEW = "a-new-key-of-more-than-32-characters"


def test_without_secrets_there_is_nothing_to_encrypt(hub: HubCommand) -> None:
    ended = hub("keys", "rotate")
    assert (ended.code, ended.out) == (0, "Nothing is stored that would be encrypted.\n")


def test_the_key_is_changed_from_that_of_the_file_to_a_new_one(
    hub: HubCommand, connected: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = hub("keys", "rotate")
    assert ended.code == 0
    assert "All are encrypted with the first key already (1 secret). To change the key, put a new one" in ended.out
    old = (tmp_path / "home" / "secret.key").read_text().strip()
    monkeypatch.setenv("HUB_SECRET_KEYS", f"{NEW},{old}")
    ended = hub("keys", "rotate")
    assert (ended.code, ended.err) == (0, "")
    assert ended.out == "1 secret encrypted anew with the first key, 0 already were.\n"
    monkeypatch.setenv("HUB_SECRET_KEYS", NEW)
    assert hub("keys", "rotate", "--json").json == {"anew": 0, "already": 1, "unreadable": []}
    assert hub("integrations", "verify", "Corner").code == 0


def test_what_no_key_opens_is_named_and_fails(
    hub: HubCommand, connected: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HUB_SECRET_KEYS", NEW)
    ended = hub("keys", "rotate")
    assert (ended.code, ended.out) == (1, "")
    assert "Not encrypted anew: the credentials of 'Corner'. The credentials were stored with the key" in ended.err
    assert "stays as it is" in ended.err
    (unreadable,) = hub("keys", "rotate", "--json").json["unreadable"]
    assert unreadable["name"] == "the credentials of 'Corner'"
