"""Which flows were told to be in trouble: the mark that makes sure that each trouble is told once, and its end once."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import and_, exists, not_, or_, select, tuple_, update

from hub_core.domain.integrations import PUSHING, Flow, Rules
from hub_core.storage.standings import FlowFacts, facts, standing
from hub_core.storage.tables import IS_DUE, flow_state, integrations, outages, pushes

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import timedelta

    from sqlalchemy import ColumnElement, Connection, Row

    from hub_core.storage.database import Database

_STATE = flow_state.c
_OWNER = (
    integrations.c.name,
    integrations.c.channel,
    integrations.c.store_key,
    integrations.c.rules,
    integrations.c.connected_at,
)

Key = tuple[int, Flow]


class Suspect(NamedTuple):
    """A flow that may be in trouble, or out of it, with what is to be known of its integration."""

    flow: FlowFacts
    name: str
    channel: str
    store: str
    rules: Rules
    connected_at: datetime | None


class MarkRepository:
    """The marks, by the clock of *database*."""

    def __init__(self, connection: Connection, database: Database) -> None:
        """Work within the transaction of *connection*."""
        self._connection = connection
        self._database = database

    def suspects(self, after: int, limit: int, grace: timedelta, passing: Collection[str]) -> list[Suspect]:
        """List open flows, of integrations *after* one, that may be in trouble or, where that was told, out of it.

        Of a hub that is well there are few: those that have been wanted, or failing, for *grace*.
        """
        well = or_(_STATE.problem_code.is_(None), _STATE.problem_code.in_(passing))
        marked = _STATE.late_since.is_not(None)
        which = or_(and_(marked, well), and_(not_(marked), self._lingers(grace)))
        columns = standing(self._database)
        statement = (
            select(*columns, *_OWNER)
            .select_from(flow_state)
            .join(outages, outages.c.integration_id == _STATE.integration_id, isouter=True)
            .join(integrations, integrations.c.id == _STATE.integration_id)
            .where(_STATE.open, _STATE.integration_id > after, which)
            .order_by(_STATE.integration_id, _STATE.flow)
            .limit(limit)
        )
        rows: list[Row[Any]] = list(self._connection.execute(statement))
        return [
            Suspect(
                flow,
                row.name,
                row.channel,
                row.store_key or str(flow.integration_id),
                _rules(row.rules),
                row.connected_at,
            )
            for flow, row in zip(facts(rows), rows, strict=True)
        ]

    def _lingers(self, grace: timedelta) -> ColumnElement[bool]:
        before = self._database.now_sql(-grace)
        untold = exists().where(
            pushes.c.integration_id == _STATE.integration_id,
            pushes.c.flow == _STATE.flow,
            IS_DUE,
            pushes.c.changed_at <= before,
        )
        return or_(
            _STATE.next_due_at <= before,
            _STATE.problem_since <= before,
            outages.c.since <= before,
            and_(_STATE.flow.in_([flow.value for flow in PUSHING]), untold),
        )

    def change(self, begun: Collection[Key], ended: Collection[Key], at: datetime) -> tuple[set[Key], set[Key]]:
        """Mark flows that are open and not marked yet, take the mark of others that bear it, and give which those are.

        Their rows are locked before, in the order that everybody keeps.
        """
        locked = select(_STATE.flow).where(_are({*begun, *ended})).with_for_update()
        self._connection.execute(locked.order_by(_STATE.integration_id, _STATE.flow)).all()
        return self._set(begun, _STATE.late_since.is_(None), at), self._set(ended, _STATE.late_since.is_not(None), None)

    def _set(self, keys: Collection[Key], which: ColumnElement[bool], at: datetime | None) -> set[Key]:
        changed = update(flow_state).where(_are(keys), _STATE.open, which).values(late_since=at)
        rows = self._connection.execute(changed.returning(_STATE.integration_id, _STATE.flow))
        return {(row.integration_id, Flow(row.flow)) for row in rows}


def _are(keys: Collection[Key]) -> ColumnElement[bool]:
    return tuple_(_STATE.integration_id, _STATE.flow).in_(sorted((one, flow.value) for one, flow in keys))


def _rules(document: str) -> Rules:
    return Rules.model_validate_json(document)
