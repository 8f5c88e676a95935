"""Asking a person for the fields of a model: with their help, without an echo for secrets, again where one is wrong."""

from typing import TYPE_CHECKING, Any

from hub_core.cli import fields
from hub_core.cli.output import complain

if TYPE_CHECKING:
    from collections.abc import Collection

    from pydantic import BaseModel

_YES_NO = {"boolean": ("yes", "no")}


def ask_fields(model: "type[BaseModel]", names: "Collection[str]", *, until_whole: bool = False) -> dict[str, str]:
    """Ask for the fields *names* of *model*, each until it can be used; what is left out is left out of the answer.

    With *until_whole* it ends as soon as the answer is a whole one: of several ways in, one is enough.
    """
    schema = model.model_json_schema()
    answers: dict[str, str] = {}
    for name in names:
        if until_whole and answers and not _faults(model, answers):
            break
        field = fields.field_of(schema, name)
        _explain(field)
        answer = _asked(model, name, field, required=name in schema.get("required", ()))
        if answer:
            answers[name] = answer
    return answers


def _asked(model: "type[BaseModel]", name: str, field: fields.Schema, *, required: bool) -> str:
    while True:
        answer = fields.prompted(_title(name, field), field, default=None if required else "")
        fault = _faults(model, {name: answer}).get(name) if answer else None
        if fault is None:
            return answer
        complain(f"This cannot be used: {fault}.")


def _title(name: str, field: fields.Schema) -> str:
    title = str(field.get("title") or name)
    choices = _choices(field)
    return f"{title} ({', '.join(choices)})" if choices else title


def _choices(field: fields.Schema) -> tuple[str, ...]:
    for one in (field, *field.get("anyOf", ())):
        if "enum" in one:
            return tuple(map(str, one["enum"]))
        if one.get("type") in _YES_NO:
            return _YES_NO[one["type"]]
    return ()


def _explain(field: fields.Schema) -> None:
    """Say what the field is for, an example, and what stands where it is left out."""
    examples = ", ".join(map(str, field.get("examples", ())))
    default = field.get("default")
    told = [
        str(field.get("description", "")),
        f"For example {examples}." if examples else "",
        "" if default in (None, "") else f"Press Enter for {_shown(default)}.",
    ]
    text = " ".join(part for part in told if part)
    if text:
        complain(text)


def _shown(default: Any) -> str:
    return {True: "yes", False: "no"}[default] if isinstance(default, bool) else str(default)


def _faults(model: "type[BaseModel]", values: dict[str, str]) -> dict[str, str]:
    """Say of each field what is wrong with it; of a whole answer, under an empty name."""
    from hub_core.domain.errors import InputError
    from hub_core.services.checks import validated

    try:
        validated(model, values, "")
    except InputError as error:
        return error.fields
    return {}


def ask_text(title: str) -> str:
    """Ask for a text that must not be empty."""
    return fields.prompted(title, {}, default=None)
