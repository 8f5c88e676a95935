"""What somebody gave for many SKUs at once: checked whole, so that he is told of every fault, and nothing half done."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from hub_core.domain.errors import InputError
from hub_core.domain.stock import checked_sku

T = TypeVar("T")

MOST = 10_000
"""SKUs that a call may bear; a longer list is for the caller to cut, so that no transaction takes long."""
_NAMED = 5


def pairs(given: object) -> list[tuple[object, Any]]:
    """Give what was given by SKU. Raises InputError where it is no mapping."""
    if not isinstance(given, Mapping):
        raise InputError(f"Figures are given by SKU, such as {{'SKU-1': 5}}, but {type(given).__name__} was given.")
    return list(given.items())


def checked(
    given: Sequence[tuple[object, Any]], check: Callable[[str, Any], T], *, most: int | None = MOST
) -> Iterable[tuple[str, T]]:
    """Check each value by *check*, which is told the SKU. Raises InputError with a sentence for every faulty one."""
    if most is not None and len(given) > most:
        raise InputError(f"{len(given)} SKUs were given, but a call takes at most {most}; give them in several.")
    good: list[tuple[str, T]] = []
    faults: dict[str, str] = {}
    sentences: list[str] = []
    for text, value in given:
        try:
            sku = checked_sku(text)
            good.append((sku, check(sku, value)))
        except InputError as error:
            faults |= error.fields
            sentences.append(str(error))
    refuse(sentences, faults)
    return good


def by_key(given: Iterable[tuple[Any, T]]) -> dict[Any, T]:
    """Make a dictionary. Raises InputError where a key stands twice."""
    found: dict[Any, T] = {}
    faults: dict[str, str] = {}
    for key, value in given:
        if key in found:
            faults[key if isinstance(key, str) else " ".join(key)] = "is given twice"
        found[key] = value
    refuse([f"{key!r} is given twice." for key in faults], faults)
    return found


def refuse(sentences: Sequence[str], faults: Mapping[str, str]) -> None:
    """Raise InputError with the first of *sentences*, and how many more there are; nothing where there is none."""
    if sentences:
        more = len(sentences) - 1
        rest = f" ({more} more cannot be used either.)" if more else ""
        raise InputError(f"{sentences[0]} Nothing was changed.{rest}", fields=dict(faults))


def named(skus: Sequence[str]) -> str:
    """Name some SKUs in a sentence."""
    return ", ".join(map(repr, skus[:_NAMED])) + (" and others" if len(skus) > _NAMED else "")
