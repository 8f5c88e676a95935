"""Running a command, and saying what went wrong: a failure is a plain sentence on standard error and exit 1."""

import io
import os
import sys
from collections.abc import Sequence

from hub_core.cli.app import app
from hub_core.cli.faults import explain
from hub_core.domain.errors import HubError


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command that *arguments* (by default those of the process) name; always ends with SystemExit."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        try:
            app(args=arguments, prog_name="hub")
        finally:
            sys.stdout.flush()
    except HubError as error:
        explain(error)
        raise SystemExit(1) from None
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(1) from None
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.stderr.write(f"What was to be printed cannot be written ({error.strerror}); give it another place.\n")
        raise SystemExit(1) from None
