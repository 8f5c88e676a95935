"""What changed between two states of an order, in words that a person understands."""

from __future__ import annotations

from typing import Any

from hub_core.domain.fact import Fact

WORDS = {"lines": "line", "shipments": "shipment", "payments": "payment"}
"""What a person calls one of the parts that a list of an order holds."""
_IGNORED = ("updated_at",)


class Change(Fact):
    """One change: *field* is a path such as `status` or `lines.90001.quantity`; None means that it was not there."""

    field: str
    before: Any
    after: Any
    sentence: str


def changes_between(old: dict[str, Any], new: dict[str, Any]) -> list[Change]:
    """List what differs between two order documents; a mere change of `updated_at` is none."""
    found: list[Change] = []
    for name in new.keys() | old.keys():
        before, after = old.get(name), new.get(name)
        if before == after or name in _IGNORED:
            continue
        if name in WORDS:
            found += _part_changes(name, before or [], after or [])
        else:
            found.append(_change(name, name.replace("_", " "), before, after))
    return sorted(found, key=lambda change: change.field)


def _part_changes(name: str, old: list[dict[str, Any]], new: list[dict[str, Any]]) -> list[Change]:
    before = {part["external_id"]: part for part in old}
    after = {part["external_id"]: part for part in new}
    found = []
    for key in before.keys() | after.keys():
        path, words = f"{name}.{key}", f"{WORDS[name]} {key}"
        if key not in before or key not in after:
            verb = "added" if key in after else "gone"
            found.append(Change(field=path, before=before.get(key), after=after.get(key), sentence=f"{words}: {verb}"))
            continue
        for field in before[key].keys() | after[key].keys():
            if before[key].get(field) != after[key].get(field):
                words_too = f"{words}: {field.replace('_', ' ')}"
                found.append(_change(f"{path}.{field}", words_too, before[key].get(field), after[key].get(field)))
    return found


def _change(path: str, words: str, before: Any, after: Any) -> Change:
    return Change(field=path, before=before, after=after, sentence=f"{words}: {_said(before)} → {_said(after)}")


def _said(value: Any) -> str:
    if isinstance(value, dict):
        if value.keys() == {"amount", "currency"}:
            return f"{value['amount']} {value['currency']}"
        return ", ".join(_said(part) for part in value.values() if part not in (None, "", [], {})) or "nothing"
    if isinstance(value, list):
        return "; ".join(map(_said, value)) or "nothing"
    return "nothing" if value in (None, "") else str(value)
