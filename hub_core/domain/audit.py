"""Who changed what."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from pydantic import AwareDatetime

from hub_core.domain.acting import ActorKind
from hub_core.domain.fact import Fact

Told = Mapping[str, Any]


class Subject(NamedTuple):
    """What a change concerns: its kind, such as `integration`, its id where it has one, and what people call it."""

    kind: str
    id: int | str | None = None
    name: str = ""


class NewAudit(NamedTuple):
    """A change, before it has its number. *before* and *after* hold what was changed, and no secret."""

    action: str
    subject: Subject
    before: Told | None = None
    after: Told | None = None


class AuditedBy(Fact):
    """Who made a change, and as what."""

    kind: ActorKind
    name: str


class AuditSubject(Fact):
    """What a change concerned."""

    kind: str
    id: str | None
    name: str


class AuditRow(Fact):
    """A change that somebody made; *id* ascends in the order of the commits."""

    id: int
    at: AwareDatetime
    actor: AuditedBy
    action: str
    subject: AuditSubject
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    request_id: str | None


def difference(before: Told, after: Told) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
    """Give of two states what differs between them, None for one that has nothing to tell."""
    names = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    old = {name: before[name] for name in names if name in before}
    new = {name: after[name] for name in names if name in after}
    return old or None, new or None
