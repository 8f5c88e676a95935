"""Rejects: one row per record that cannot be used, until it can or somebody discards it."""

from __future__ import annotations

import hashlib
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import and_, bindparam, exists, select, update

from hub_core.domain.erasure import REASON_ERASED
from hub_core.domain.history import Sight
from hub_core.domain.integrations import Flow
from hub_core.domain.rejects import NewReject, Reject, RejectState
from hub_core.storage.among import among, among_bound
from hub_core.storage.tables import orders, rejects
from hub_core.storage.upserts import upsert

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from sqlalchemy import Connection, Row, Update

_UNSETTLED = (RejectState.OPEN.value, RejectState.ASIDE.value)
_RAW_SHOWN = 64 * 1024
_BLANK = {"raw": b"", "raw_hash": hashlib.sha256().digest(), "reason": REASON_ERASED}
_LONGEST_KEY = 500
"""Characters of an id that an index of PostgreSQL takes; one that is longer is no id that could be asked for."""


@cache
def _settling(dialect: str) -> Update:
    """Make the statement of every page of listings, once for each kind of database."""
    return (
        update(rejects)
        .where(
            rejects.c.integration_id == bindparam("of_integration"),
            rejects.c.kind == bindparam("of_kind"),
            rejects.c.state.in_(_UNSETTLED),
            among_bound(dialect, rejects.c.external_id, "ids"),
        )
        .values(state=RejectState.SETTLED.value)
    )


class KeptRejects(NamedTuple):
    """The keys of the rejects of a page that are open, and whether any of its texts was not known before."""

    open: frozenset[str]
    fresh: bool


class RejectRepository:
    """Rejects as rows."""

    def __init__(self, connection: Connection) -> None:
        """Work within the transaction of *connection*."""
        self._connection = connection

    def save(self, integration_id: int, kind: str, new: Sequence[NewReject], sight: Sight, at: datetime) -> KeptRejects:
        """Keep *new* rejects and tell which are open; how one was first seen never changes.

        The same text again changes nothing, so one that was discarded or put aside stays so; another text opens it.
        """
        rows = {
            row["record_key"]: row
            for row in (_row(integration_id, kind, one, at) | {"sight": sight.value} for one in new)
        }
        statement = upsert(
            self._connection,
            rejects,
            ("integration_id", "kind", "record_key"),
            ("external_id", "reason", "raw", "raw_hash", "state", "at"),
            unless=lambda text: and_(rejects.c.raw_hash == text.raw_hash, rejects.c.state != RejectState.SETTLED.value),
        ).returning(rejects.c.record_key, rejects.c.state, rejects.c.at)
        kept = self._connection.execute(statement, list(rows.values())).all()
        is_open = frozenset(row.record_key for row in kept if row.state == RejectState.OPEN.value)
        return KeptRejects(is_open, any(row.at == at for row in kept))

    def erase(self, integration_id: int, external_ids: Sequence[str]) -> None:
        """Drop the texts of orders, and why they could not be used: both may tell of a person."""
        self._connection.execute(
            update(rejects)
            .where(
                rejects.c.integration_id == integration_id,
                rejects.c.kind == Flow.ORDERS.value,
                among(self._connection, rejects.c.external_id, external_ids),
            )
            .values(_BLANK)
        )

    def settle(self, integration_id: int) -> int:
        """Settle the rejects of orders that were read well since."""
        later = exists().where(
            orders.c.integration_id == rejects.c.integration_id,
            orders.c.external_id == rejects.c.external_id,
            orders.c.sent_at >= rejects.c.at,
        )
        result = self._connection.execute(
            update(rejects)
            .where(
                rejects.c.integration_id == integration_id,
                rejects.c.kind == Flow.ORDERS.value,
                rejects.c.state.in_(_UNSETTLED),
                later,
            )
            .values(state=RejectState.SETTLED.value)
        )
        return result.rowcount

    def settle_named(self, integration_id: int, kind: str, external_ids: Collection[str]) -> None:
        """Settle the rejects of those records, which were read well now."""
        bound = {"of_integration": integration_id, "of_kind": kind, "ids": external_ids}
        self._connection.execute(_settling(self._connection.dialect.name), bound)

    def get(self, reject_id: int) -> Reject | None:
        """Give one reject."""
        row = self._connection.execute(select(rejects).where(rejects.c.id == reject_id)).first()
        return None if row is None else _reject(row)

    def set_state(self, reject_id: int, state: RejectState) -> None:
        """Change what becomes of a reject."""
        self._connection.execute(update(rejects).where(rejects.c.id == reject_id).values(state=state.value))

    def find(
        self, integration_id: int | None, before: int | None, limit: int, states: Sequence[RejectState]
    ) -> list[Reject]:
        """List rejects, newest first."""
        statement = select(rejects).where(rejects.c.state.in_([state.value for state in states]))
        if integration_id is not None:
            statement = statement.where(rejects.c.integration_id == integration_id)
        if before is not None:
            statement = statement.where(rejects.c.id < before)
        return [_reject(row) for row in self._connection.execute(statement.order_by(rejects.c.id.desc()).limit(limit))]


def _row(integration_id: int, kind: str, new: NewReject, at: datetime) -> dict[str, Any]:
    raw = new.raw.encode()
    digest = hashlib.sha256(raw).digest()
    told = new.external_id and len(new.external_id) <= _LONGEST_KEY
    return {
        "integration_id": integration_id,
        "kind": kind,
        "record_key": f"id:{new.external_id}" if told else f"sha256:{digest.hex()}",
        "external_id": new.external_id if told else None,
        "reason": new.reason,
        "raw": raw,
        "raw_hash": digest,
        "state": RejectState.OPEN.value,
        "at": at,
    }


def _reject(row: Row[Any]) -> Reject:
    return Reject(
        id=row.id,
        integration_id=row.integration_id,
        kind=row.kind,
        external_id=row.external_id,
        reason=row.reason,
        raw=bytes(row.raw[:_RAW_SHOWN]).decode(errors="replace"),
        state=RejectState(row.state),
        at=row.at,
    )
