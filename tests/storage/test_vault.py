"""Credentials at rest, and the key file."""

import logging
import os
import stat
import subprocess
import sys
from base64 import urlsafe_b64decode, urlsafe_b64encode
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from pathlib import Path
from string import ascii_letters, digits
from subprocess import PIPE
from threading import Barrier

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub_core.domain.errors import SettingsError, StorageError, VaultError
from hub_core.storage import keyfile
from hub_core.storage.vault import Vault

OLD = "old-" + "o" * 40
NEW = "new-" + "n" * 40
OWNER = "integration:7:credentials"

VAULT = Vault([NEW, OLD])


@given(plain=st.text(), owner=st.text())
def test_what_was_encrypted_comes_back_exactly(plain: str, owner: str) -> None:
    assert VAULT.decrypt(VAULT.encrypt(plain, owner), owner) == plain


@given(owner=st.text(), other=st.text())
def test_a_token_opens_for_its_owner_only(owner: str, other: str) -> None:
    token = VAULT.encrypt("hush-hush", owner)
    if other == owner:
        assert VAULT.decrypt(token, other) == "hush-hush"
    else:
        with pytest.raises(VaultError, match="not this integration's, so they cannot be read; authorise it again"):
            VAULT.decrypt(token, other)


@given(at=st.integers(min_value=0), sign=st.characters(codec="ascii"))
def test_a_token_that_was_altered_anywhere_does_not_open(at: int, sign: str) -> None:
    token = VAULT.encrypt("hush", OWNER)
    at %= len(token)
    altered = token[:at] + sign + token[at + 1 :]
    if altered != token:
        with pytest.raises(VaultError):
            VAULT.decrypt(altered, OWNER)


def test_no_second_spelling_of_a_token_opens() -> None:
    token = VAULT.encrypt("hush", OWNER)
    assert token.endswith("=")
    spellings = {f"{token[:-2]}{sign}=" for sign in ascii_letters + digits + "-_"} - {token}
    for spelling in [*spellings, token + "=", token.rstrip("="), token + "\n", " " + token]:
        with pytest.raises(VaultError):
            VAULT.decrypt(spelling, OWNER)


@given(token=st.text())
def test_what_is_no_token_does_not_open(token: str) -> None:
    with pytest.raises(VaultError):
        VAULT.decrypt(token, OWNER)


def test_the_same_text_gives_another_token_each_time() -> None:
    assert VAULT.encrypt("hush", OWNER) != VAULT.encrypt("hush", OWNER)


def test_a_token_does_not_show_the_text() -> None:
    assert "hush" not in VAULT.encrypt("hush-hush", OWNER)


def test_the_first_key_encrypts_and_all_decrypt() -> None:
    old, new = Vault([OLD]).encrypt("a", OWNER), VAULT.encrypt("b", OWNER)
    assert (VAULT.decrypt(old, OWNER), VAULT.decrypt(new, OWNER)) == ("a", "b")
    assert Vault([NEW]).decrypt(new, OWNER) == "b"


def test_a_key_that_is_not_at_hand_is_named_and_the_remedy_too() -> None:
    token = Vault([OLD]).encrypt("a", OWNER)
    with pytest.raises(VaultError, match=rf"with the key {token.split('.')[1]}, which is not at hand. Put that key"):
        Vault([NEW]).decrypt(token, OWNER)


def test_tokens_of_today_open_in_all_later_versions() -> None:
    token = "v1.24b209fb.Ijs1oDC-RsSlPWl3wniYZ_w1OynK1zDpfTLCnkq0HhMyv9ZfDg=="
    assert Vault([OLD]).decrypt(token, OWNER) == "hush-hush"


def test_a_vault_error_is_an_error_of_storage() -> None:
    assert issubclass(VaultError, StorageError)


def test_a_vault_shows_nothing_of_its_keys() -> None:
    assert repr(VAULT) == str(VAULT) == "<Vault>"


@pytest.mark.parametrize("keys", [[], ["short"], [NEW, "x" * 31]])
def test_keys_that_are_none_are_refused(keys: list[str]) -> None:
    with pytest.raises(SettingsError):
        Vault(keys)


