"""What a store answered, and reading it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import msgspec

from hub_core.channels import jsontext
from hub_core.channels.scrub import Scrubber
from hub_core.domain.errors import ResponseError

_DOCUMENT: msgspec.json.Decoder[Any] = msgspec.json.Decoder(float_hook=Decimal)
_KEYS = Scrubber(
    (
        "access_token",
        "refresh_token",
        "id_token",
        "token",
        "private_key",
        "client_secret",
        "secret",
        "password",
        "apikey",
    )
)
"""Members that hold keys which a platform has only just made, so that nobody could name them as secrets yet."""
_EXCERPT = 200
_EXCERPT_BYTES = 8 * 1024
_HTML = re.compile(rb"\s*<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE)
_TITLE = re.compile(r"<title[^>]*>(.*?)</title", re.IGNORECASE | re.DOTALL)


def _unchanged(text: str) -> str:
    return text


@dataclass(frozen=True, slots=True)
class Answer:
    """What a store answered: *body* is decompressed, within the size limit, and already scrubbed."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    host: str = field(default="The store", compare=False)
    members: list[bytes] | None = field(default=None, repr=False, compare=False)
    redact: Callable[[str], str] = field(default=_unchanged, repr=False, compare=False)

    def json(self) -> Any:
        """Read the body as JSON, numbers with a fraction as Decimal. Raises ResponseError where it is none."""
        try:
            return _DOCUMENT.decode(self.body)
        except (ValueError, ArithmeticError, RecursionError) as error:
            raise self._is_not("JSON") from error

    def records(self) -> list[bytes]:
        """Cut a JSON list into the exact text of each member, faulty ones too. Raises ResponseError otherwise."""
        members = jsontext.members(self.body) if self.members is None else self.members
        if members is None:
            raise self._is_not("a JSON list")
        return members

    def excerpt(self) -> str:
        """Describe the body in a few words, without secrets."""
        if not self.body.strip():
            return "with nothing"
        text = self.redact(_KEYS.scrub_unparsable(self.body[:_EXCERPT_BYTES]).decode(errors="replace"))
        if _HTML.match(self.body):
            title = _TITLE.search(text)
            return f"with an HTML page{f' titled {_plain(title[1])!r}' if title else ''}"
        kind = self.redact(self.headers.get("content-type", "")) or "of no stated type"
        return f"with {_plain(text)!r} ({_plain(kind)})"

    def _is_not(self, wanted: str) -> ResponseError:
        return ResponseError(
            f"{self.host} answered {self.excerpt()} where {wanted} was expected; "
            "check the address of the store, and report it if it stays so."
        )


def _plain(text: str) -> str:
    """Cut *text* to a few words that cannot steer a terminal."""
    words = " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())
    return words if len(words) <= _EXCERPT else words[:_EXCERPT] + "…"
