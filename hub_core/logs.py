"""The log of a process: one line per event on standard error, for people or for machines."""

from __future__ import annotations

import logging
import sys
from functools import cached_property
from typing import TYPE_CHECKING, Final, Literal

from hub_core.domain.logged import ids

if TYPE_CHECKING:
    from structlog.typing import EventDict, Processor

_TALKATIVE: Final = ("alembic", "httpx", "httpcore", "uvicorn")
"""Libraries that tell more than anybody wants to read, some of it with whole addresses."""


def set_up_logging(form: Literal["console", "json"] | None = None) -> None:
    """Send the log of this process to standard error; where no *form* is given, the terminal decides."""
    on_terminal = sys.stderr.isatty()
    as_json = form == "json" or (form is None and not on_terminal)
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Structured(as_json=as_json, colors=on_terminal))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.INFO)
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)


class _Structured(logging.Formatter):
    """Formats with structlog, which is imported with the first event: a start in which all is well goes without it."""

    def __init__(self, *, as_json: bool, colors: bool) -> None:
        super().__init__()
        self._as_json = as_json
        self._colors = colors

    def format(self, record: logging.LogRecord) -> str:
        """Give the line of an event."""
        return self._formatter.format(record)

    @cached_property
    def _formatter(self) -> logging.Formatter:
        import structlog  # noqa: PLC0415 - see above

        return structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[
                structlog.contextvars.merge_contextvars,
                _with_ids,
                structlog.stdlib.add_log_level,
                structlog.stdlib.add_logger_name,
                structlog.processors.TimeStamper(fmt="iso", utc=True),
            ],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *self._rendering()],
        )

    def _rendering(self) -> list[Processor]:
        """Render an event. Tracebacks come without the values of variables, which may be secrets."""
        import structlog  # noqa: PLC0415 - see above

        if self._as_json:
            return [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
        return [structlog.dev.ConsoleRenderer(colors=self._colors, exception_formatter=structlog.dev.plain_traceback)]


def _with_ids(logger: object, method: str, event: EventDict) -> EventDict:
    """Say what was being done when it was logged."""
    del logger, method
    event.update(ids())
    return event
