"""The log of a process: one line per event on standard error, for people or for machines."""

from __future__ import annotations

import logging
import sys
from typing import TYPE_CHECKING, Final, Literal

import structlog

if TYPE_CHECKING:
    from structlog.typing import Processor

_TALKATIVE: Final = ("alembic", "httpx", "httpcore", "uvicorn")
"""Libraries that tell more than anybody wants to read, some of it with whole addresses."""


def set_up_logging(form: Literal["console", "json"] | None = None) -> None:
    """Send the log of this process to standard error; where no *form* is given, the terminal decides."""
    on_terminal = sys.stderr.isatty()
    as_json = form == "json" or (form is None and not on_terminal)
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[
            structlog.contextvars.merge_contextvars,
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
        ],
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *_rendering(as_json, on_terminal)],
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.INFO)
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)


def _rendering(as_json: bool, colors: bool) -> list[Processor]:  # noqa: FBT001 - two plain facts, one caller
    """Render an event. Tracebacks come without the values of variables, which may be secrets."""
    if as_json:
        return [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    return [structlog.dev.ConsoleRenderer(colors=colors, exception_formatter=structlog.dev.plain_traceback)]