def test_a_key_that_is_refused_is_not_repeated() -> None:
    with pytest.raises(SettingsError, match="has 11 characters, but must have at least 32") as caught:
        Vault(["hush-hush-x"])
    assert "hush" not in str(caught.value)


def test_keys_of_the_settings_win_and_no_file_is_made(tmp_path: Path) -> None:
    token = Vault.open(tmp_path, f" {NEW} , {OLD},").encrypt("a", OWNER)
    assert Vault([NEW]).decrypt(token, OWNER) == "a"
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("keys", ["", " , "])
def test_empty_settings_are_no_reason_to_make_a_file(tmp_path: Path, keys: str) -> None:
    with pytest.raises(SettingsError, match="HUB_SECRET_KEYS is empty"):
        Vault.open(tmp_path, keys)
    assert not list(tmp_path.iterdir())


def test_the_key_file_is_made_once_and_for_its_owner_only(tmp_path: Path) -> None:
    home = tmp_path / "new" / "hub"
    token = Vault.open(home, None).encrypt("a", OWNER)
    assert Vault.open(home, None).decrypt(token, OWNER) == "a"
    (file,) = home.iterdir()
    assert file.name == "secret.key"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_two_hubs_have_two_keys(tmp_path: Path) -> None:
    token = Vault.open(tmp_path / "one", None).encrypt("a", OWNER)
    with pytest.raises(VaultError):
        Vault.open(tmp_path / "other", None).decrypt(token, OWNER)


def test_those_who_make_the_key_file_at_the_same_time_end_with_the_same_key(tmp_path: Path) -> None:
    many = 8
    for attempt in range(20):
        home = tmp_path / str(attempt)
        start = Barrier(many)

        def open_together(home: Path = home, start: Barrier = start) -> Vault:
            start.wait()
            return Vault.open(home, None)

        with ThreadPoolExecutor(many) as threads:
            vaults = [each.result() for each in [threads.submit(open_together) for _ in range(many)]]
        token = vaults[0].encrypt("a", OWNER)
        assert {vault.decrypt(token, OWNER) for vault in vaults} == {"a"}
        assert [file.name for file in home.iterdir()] == ["secret.key"]


def test_a_key_file_that_appears_meanwhile_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "secret.key").write_text(OLD)
    (tmp_path / "secret.key").chmod(0o600)
    monkeypatch.setattr(Path, "exists", lambda _: False)
    assert Vault([OLD]).decrypt(Vault.open(tmp_path, None).encrypt("a", OWNER), OWNER) == "a"
    assert (tmp_path / "secret.key").read_text() == OLD


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "is empty"),
        (b" \n", "is empty"),
        (b"half-a-key", "is damaged"),
        (f"{OLD}\n{NEW}\n".encode(), "is damaged"),
        (b"k" * 5000, "is damaged"),
        (b"\xff\xfe" * 40, r"cannot be read \(it is no text\)"),
    ],
)
def test_a_broken_key_file_is_refused_and_left_alone(tmp_path: Path, content: bytes, reason: str) -> None:
    file = tmp_path / "secret.key"
    file.write_bytes(content)
    file.chmod(0o600)
    with pytest.raises(SettingsError, match=rf"The key file .*secret\.key {reason}.*Put back a copy"):
        Vault.open(tmp_path, None)
    assert file.read_bytes() == content


def test_a_key_file_that_cannot_be_opened_is_refused(tmp_path: Path) -> None:
    (tmp_path / "secret.key").mkdir()
    with pytest.raises(SettingsError, match=r"secret\.key cannot be read \("):
        Vault.open(tmp_path, None)


def test_a_home_that_is_no_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("")
    with pytest.raises(SettingsError, match=r"secret\.key cannot be made \(.*HUB_HOME name another one"):
        Vault.open(tmp_path / "home", None)


def test_a_disk_that_takes_no_key_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(source: str, target: Path) -> None:
        raise OSError(30, "Read-only file system", target)

    monkeypatch.setattr(os, "link", refuse)
    with pytest.raises(SettingsError, match=r"cannot be made \(Read-only file system\)"):
        Vault.open(tmp_path, None)
    assert not list(tmp_path.iterdir())


