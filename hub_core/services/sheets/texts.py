"""The bytes of a file as text: UTF-8, UTF-16, or Windows-1252 where it can be nothing else."""

from __future__ import annotations

import codecs
from pathlib import Path
from typing import Final

from hub_core.domain.errors import InputError

MOST_BYTES: Final = 100_000_000
_UTF16: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_ZIP: Final = b"PK\x03\x04"
_OLD_EXCEL: Final = b"\xd0\xcf\x11\xe0"
_SAVE: Final = "save it as CSV in UTF-8"


def read_bytes(source: Path | bytes) -> bytes:
    """Give the content of a file. Raises InputError with what is wrong."""
    if isinstance(source, bytes):
        content = source
    else:
        try:
            content = source.read_bytes()
        except OSError as error:
            raise InputError(f"The file {source} cannot be read ({error.strerror}); name one that can.") from error
    if len(content) > MOST_BYTES:
        raise InputError(f"The file has more than {MOST_BYTES // 1_000_000} million bytes; cut it into several.")
    return content


def text_of(content: bytes) -> tuple[str, str]:
    """Give the text, and a note where it is not what it should be. Raises InputError naming the line."""
    if content.startswith((_ZIP, _OLD_EXCEL)):
        raise InputError(f"The file is a workbook and no CSV; open it and {_SAVE}.")
    wide = _wide(content)
    if wide:
        return _decoded(content, wide, "UTF-16"), ""
    try:
        return content.decode("utf-8-sig"), ""
    except UnicodeDecodeError as error:
        if not content.decode("utf-8", errors="ignore").isascii():  # then the rest is UTF-8, so this is damage
            raise _broken(content, error.start, "UTF-8") from None
    return _decoded(content, "cp1252", "UTF-8 or Windows-1252"), "The file is no UTF-8; it was read as Windows-1252."


def _wide(content: bytes) -> str | None:
    """Tell which UTF-16 it is, by its mark or by the zeros beside the letters of its first line."""
    if content.startswith(_UTF16):
        return "utf-16"
    start = content[:64]
    if start[1::2].count(0) > len(start) // 3:
        return "utf-16-le"
    return "utf-16-be" if start[::2].count(0) > len(start) // 3 else None


def _decoded(content: bytes, encoding: str, name: str) -> str:
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        raise _broken(content, error.start, name) from None


def _broken(content: bytes, place: int, name: str) -> InputError:
    line = content[:place].count(b"\n") + 1
    return InputError(f"Line {line} holds bytes that are no {name}, so nothing was changed; open the file and {_SAVE}.")
