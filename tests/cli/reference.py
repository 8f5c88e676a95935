"""The reference of the command line, made of what `--help` says: `python -m tests.cli.reference` writes it anew."""

from collections.abc import Iterator
from pathlib import Path

import typer.main
from typer.testing import CliRunner

from hub_core.cli.app import app

PAGE = Path(__file__).parents[2] / "docs" / "cli.md"
_INTRODUCTION = """\
# The command line

`hub COMMAND`. Every command has `--help`, and every command that prints data has `--json`: one JSON document on
standard output and nothing else there (a list is an array; `hub events --follow --json` prints one document per line).

| Exit | Means |
|---|---|
| 0 | done |
| 1 | it failed; a plain sentence on standard error says why and what to do next |
| 2 | wrong usage |
| 75 | `hub serve` and `hub worker`: what is due no longer reaches the process; start it again |
| 130 | ended by Ctrl-C |

Integrations are named by their name or id. `WHEN` is a day (`2026-01-31`, from midnight UTC on), a time with its zone
(`2026-01-31T08:00:00Z`), a span before now (`45m`, `12h`, `2d`, `1w`), `today` or `yesterday`.

Secrets are never taken as arguments: they are read from a file or typed in at a prompt that does not show them.

`hub --install-completion` makes the shell complete commands and options.

What follows is what `--help` says.
"""


def page() -> str:
    """Give the whole page."""
    return "".join([_INTRODUCTION, *map(_section, _commands())])


def _section(words: tuple[str, ...]) -> str:
    told = CliRunner(env={"COLUMNS": "80"}).invoke(app, [*words, "--help"], prog_name="hub").stdout
    return f"\n## {' '.join(('hub', *words))}\n\n```text\n{told.strip()}\n```\n"


def _commands() -> Iterator[tuple[str, ...]]:
    yield ()
    for name, command in typer.main.get_group(app).commands.items():
        yield (name,)
        for verb in getattr(command, "commands", {}):
            yield (name, verb)


if __name__ == "__main__":
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(page(), encoding="utf-8")