def test_a_key_file_that_others_can_open_is_used_with_a_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    Vault.open(tmp_path, None)
    (tmp_path / "secret.key").chmod(0o640)
    with caplog.at_level(logging.WARNING, logger="hub_core.storage"):
        Vault.open(tmp_path, None)
    assert "keep it out with `chmod 600`" in caplog.text


@pytest.mark.parametrize("mode", [0o604, 0o602, 0o644, 0o666])
def test_a_key_file_that_everybody_can_open_is_refused(tmp_path: Path, mode: int) -> None:
    Vault.open(tmp_path, None)
    (tmp_path / "secret.key").chmod(mode)
    with pytest.raises(SettingsError, match=r"Everybody on this machine can open .* with `chmod 600"):
        Vault.open(tmp_path, None)


@pytest.mark.parametrize(("me", "owner", "fits"), [(0, 7, True), (7, 7, True), (7, 0, True), (7, 8, False)])
def test_a_key_file_that_somebody_else_has_put_there_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, me: int, owner: int, fits: bool
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: me)
    status = os.stat_result((0o100600, 0, 0, 1, owner, 0, 0, 0, 0, 0))
    with nullcontext() if fits else pytest.raises(SettingsError, match="belongs to another user"):
        keyfile._check_access(tmp_path / "secret.key", status)


def test_two_processes_that_start_together_agree_on_one_key(tmp_path: Path) -> None:
    code = (
        "import sys, pathlib; from hub_core.storage.vault import Vault; sys.stdin.read();"
        "print(Vault.open(pathlib.Path(sys.argv[1]), None).encrypt('a', 'me'))"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "home")]
    children = [subprocess.Popen(command, stdin=PIPE, stdout=PIPE, text=True) for _ in range(3)]
    for child in children:
        assert child.stdin is not None
        child.stdin.close()
        child.stdin = None
    tokens = [child.communicate()[0].strip() for child in children]
    vault = Vault.open(tmp_path / "home", None)
    assert [vault.decrypt(token, "me") for token in tokens] == ["a"] * 3


@given(cut=st.integers(min_value=1))
def test_a_token_that_was_cut_does_not_open(cut: int) -> None:
    token = VAULT.encrypt("hush", OWNER)
    with pytest.raises(VaultError):
        VAULT.decrypt(token[: -(cut % len(token) or 1)], OWNER)


@given(bit=st.integers(min_value=0))
def test_a_single_bit_that_is_flipped_is_found(bit: int) -> None:
    version, key, text = VAULT.encrypt("hush", OWNER).split(".")
    data = bytearray(urlsafe_b64decode(text))
    data[bit // 8 % len(data)] ^= 1 << bit % 8
    with pytest.raises(VaultError):
        VAULT.decrypt(f"{version}.{key}.{urlsafe_b64encode(data).decode()}", OWNER)


@given(keys=st.lists(st.text(min_size=32), min_size=2, max_size=4, unique=True), plain=st.text())
def test_each_of_several_keys_opens_what_it_sealed_and_no_other_does(keys: list[str], plain: str) -> None:
    tokens = [Vault([key]).encrypt(plain, OWNER) for key in keys]
    together = Vault(keys)
    assert [together.decrypt(token, OWNER) for token in tokens] == [plain] * len(keys)
    assert [together.seals_with_first(token) for token in tokens] == [True] + [False] * (len(keys) - 1)
    with pytest.raises(VaultError):
        Vault(keys[:1]).decrypt(tokens[1], OWNER)


def test_a_token_whose_key_was_renamed_does_not_open() -> None:
    version, key, text = Vault([NEW]).encrypt("hush", OWNER).split(".")
    _, other, _ = Vault([OLD]).encrypt("hush", OWNER).split(".")
    assert key != other
    with pytest.raises(VaultError):
        VAULT.decrypt(f"{version}.{other}.{text}", OWNER)


def test_what_stands_where_a_key_is_named_is_not_repeated() -> None:
    with pytest.raises(VaultError, match="the key of no proper name") as caught:
        VAULT.decrypt(f"v1.hush\x1b[2J.{urlsafe_b64encode(bytes(40)).decode()}", OWNER)
    assert "hush" not in str(caught.value)
