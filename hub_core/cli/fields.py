"""Values from the command line, from files and from prompts: secrets never come as arguments."""

import stat
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import typer

from hub_core.cli.output import complain
from hub_core.domain.errors import InputError

Schema = Mapping[str, Any]


def pairs(given: Sequence[str], option: str) -> dict[str, str]:
    """Split each KEY=VALUE that was *given* with *option*."""
    found: dict[str, str] = {}
    for text in given:
        key, sign, value = text.partition("=")
        if not sign or not key.strip():
            raise typer.BadParameter(f"'{text}' is not KEY=VALUE.", param_hint=option)
        if key.strip() in found:
            raise typer.BadParameter(f"'{key.strip()}' is given twice.", param_hint=option)
        found[key.strip()] = value
    return found


def changes(given: Sequence[str], option: str) -> dict[str, str | None]:
    """Split each KEY=VALUE; an empty value stands for None, which puts a value back to its default."""
    return {key: value or None for key, value in pairs(given, option).items()}


def secrets_of(schema: Schema) -> tuple[str, ...]:
    """List the fields of a JSON schema that are secrets."""
    return tuple(name for name, field in _fields(schema).items() if _is_secret(field))


def _fields(schema: Schema) -> dict[str, Schema]:
    return dict(schema.get("properties", {}))


def _is_secret(field: Schema) -> bool:
    return any(one.get("writeOnly") or one.get("format") == "password" for one in (field, *field.get("anyOf", ())))


def can_ask() -> bool:
    """Tell whether a person sits at the terminal."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def ask(schema: Schema, names: Sequence[str] | None = None, *, may_be_empty: bool = False) -> dict[str, str]:
    """Prompt for the fields of a JSON schema (by default all), for secrets without an echo; empty ones are left out."""
    required = () if may_be_empty else schema.get("required", ())
    answers = {}
    for name, field in _fields(schema).items():
        if names is None or name in names:
            title = str(field.get("title") or name)
            answers[name] = prompted(title, field, default=None if name in required else "")
    return {name: answer for name, answer in answers.items() if answer}


def field_of(schema: Schema, name: str) -> Schema:
    """Give one field of a JSON schema, with what it refers to."""
    field = dict(_fields(schema).get(name, {}))
    definition = str(field.pop("$ref", "")).rpartition("/")[2]
    return {**schema.get("$defs", {}).get(definition, {}), **field}


def prompted(title: str, field: Schema, *, default: str | None) -> str:
    """Prompt for one field, without an echo for a secret; None as *default* does not let it be left out."""
    with _gives_up_quietly():
        answer = typer.prompt(title, default=default, show_default=False, hide_input=_is_secret(field), err=True)
    return str(answer).strip()


def confirmed(question: str) -> bool:
    """Ask for a yes."""
    with _gives_up_quietly():
        return typer.confirm(question, err=True)


@contextmanager
def _gives_up_quietly() -> Iterator[None]:
    """End with 130, as everywhere, where a question is answered with Ctrl-C."""
    try:
        yield
    except typer.Abort:
        complain("")
        raise typer.Exit(130) from None


def read_text(path: Path) -> str:
    """Read a small text file. Raises InputError with what is wrong."""
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise InputError(f"The file {path} cannot be read ({error.strerror}); name one that can.") from error
    except UnicodeDecodeError as error:
        raise InputError(f"The file {path} holds no UTF-8 text; name another one.") from error


def read_secret(path: Path) -> str:
    """Read a file that holds one secret, without the line break at its end."""
    secret = read_text(path).strip()
    if not secret:
        raise InputError(f"The file {path} is empty; write the secret into it.")
    _warn_if_others_read(path)
    return secret


def read_credentials(path: Path) -> dict[str, Any]:
    """Read a JSON object of credentials."""
    import json

    text = read_text(path)
    try:
        content = json.loads(text)
    except ValueError as error:
        place = f"line {error.lineno}" if isinstance(error, json.JSONDecodeError) else "it"
        raise InputError(f"The file {path} is no JSON ({place} cannot be read); mend it.") from None
    if not isinstance(content, dict):
        raise InputError(f'The file {path} must hold a JSON object such as {{"token": "…"}}; mend it.')
    _warn_if_others_read(path)
    return content


def _warn_if_others_read(path: Path) -> None:
    mode = path.stat().st_mode
    if stat.S_ISREG(mode) and mode & (stat.S_IRGRP | stat.S_IROTH):
        complain(f"Warning: other people on this machine may read {path}; run: chmod 600 {path}")
