"""Secrets that are planted, and a search for them in whatever way they may be written."""

import base64
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, quote_plus

CANARIES = {
    "the key that seals": "Seal1ng/K3y+of=the.hub-0123456789abcdef",
    "the key before": "0lder-Seal1ng/K3y+of=the.hub-fedcba9876543210",
    "the password of the database": "D4tabase:P@ss/w0rd",
    "the private key of the application": "priv4te-kEy/ap+plication==",
    "the secret of the application": "applic4tion s3cret ü&?",
    "a secret among the settings": "w3bhook/secret+in settings",
    "the token of the store": "st0re-tOken/7f3c9a1e5b2d4c6f",
    "the password of the store": 'pä"ss w/ö+rd\\=<&>',
    "the refresh token of the store": "refr3sh.t0ken~4f5a6b7c",
    "the token of another store": "0ther-st0re-tOken-8a0b1c2d",
    "the code of the authorisation": "auth-c0de/4%2F0Adeu5B",
    "the state of the authorisation": "st4te-of-auth_Zx81",
    "the token that a platform has only just made": "fre5h-acc3ss-t0ken.0a1b2c",
    "the refresh token that a platform has only just made": "fre5h-refr3sh-t0ken.3d4e5f",
    "a wrong bearer token": "wr0ng/bearer+t0ken=",
    "the number of a card": "4111111111111111",
    "the code of a card": "cvv-9173-cvv",
    "the key of an order": "0rder-k3y-that/opens",
    "the key in an address": "address-0rderkey-5521",
}


def spellings(secret: str) -> Iterator[tuple[str, str]]:
    """Give each way in which *secret* might have been written, in small letters; found in more than it too."""
    raw = secret.encode()
    yield "plain", secret
    yield "as Python writes it", repr(secret)[1:-1]
    yield "as JSON", secret.encode("unicode_escape").decode().replace('"', '\\"')
    yield "hex", raw.hex()
    for name, encode in (("base64", base64.b64encode), ("base64 of addresses", base64.urlsafe_b64encode)):
        for before in range(3):
            text = encode(b"\0" * before + raw).decode().rstrip("=")
            yield name, text[-(-before * 8 // 6) : (before + len(raw)) * 8 // 6]
    for name, address in (("URL", quote(secret)), ("whole URL", quote(secret, safe="")), ("form", quote_plus(secret))):
        yield name, address
    yield "reversed", secret[::-1]


class Search:
    """Collects what the hub gives out, and looks for the planted secrets in it."""

    def __init__(self, canaries: dict[str, str]) -> None:
        self.texts: dict[str, list[str]] = {}
        self._forms: dict[str, str] = {}
        for name, secret in canaries.items():
            self.add(name, secret)

    def add(self, name: str, secret: str) -> None:
        """Look for one more, also in what was collected before."""
        self._forms |= {form.lower(): f"{name} ({way})" for way, form in spellings(secret)}

    def look(self, kind: str, *outputs: object) -> None:
        """Add *outputs* of one *kind*: texts, bytes, files, or anything by what it says of itself."""
        self.texts.setdefault(kind, []).extend(map(_text_of, outputs))

    def found(self) -> list[str]:
        """Say what was found where."""
        return [found for kind, texts in self.texts.items() for found in self._in(kind, "\n".join(texts))]

    def _in(self, kind: str, text: str) -> Iterator[str]:
        lower = text.lower()
        for form, name in self._forms.items():
            at = lower.find(form)
            if at >= 0:
                yield f"{name} in {kind}: …{text[max(0, at - 200) : at + 60]!r}…"


def _text_of(output: object) -> str:
    if isinstance(output, Path):
        output = output.read_bytes()
    if isinstance(output, bytes):
        return output.decode("utf-8", errors="replace") + output.decode("latin-1")
    return output if isinstance(output, str) else f"{output!r} {output}"
