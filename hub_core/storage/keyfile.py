"""The key file of a hub that was given no keys: made once, never overwritten."""

from __future__ import annotations

import logging
import os
import secrets
import tempfile
from pathlib import Path
from typing import Final

from hub_core.domain.errors import SettingsError

logger = logging.getLogger("hub_core.storage")

NAME: Final = "secret.key"
SHORTEST: Final = 32
"""Characters that a key has at least: those of 16 random bytes in hexadecimal."""

_REMEDY: Final = (
    "Put back a copy of it: without it the stored credentials cannot be read. Where there is none, delete the file and "
    "authorise each integration again."
)


def key_in(home: Path) -> str:
    """Give the key in the key file of *home*, which is made where there is none; it has mode 0600.

    Raises SettingsError where it can be neither read nor made.
    """
    path = home / NAME
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not path.exists():
            _make(path)
    except OSError as error:
        raise SettingsError(
            f"The key file {path} cannot be made ({_why(error)}). Make its folder writable, let HUB_HOME name another "
            "one, or set HUB_SECRET_KEYS."
        ) from error
    return _read(path)


def _make(path: Path) -> None:
    """Write the key aside and link it into place: nobody ever sees half a key, and of two processes one wins."""
    descriptor, draft = tempfile.mkstemp(prefix=f".{NAME}-", dir=path.parent)  # with mode 0600
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(32) + "\n")
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, path)
        _keep_entry(path.parent)
    except FileExistsError:
        pass
    finally:
        Path(draft).unlink()


def _keep_entry(folder: Path) -> None:
    """Have the name on the disk too, before anything is encrypted with what it names."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _read(path: Path) -> str:
    try:
        key = path.read_text(encoding="ascii").strip()
        mode = path.stat().st_mode
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"The key file {path} cannot be read ({_why(error)}). {_REMEDY}") from error
    if not key:
        raise SettingsError(f"The key file {path} is empty. {_REMEDY}")
    if len(key) < SHORTEST or len(key.split()) > 1:
        raise SettingsError(f"The key file {path} is damaged: it holds no single key. {_REMEDY}")
    if os.name == "posix" and mode & 0o077:
        logger.warning("Others can open the key file %s; keep them out with `chmod 600`.", path)
    return key


def _why(error: OSError | UnicodeDecodeError) -> str:
    return (error.strerror or type(error).__name__) if isinstance(error, OSError) else "it is no text"
