"""Keeping secrets out of every text that leaves the hub: errors, logs, rejects."""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Iterable, Iterator
from typing import Any, get_args
from urllib.parse import quote, quote_plus

from pydantic import BaseModel, SecretStr

BLANK = "***"
_SHORTEST_ENCODED = 4
"""Shorter secrets are only looked for as they are: their encodings are found in any text."""


def secret_fields(model: type[BaseModel]) -> tuple[str, ...]:
    """Name the fields of *model* whose values are secrets."""
    return tuple(name for name, field in model.model_fields.items() if SecretStr in _types_in(field.annotation))


def _types_in(annotation: Any) -> tuple[Any, ...]:
    return (annotation, *(inner for part in get_args(annotation) for inner in _types_in(part)))


class Redactor:
    """Replaces secrets in texts, whether plain, base64, hex, URL-encoded or escaped for JSON or HTML."""

    def __init__(self, secrets: Iterable[str]) -> None:
        forms = sorted({form for secret in secrets if secret for form in _forms(secret)}, key=len, reverse=True)
        self._forms = re.compile("|".join(map(re.escape, forms)), re.IGNORECASE) if forms else None

    def __repr__(self) -> str:
        """Show nothing of what is kept secret."""
        return "Redactor(...)"

    def __call__(self, text: str) -> str:
        """Give *text* without the secrets."""
        return self._forms.sub(BLANK, text) if self._forms else text


def _forms(secret: str) -> Iterator[str]:
    yield secret
    if len(secret) < _SHORTEST_ENCODED:
        return
    raw = secret.encode()
    yield from (quote(secret), quote(secret, safe=""), quote_plus(secret), html.escape(secret), raw.hex())
    yield from (json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1])
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        yield from _base64_cores(
            raw, encode(raw).decode(), encode(b"\0" + raw).decode(), encode(b"\0\0" + raw).decode()
        )


def _base64_cores(raw: bytes, *encoded: str) -> Iterator[str]:
    """Cut what depends on the bytes before or after the secret, so that it is found inside a longer text as well."""
    for offset, text in enumerate(encoded):
        first = -(-offset * 8 // 6)
        yield text[first : (offset + len(raw)) * 8 // 6]
