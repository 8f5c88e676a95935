"""Who changed what, as rows that are only ever added."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, insert, select, update

from hub_core.domain.acting import actor
from hub_core.domain.audit import AuditedBy, AuditRow, AuditSubject, NewAudit, Told
from hub_core.storage.tables import audit, counters
from hub_core.storage.upserts import insert_new

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection, Row

_COUNTER = "audit"
_RESERVE = (
    update(counters).where(counters.c.name == _COUNTER).values(value=counters.c.value + 1).returning(counters.c.value)
)


class AuditRepository:
    """The changes that people, tokens and plugins have made."""

    def __init__(self, connection: Connection) -> None:
        """Work within the transaction of *connection*."""
        self._connection = connection

    def record(self, new: NewAudit, at: datetime) -> None:
        """Write down a change with who makes it.

        It comes last in its transaction, after the events: its number is a lock that others want as well, and lets
        whoever follows the audit miss nothing.
        """
        who = actor()
        subject = new.subject
        row = {
            "id": self._reserve(),
            "at": at,
            "actor_kind": who.kind.value,
            "actor": who.name,
            "request_id": who.request_id,
            "action": new.action,
            "kind": subject.kind,
            "subject": None if subject.id is None else str(subject.id),
            "name": subject.name,
            "before": _written(new.before),
            "after": _written(new.after),
        }
        self._connection.execute(insert(audit), row)

    def _reserve(self) -> int:
        number = self._connection.execute(_RESERVE).scalar_one_or_none()
        if number is None:
            self._connection.execute(insert_new(self._connection, counters), {"name": _COUNTER, "value": 0})
            return self._reserve()
        return int(number)

    def after(self, number: int, limit: int) -> list[AuditRow]:
        """List the changes later than *number*, oldest first."""
        statement = select(audit).where(audit.c.id > number).order_by(audit.c.id).limit(limit)
        return [_row(row) for row in self._connection.execute(statement)]

    def newest(self) -> int:
        """Tell the number of the newest change, 0 where there is none."""
        return int(self._connection.execute(select(func.coalesce(func.max(audit.c.id), 0))).scalar_one())


def _written(told: Told | None) -> str | None:
    return None if told is None else json.dumps(dict(told), ensure_ascii=False, default=str)


def _row(row: Row[Any]) -> AuditRow:
    return AuditRow(
        id=row.id,
        at=row.at,
        actor=AuditedBy(kind=row.actor_kind, name=row.actor),
        action=row.action,
        subject=AuditSubject(kind=row.kind, id=row.subject, name=row.name),
        before=None if row.before is None else json.loads(row.before),
        after=None if row.after is None else json.loads(row.after),
        request_id=row.request_id,
    )
