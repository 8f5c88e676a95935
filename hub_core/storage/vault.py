"""Credentials at rest: encrypted with AES-256-GCM, each bound to its owner.

The keys are texts of at least 32 characters that somebody drew at random; HKDF-SHA256 makes of each the 32 bytes that
AES takes. A token is `v1.KEY.DATA`: the first 8 hexadecimal digits of the SHA-256 of the derived key, and nonce and
ciphertext as URL-safe base64.
"""

from __future__ import annotations

import base64
import binascii
import os
import re
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from hub_core.domain.errors import SettingsError, VaultError
from hub_core.storage.keyfile import SHORTEST, key_in

_VERSION: Final = "v1"
_NONCE_BYTES: Final = 12
_KEY_ID: Final = re.compile(r"[0-9a-f]{8}")


class Vault:
    """Encrypts with the first of its keys and decrypts with any. Raises SettingsError for keys that are none."""

    __slots__ = ("_ciphers", "_first")

    def __init__(self, keys: Sequence[str]) -> None:
        if not keys:
            raise SettingsError("There is no key for the stored credentials; give at least one.")
        derived = [_derived(key) for key in keys]
        self._first = _id_of(derived[0])
        self._ciphers = {_id_of(key): AESGCM(key) for key in derived}

    @classmethod
    def open(cls, home: Path, secret_keys: str | None) -> Vault:
        """Take the keys of HUB_SECRET_KEYS, else the key file in *home*, which is made at the first start.

        Raises SettingsError where neither can be used.
        """
        if secret_keys is None:
            return cls([key_in(home)])
        keys = [key.strip() for key in secret_keys.split(",") if key.strip()]
        if not keys:
            raise SettingsError("HUB_SECRET_KEYS is empty; give it at least one key, or remove it to use a key file.")
        return cls(keys)

    def __repr__(self) -> str:
        return "<Vault>"

    def seals_with_first(self, token: str) -> bool:
        """Tell whether *token* was made with the key that encrypts now."""
        return token.startswith(f"{_VERSION}.{self._first}.")

    def encrypt(self, plain: str, owner: str) -> str:
        """Give a token of *plain* that opens only for this *owner*, such as 'integration:7:credentials'."""
        nonce = os.urandom(_NONCE_BYTES)
        data = self._ciphers[self._first].encrypt(nonce, plain.encode(), _bound_to(self._first, owner))
        return f"{_VERSION}.{self._first}.{base64.urlsafe_b64encode(nonce + data).decode()}"

    def decrypt(self, token: str, owner: str) -> str:
        """Give the text again. Raises VaultError where the key is not at hand, or the token is altered or another's."""
        key, data = _parts(token)
        if key not in self._ciphers:
            raise VaultError(
                f"The credentials were stored with the key {_named(key)}, which is not at hand. Put that key back "
                "into HUB_SECRET_KEYS or the key file and start the hub again, or enter the credentials again."
            )
        try:
            plain = self._ciphers[key].decrypt(data[:_NONCE_BYTES], data[_NONCE_BYTES:], _bound_to(key, owner))
        except InvalidTag:
            raise VaultError from None
        return plain.decode()


def _named(key: str) -> str:
    """Name a key by what a token says of it, which may be anything once the row was tampered with."""
    return key if _KEY_ID.fullmatch(key) else "of no proper name"


def _parts(token: str) -> tuple[str, bytes]:
    try:
        version, key, text = token.split(".")
        data = base64.b64decode(text.encode(), altchars=b"-_", validate=True)
    except (ValueError, binascii.Error):
        raise VaultError from None
    one_spelling = base64.urlsafe_b64encode(data).decode() == text
    if version != _VERSION or not one_spelling or len(data) <= _NONCE_BYTES:
        raise VaultError
    return key, data


def _bound_to(key: str, owner: str) -> bytes:
    return f"{_VERSION}.{key}.{owner}".encode()


def _derived(key: str) -> bytes:
    if len(key) < SHORTEST:
        raise SettingsError(
            f"A key for the stored credentials has {len(key)} characters, but must have at least {SHORTEST}. "
            "`openssl rand -base64 32` makes a good one."
        )
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=b"hub credentials").derive(
        key.encode(errors="surrogateescape")
    )


def _id_of(key: bytes) -> str:
    return sha256(key).hexdigest()[:8]
