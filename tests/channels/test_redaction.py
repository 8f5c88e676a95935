"""Secrets are found in texts in whatever way they are written."""

import base64
import html
import json
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub_core.channels.redaction import Redactor

SECRETS = ("7f3c9a1e5b2d4c6f8a0b1c2d3e4f5a6b", 'pä"ss w/ö+rd\\=<&>')
WAYS: dict[str, Callable[[str], str]] = {
    "plain": str,
    "lower": str.lower,
    "hex": lambda secret: secret.encode().hex(),
    "HEX": lambda secret: secret.encode().hex().upper(),
    "base64": lambda secret: base64.b64encode(secret.encode()).decode().rstrip("="),
    "base64 of more": lambda secret: base64.b64encode(b"user:" + secret.encode() + b"!").decode(),
    "base64 for addresses": lambda secret: base64.urlsafe_b64encode(b"x" + secret.encode()).decode(),
    "address": quote,
    "whole address": lambda secret: quote(secret, safe=""),
    "form": quote_plus,
    "json": json.dumps,
    "html": html.escape,
}


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("way", WAYS)
def test_a_secret_is_redacted_however_it_is_written(secret: str, way: str) -> None:
    written = WAYS[way](secret)
    redacted = Redactor(SECRETS)(f"before {written} after")
    assert redacted.startswith("before ")
    assert redacted.endswith(" after")
    assert "***" in redacted
    assert len(redacted) < len("before  after") + 15


@given(text=st.text())
def test_a_text_without_secrets_stays_as_it_is(text: str) -> None:
    assert Redactor(())(text) == text
    assert Redactor(("",))(text) == text


def test_a_short_secret_is_redacted_as_it_is() -> None:
    assert Redactor(("ab",))("cab, 6162") == "c***, 6162"


def test_a_redactor_shows_no_secret_of_its_own() -> None:
    assert SECRETS[0] not in repr(Redactor(SECRETS))
