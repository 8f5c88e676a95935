"""Keeping the HTTP libraries from logging what the hub keeps to itself: full addresses and headers."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from stamina.instrumentation import set_on_retry_hooks

_LOGGERS = ("httpx", *(f"httpcore.{part}" for part in ("connection", "http11", "http2", "proxy", "socks")))

_talking = ContextVar("_talking", default=False)


def _spoken_elsewhere(record: logging.LogRecord) -> bool:
    """Let pass what the libraries log for another program in this process."""
    del record
    return not _talking.get()


for _name in _LOGGERS:
    logging.getLogger(_name).addFilter(_spoken_elsewhere)

# By default stamina writes each repetition to wherever structlog writes, at first to standard output; the hub logs its
# own. A program that uses stamina for itself sets its hooks after importing the hub.
set_on_retry_hooks(())


@contextmanager
def libraries() -> Iterator[None]:
    """Silence the libraries for what is done inside, in this task only, at whatever level they are set."""
    token = _talking.set(True)
    try:
        yield
    finally:
        _talking.reset(token)
