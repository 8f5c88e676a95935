"""What is being done right now, as ids: every line that is logged meanwhile bears them, whoever logs it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from types import MappingProxyType
from typing import Final

_IDS: Final[ContextVar[Mapping[str, int | str]]] = ContextVar("hub_logged_ids", default=MappingProxyType({}))


def ids() -> Mapping[str, int | str]:
    """Give the ids of what is being done here, in this task or thread."""
    return _IDS.get()


@contextmanager
def logged_with(**more: int | str) -> Iterator[None]:
    """Let all that is logged meanwhile, also in tasks and threads that are begun for it, bear *more* ids."""
    token = _IDS.set({**_IDS.get(), **more})
    try:
        yield
    finally:
        _IDS.reset(token)
