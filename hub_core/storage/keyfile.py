"""The key file of a hub that was given no keys: made once, never overwritten."""

from __future__ import annotations

import logging
import os
import secrets
import stat
import tempfile
from pathlib import Path
from typing import Final

from hub_core.domain.errors import SettingsError

logger = logging.getLogger("hub_core.storage")

NAME: Final = "secret.key"
SHORTEST: Final = 32
"""Characters that a key has at least: those of 16 random bytes in hexadecimal."""

_LONGEST: Final = 4096

_REMEDY: Final = (
    "Put back a copy of it: without it the stored credentials cannot be read. Where there is none, delete the file and "
    "authorise each integration again."
)


def key_in(home: Path) -> str:
    """Give the key in the key file of *home*, which is made where there is none; it has mode 0600.

    Raises SettingsError where it can be neither read nor made, and where everybody can read it.
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
        with path.open(encoding="ascii") as file:
            status = os.fstat(file.fileno())
            key = file.read(_LONGEST + 1).strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"The key file {path} cannot be read ({_why(error)}). {_REMEDY}") from error
    if not key:
        raise SettingsError(f"The key file {path} is empty. {_REMEDY}")
    if not SHORTEST <= len(key) <= _LONGEST or len(key.split()) > 1:
        raise SettingsError(f"The key file {path} is damaged: it holds no single key. {_REMEDY}")
    if os.name == "posix":
        _check_access(path, status)
    return key


def _check_access(path: Path, status: os.stat_result) -> None:
    """Refuse a key that everybody may read or somebody else has put there; a group may be meant to, so that is told."""
    if os.geteuid() not in (0, status.st_uid) and status.st_uid != 0:
        raise SettingsError(
            f"The key file {path} belongs to another user, who so knows the key; have it owned by the one who runs "
            "the hub, or set HUB_SECRET_KEYS."
        )
    if status.st_mode & stat.S_IRWXO:
        raise SettingsError(
            f"Everybody on this machine can open the key file {path}; keep them out with `chmod 600 {path}` and, if "
            "others had access to it, authorise the integrations again with a new key."
        )
    if status.st_mode & stat.S_IRWXG:
        logger.warning("A group can open the key file %s; keep it out with `chmod 600`.", path)


def _why(error: OSError | UnicodeDecodeError) -> str:
    return (error.strerror or type(error).__name__) if isinstance(error, OSError) else "it is no text"
