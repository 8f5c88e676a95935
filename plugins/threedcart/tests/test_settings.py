from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from hub_core import InputError
from hub_threedcart.settings import (
    ThreeDCartApplication,
    ThreeDCartCredentials,
    ThreeDCartSettings,
    environment,
)


def _settings(**values: Any) -> ThreeDCartSettings:
    return ThreeDCartSettings.model_validate({"store_url": "https://shop.example.com", **values})


@pytest.mark.parametrize(
    "address",
    [
        "https://shop.example.com",
        "http://shop.example.com",
        "HTTPS://Shop.Example.com/",
        "shop.example.com",
        " www.shop.example.com ",
        "https://www.shop.example.com:443/",
        "http://shop.example.com.:80",
    ],
)
def test_a_store_has_one_key_however_its_address_is_typed(address: str) -> None:
    assert _settings(store_url=address).store_key == "shop.example.com"


def test_an_address_in_other_letters_is_the_same_store_as_its_form_in_the_network() -> None:
    typed, encoded = _settings(store_url="https://Müller.example"), _settings(store_url="xn--mller-kva.example")
    assert typed.store_key == encoded.store_key
    assert typed.secure_url == "https://xn--mller-kva.example"


@pytest.mark.parametrize(
    ("one", "other"),
    [("a.example", "b.example"), ("127.0.0.1:8001", "127.0.0.1:8002"), ("www.a.example", "m.a.example")],
)
def test_different_stores_have_different_keys(one: str, other: str) -> None:
    assert _settings(store_url=one).store_key != _settings(store_url=other).store_key


def test_the_address_is_sent_as_it_was_given() -> None:
    assert _settings(store_url=" https://Shop.example.com/ ").secure_url == "https://Shop.example.com/"


@pytest.mark.parametrize(
    "address",
    [
        "",
        "https://",
        "ftp://shop.example.com",
        "https://shop.example.com/admin",
        "https://shop.example.com?x=1",
        "https://user:secret@shop.example.com",
        "https://shop.example.com:99999",
        "https://shop .example.com",
        "https://shop..example.com",
        "https://[::1",
    ],
)
def test_what_is_no_store_address_is_refused_with_an_example(address: str) -> None:
    with pytest.raises(ValidationError, match=r"is no store address; give it as .*https://shop\.example\.com"):
        _settings(store_url=address)


@pytest.mark.parametrize(
    "name", ["-5", "EST5EDT8", "america/new_york", "New York", "../../etc/passwd", "", "localtime"]
)
def test_an_unknown_zone_is_refused_on_its_field(name: str) -> None:
    with pytest.raises(ValidationError, match="is no IANA time zone") as refused:
        _settings(timezone=name)
    assert [error["loc"] for error in refused.value.errors()] == [("timezone",)]


@pytest.mark.parametrize("code", ["$", "Dollar", "XXX", "usd", ""])
def test_an_unknown_currency_is_refused_on_its_field(code: str) -> None:
    with pytest.raises(ValidationError, match="is no currency") as refused:
        _settings(currency=code)
    assert [error["loc"] for error in refused.value.errors()] == [("currency",)]


def test_zone_currency_and_version_are_taken_as_given() -> None:
    settings = _settings(timezone="Europe/Paris", currency="EUR", api_version="v1")
    assert (settings.timezone, settings.currency, settings.api_version) == ("Europe/Paris", "EUR", "v1")
    assert _settings().api_version == "v2"


def test_a_token_is_taken_without_the_blanks_around_it() -> None:
    credentials = ThreeDCartCredentials.model_validate({"token": f" {'aB' * 16}\n"})
    assert credentials.token is not None
    assert credentials.token.get_secret_value() == "aB" * 16


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"token": "ab"}, "32 characters"),
        ({"token": "g" * 32}, "32 characters"),
        ({"access_token": "two words"}, "no access token"),
        ({}, "either a token or an access token"),
        ({"token": "ab" * 16, "access_token": "x"}, "either a token or an access token"),
        ({"token": "ab" * 16, "colour": "red"}, "Extra inputs"),
    ],
)
def test_credentials_that_open_nothing_are_refused(given: dict[str, str], problem: str) -> None:
    with pytest.raises(ValidationError, match=problem):
        ThreeDCartCredentials.model_validate(given)


def test_no_secret_is_shown() -> None:
    credentials = ThreeDCartCredentials.model_validate({"token": "ab" * 16, "private_key": "cd" * 16})
    application = ThreeDCartApplication.model_validate({"public_key": "12" * 16, "private_key": "cd" * 16})
    assert "ab" * 16 not in repr(credentials)
    assert "cd" * 16 not in repr(credentials) + repr(application)


def test_every_field_says_what_it_is_for() -> None:
    for model in (ThreeDCartSettings, ThreeDCartCredentials, ThreeDCartApplication):
        assert all(field.title and field.description for field in model.model_fields.values())


def test_without_variables_the_platforms_own_addresses_and_limit_hold() -> None:
    found = environment()
    assert found.api_url == "https://apirest.3dcart.com/3dCartWebAPI"
    assert found.oauth_url == "https://apirest.3dcart.com/oauth"
    assert (found.budget.depth, found.budget.per_second) == (48, 2)


def test_variables_replace_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THREEDCART_API_URL", "http://127.0.0.1:9000/3dCartWebAPI/")
    monkeypatch.setenv("THREEDCART_RATE", "10/0.5")
    assert environment().api_url == "http://127.0.0.1:9000/3dCartWebAPI"
    assert (environment().budget.depth, environment().budget.per_second) == (10, 0.5)


def test_a_rate_of_zero_is_no_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THREEDCART_RATE", "0")
    assert environment().budget.per_second == 0


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("THREEDCART_RATE", "fast"),
        ("THREEDCART_RATE", "48"),
        ("THREEDCART_RATE", "0/2"),
        ("THREEDCART_RATE", "48/0"),
        ("THREEDCART_RATE", "48/-1"),
        ("THREEDCART_API_URL", "apirest.3dcart.com"),
        ("THREEDCART_OAUTH_URL", "ftp://x"),
    ],
)
def test_a_variable_that_makes_no_sense_is_refused_by_name(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(InputError, match=f"{name} is '{value}'"):
        environment()
