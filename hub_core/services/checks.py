"""Checking what was given against the models that a channel declares."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel, SecretStr, ValidationError
from pydantic_core import ErrorDetails

from hub_core.channels.redaction import Redactor, secret_fields
from hub_core.domain.errors import InputError
from hub_core.domain.integrations import Rules

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hub_core.domain.integrations import StoreIdentity

Model = TypeVar("Model", bound=BaseModel)


def validated(model: type[Model], values: Mapping[str, Any], what: str) -> Model:
    """Make *values* a *model*. Raises InputError with a sentence per field, which never repeats the value."""
    try:
        return model.model_validate(values)
    except ValidationError as error:
        blank = Redactor(_given_secrets(model, values))
        fields = {".".join(map(str, one["loc"])) or what: blank(_sentence(one, model)) for one in error.errors()}
        told = "; ".join(f"{name}: {sentence}" for name, sentence in fields.items())
        raise InputError(f"The {what} cannot be used. {told}.", fields=fields) from None


def checked_rules(values: Mapping[str, Any]) -> Rules:
    """Make *values* rules that a merchant may set. Raises InputError with a sentence per field.

    That its prices leave room is asked here, not of the model, so that rules that are kept can always be read.
    """
    rules = validated(Rules, values, "rules")
    floor, ceiling = rules.price_floor, rules.price_ceiling
    if floor is not None and ceiling is not None and floor > ceiling:
        reason = f"must not be above the price_ceiling ({ceiling:f}), or no price could ever be sent"
        raise InputError(f"The rules cannot be used. price_floor: {reason}.", fields={"price_floor": reason})
    return rules


def _given_secrets(model: type[BaseModel], values: Mapping[str, Any]) -> list[str]:
    """List what was given for fields that hold secrets: a check of the channel's own may repeat it."""
    given = (values.get(name) for name in secret_fields(model))
    return [value.get_secret_value() if isinstance(value, SecretStr) else str(value) for value in given if value]


def _sentence(error: ErrorDetails, model: type[BaseModel]) -> str:
    """Say in plain words what is wrong with one field."""
    kind = error["type"]
    if kind == "extra_forbidden":
        return f"there is no such field; there are {', '.join(model.model_fields)}"
    if kind == "string_pattern_mismatch":
        return "does not have the form that is asked for"
    limits = error.get("ctx", {})
    said = _PLAIN.get(kind) or _WITH_LIMITS.get(kind, "").format(**limits)
    return said or error["msg"].removeprefix("Value error, ")


_PLAIN = {
    "missing": "is missing",
    "int_parsing": "must be a whole number",
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "decimal_parsing": "must be a number, such as 2.5",
    "decimal_type": "must be a number, such as 2.5",
    "finite_number": "must be a number, such as 2.5",
    "bool_parsing": "must be true or false",
    "bool_type": "must be true or false",
    "string_type": "must be a text",
    "dict_type": "must be an object of fields and values",
    "model_type": "must be an object of fields and values",
    "datetime_type": "must be a date with its zone, such as 2026-01-31T00:00:00Z",
    "datetime_parsing": "must be a date with its zone, such as 2026-01-31T00:00:00Z",
    "datetime_from_date_parsing": "must be a date with its zone, such as 2026-01-31T00:00:00Z",
    "timezone_aware": "must name its zone, such as 2026-01-31T00:00:00Z",
}
"""What pydantic calls them, and what a person reads."""

_WITH_LIMITS = {
    "greater_than": "must be more than {gt}",
    "greater_than_equal": "must be {ge} or more",
    "less_than": "must be less than {lt}",
    "less_than_equal": "must be {le} or less",
    "decimal_max_places": "must have at most {decimal_places} decimal places",
    "string_too_short": "must have {min_length} characters or more",
    "string_too_long": "must have {max_length} characters or fewer",
    "literal_error": "must be {expected}",
    "enum": "must be {expected}",
}
"""The same of what a limit belongs to."""


def written(model: BaseModel) -> dict[str, Any]:
    """Give a model's values as plain JSON, its secrets in clear: for the vault only."""
    values = model.model_dump(mode="json", exclude_none=True)
    for name, value in model:
        if isinstance(value, SecretStr):
            values[name] = value.get_secret_value()
    return values


def secrets_of(*models: BaseModel | None) -> list[str]:
    """List the secrets that models hold, so that they can be kept out of every text."""
    return [
        value.get_secret_value()
        for model in models
        if model is not None
        for _, value in model
        if isinstance(value, SecretStr)
    ]


def chosen(name: str, settings: BaseModel, store: StoreIdentity | None) -> str | None:
    """Give the zone or currency: the merchant's choice, else what the store told."""
    choice = getattr(settings, name, None)
    if choice is not None:
        return str(choice)
    return None if store is None else getattr(store, name)
