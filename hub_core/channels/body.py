"""Reading the body of an answer without letting it fill the memory."""

from __future__ import annotations

import codecs
import zlib
from collections.abc import AsyncIterator
from dataclasses import dataclass

import httpx

from hub_core.domain.errors import ResponseError

ENCODINGS = "gzip, deflate"
"""What the hub asks for, and all that it can read."""

_PACKED = frozenset({"gzip", "x-gzip", "deflate"})
_PLAIN = frozenset({"identity", ""})
_GZIP_OR_ZLIB = 32 + zlib.MAX_WBITS
_GZIP_MARK = b"\x1f\x8b"
_MEBIBYTE = 1024 * 1024


_OTHER_TEXT = frozenset({"cp1252", "iso8859-1", "utf-16", "utf-16-be", "utf-16-le"})


class CutError(Exception):
    """The body ended before it was complete."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How large an answer may be, in bytes: as it comes, and decompressed."""

    compressed: int = 32 * _MEBIBYTE
    decompressed: int = 64 * _MEBIBYTE


async def read_body(response: httpx.Response, host: str, limits: Limits) -> bytes:
    """Read what *host* sent, decompressed. Raises ResponseError beyond a limit, CutError where the end is missing."""
    encoding = response.headers.get("content-encoding", "").strip().lower()
    if encoding not in _PACKED | _PLAIN:
        raise ResponseError(
            f"{host} answered in a compression that the hub did not ask for ({encoding[:40]!r}); "
            "report this to the store."
        )
    most = limits.compressed if encoding in _PACKED else min(limits.compressed, limits.decompressed)
    length = response.headers.get("content-length", "")
    if length.isascii() and length.isdigit() and int(length) > most:
        raise _too_large(host, most)
    pieces = _within(response, host, most)
    if encoding in _PLAIN:
        return b"".join([piece async for piece in pieces])
    unpacker = _Unpacker(host, limits.decompressed)
    async for piece in pieces:
        unpacker.feed(piece)
    return unpacker.finish()


async def _within(response: httpx.Response, host: str, limit: int) -> AsyncIterator[bytes]:
    size = 0
    # The stream itself, since whatever httpx makes of it has no limit.
    async for piece in response.stream:  # type: ignore[union-attr]
        size += len(piece)
        if size > limit:
            raise _too_large(host, limit)
        yield piece


def as_utf8(body: bytes, charset: str | None) -> bytes:
    """Give *body* as UTF-8 without a byte-order mark; JSON has no other encoding, whatever the *charset* says."""
    try:
        codec = codecs.lookup(charset or "utf-8").name
        if codec in _OTHER_TEXT and not _is_utf8(body):
            body = body.decode(codec).encode()
    except (LookupError, ValueError):
        pass  # an encoding that is wrong or unknown: whoever reads the body finds out
    return body.removeprefix(codecs.BOM_UTF8)


def _is_utf8(body: bytes) -> bool:
    try:
        return "\0" not in body.decode()
    except UnicodeDecodeError:
        return False


class _Unpacker:
    """Decompresses piece by piece, never more than one byte beyond the *limit*."""

    def __init__(self, host: str, limit: int) -> None:
        self._host = host
        self._limit = limit
        self._body = bytearray()
        self._zlib = zlib.decompressobj(_GZIP_OR_ZLIB)
        self._fed = False
        self._left = b""

    def feed(self, piece: bytes) -> None:
        """Take the next *piece*. Raises zlib.error where it makes no sense."""
        piece, self._left = self._left + piece, b""
        while piece and (not self._zlib.eof or self._begins_anew(piece)):
            self._body += self._unpacked(piece)
            if len(self._body) > self._limit:
                raise _too_large(self._host, self._limit)
            piece = self._zlib.unconsumed_tail or self._zlib.unused_data

    def _begins_anew(self, piece: bytes) -> bool:
        """Gzip files may follow one another; anything else after the end is no part of the body."""
        if not piece.startswith(_GZIP_MARK):
            self._left = piece if piece == _GZIP_MARK[:1] else b""
            return False
        self._zlib = zlib.decompressobj(_GZIP_OR_ZLIB)
        return True

    def finish(self) -> bytes:
        """Give the whole body. Raises CutError where more should have come."""
        if self._fed and not self._zlib.eof:
            raise CutError
        return bytes(self._body)

    def _unpacked(self, piece: bytes) -> bytes:
        room = self._limit - len(self._body) + 1
        first, self._fed = not self._fed, True
        try:
            return self._zlib.decompress(piece, room)
        except zlib.error:
            if not first:
                raise
            self._zlib = zlib.decompressobj(-zlib.MAX_WBITS)  # "deflate" without a frame, as some servers send it
            return self._zlib.decompress(piece, room)


def _too_large(host: str, limit: int) -> ResponseError:
    size = f"{limit // _MEBIBYTE} MB" if limit >= _MEBIBYTE else f"{limit} bytes"
    return ResponseError(
        f"{host} answered with more than {size}, which the hub does not take in; ask for less at once."
    )
