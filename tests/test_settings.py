"""The hub's own settings."""

import os
from pathlib import Path

import pytest
from pydantic import ValidationError

from hub_core.domain.errors import SettingsError
from hub_core.settings import HubSettings


def test_without_any_setting_everything_lies_in_one_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HUB_HOME")
    monkeypatch.setenv("HOME", "/home/somebody")
    settings = HubSettings.load()
    assert settings.home == Path("/home/somebody/.hub")
    assert settings.url == "sqlite:////home/somebody/.hub/hub.db"
    assert (settings.host, settings.port, settings.address) == ("127.0.0.1", 8000, "http://127.0.0.1:8000")
    assert (settings.allow_private_network, settings.channels, settings.log_format) == (False, None, None)


def test_each_setting_can_be_made_by_a_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "HUB_HOME": "~/elsewhere",
        "HUB_DATABASE_URL": "postgresql+psycopg://me:hush@host/hub",
        "HUB_SECRET_KEYS": "hush",
        "HUB_HOST": "0.0.0.0",
        "HUB_PORT": "80",
        "HUB_PUBLIC_URL": "https://hub.example/",
        "HUB_ALLOW_PRIVATE_NETWORK": "1",
        "HUB_CHANNELS": " one, two ,",
        "HUB_LOG_FORMAT": "json",
    }.items():
        monkeypatch.setenv(name, value)
    settings = HubSettings.load()
    assert settings.url == "postgresql+psycopg://me:hush@host/hub"
    assert settings.home == Path("~/elsewhere").expanduser()
    assert (settings.host, settings.port, settings.address) == ("0.0.0.0", 80, "https://hub.example")
    assert (settings.allow_private_network, settings.channels, settings.log_format) == (True, ("one", "two"), "json")
    assert "hush" not in repr(settings)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HUB_PORT", "many"),
        ("HUB_PORT", "65536"),
        ("HUB_ALLOW_PRIVATE_NETWORK", "perhaps"),
        ("HUB_LOG_FORMAT", "xml"),
    ],
)
def test_a_value_that_cannot_be_used_is_told_with_its_variable(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=f"{name} cannot be used: .*Change it or leave it out"):
        HubSettings.load()


@pytest.mark.parametrize("name", ["HUB_DATABASE", "hub_hots", "HUB_"])
def test_a_misspelt_setting_is_told_and_the_right_ones_are_named(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "x")
    with pytest.raises(SettingsError, match=f"There is no setting {name}; the settings are .*HUB_DATABASE_URL"):
        HubSettings.load()


def test_settings_are_also_read_from_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OTHER", "THREEDCART_RATE"):  # taken over from the file, so to be taken back
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    (tmp_path / ".env").write_text("HUB_PORT=9000\nHUB_HOST=file\nOTHER=1\nTHREEDCART_RATE=0\n")
    monkeypatch.setenv("HUB_HOST", "variable")
    settings = HubSettings.load()
    assert (settings.port, settings.host) == (9000, "variable")


def test_a_misspelt_setting_in_the_file_is_told_too(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("HUB_PROT=9000\n")
    with pytest.raises(SettingsError, match="There is no setting HUB_PROT"):
        HubSettings.load()


def test_a_value_in_the_file_that_cannot_be_used_is_told_with_its_variable(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("HUB_PORT=many\n")
    with pytest.raises(SettingsError, match="HUB_PORT cannot be used"):
        HubSettings.load()


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"HUB_HOST=\xff\xfe\n", r"\.env cannot be read"),
        (b"HUB_PORT=1\nno line of settings\n", r"Line 2 of the file \.env cannot be read; write NAME=VALUE"),
    ],
    ids=["not text", "no settings"],
)
def test_a_file_that_cannot_be_read_is_told(tmp_path: Path, content: bytes, told: str) -> None:
    (tmp_path / ".env").write_bytes(content)
    with pytest.raises(SettingsError, match=told):
        HubSettings.load()


def test_a_folder_of_that_name_holds_no_settings(tmp_path: Path) -> None:
    (tmp_path / ".env").mkdir()
    assert HubSettings.load().port == 8000


def test_settings_do_not_change() -> None:
    settings = HubSettings()
    with pytest.raises(ValidationError):
        settings.port = 1  # type: ignore[misc] # that is the point


def test_a_line_of_the_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text('HUB_PORT=8001\nHUB_HOST="unclosed\n')
    with pytest.raises(SettingsError, match=r"Line 2 of the file \.env cannot be read"):
        HubSettings.load()


def test_a_misspelt_setting_in_the_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("HUB_PROT=8001\n")
    with pytest.raises(SettingsError, match="There is no setting HUB_PROT"):
        HubSettings.load()


def test_what_is_not_the_hubs_own_is_passed_on_to_channels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THREEDCART_RATE", "0")
    monkeypatch.delenv("THREEDCART_API_URL", raising=False)
    (tmp_path / ".env").write_text("THREEDCART_RATE=5/1\nTHREEDCART_API_URL=http://127.0.0.1:1\nHUB_PORT=8001\n")
    HubSettings.load()
    assert (os.environ["THREEDCART_RATE"], os.environ["THREEDCART_API_URL"]) == ("0", "http://127.0.0.1:1")
    assert "HUB_PORT" not in os.environ
