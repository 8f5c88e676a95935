"""Orders without the people who placed them: whatever tells of those is overwritten, wherever it lies."""

from __future__ import annotations

import hashlib
import json
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
from sqlalchemy import ColumnElement, bindparam, exists, or_, select, update

from hub_core.domain.erasure import changes_without_person, without_person
from hub_core.domain.orders import Order, OrderStatus
from hub_core.storage.among import among
from hub_core.storage.documents import document_of
from hub_core.storage.fulfilments import FulfilmentRepository
from hub_core.storage.rejects import RejectRepository
from hub_core.storage.tables import events, integrations, order_revisions, orders

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from sqlalchemy import Connection

_DONE = (OrderStatus.SHIPPED.value, OrderStatus.CANCELLED.value)


class Erased(NamedTuple):
    """An order that was erased."""

    id: int
    integration_id: int
    external_id: str
    number: str


class ErasureRepository:
    """Orders, revisions, events and rejects, as far as they tell of people."""

    def __init__(self, connection: Connection) -> None:
        """Work within the transaction of *connection*."""
        self._connection = connection

    def with_twins(self, order_ids: Collection[int]) -> set[int]:
        """Give orders with all that other identities of their stores hold of the same ones."""
        found: set[int] = set()
        wider = set(order_ids)
        while wider != found:
            found = wider
            mine = among(self._connection, orders.c.id, found)
            theirs = among(self._connection, orders.c.same_as, found)
            pairs = self._connection.execute(select(orders.c.id, orders.c.same_as).where(or_(mine, theirs)))
            wider = found | {one for pair in pairs for one in pair if one is not None}
        return found

    def erase(self, order_ids: Collection[int], at: datetime) -> list[Erased]:
        """Erase orders, and give those that had not been erased before."""
        columns = orders.c
        statement = select(
            columns.id, columns.integration_id, columns.external_id, columns.number, columns.document, columns.erased_at
        ).where(among(self._connection, columns.id, order_ids))
        rows = self._connection.execute(statement.order_by(columns.id).with_for_update())
        found = [(Erased(*one), document, erased_at) for *one, document, erased_at in rows]
        fresh = [(one, document) for one, document, erased_at in found if erased_at is None]
        if fresh:
            self._connection.execute(
                update(orders)
                .where(columns.id == bindparam("of"))
                .values(document=bindparam("without"), content_hash=bindparam("hash"), raw=None, erased_at=at),
                [_without(one.id, document) for one, document in fresh],
            )
            self._erase_revisions([one.id for one, _ in fresh])
        self._erase_rejects([one for one, *_ in found])
        FulfilmentRepository(self._connection).erase([one.id for one, *_ in found])
        return [one for one, _ in fresh]

    def _erase_revisions(self, order_ids: Collection[int]) -> None:
        columns = order_revisions.c
        statement = select(order_revisions).where(among(self._connection, columns.order_id, order_ids))
        for row in self._connection.execute(statement).all():
            changes = changes_without_person(json.loads(row.changes))
            mine = (columns.order_id == row.order_id, columns.revision == row.revision)
            self._connection.execute(update(order_revisions).where(*mine).values(changes=json.dumps(changes)))
            self._erase_event(row.event_id, [change["sentence"] for change in changes])

    def _erase_event(self, number: int, sentences: Sequence[str]) -> None:
        """Let the event of a revision say no more than the revision does."""
        data = self._connection.execute(select(events.c.data).where(events.c.id == number)).scalar_one_or_none()
        if data is not None:
            told = msgspec.json.encode({**json.loads(data), "changes": sentences}).decode()
            self._connection.execute(update(events).where(events.c.id == number).values(data=told))

    def _erase_rejects(self, found: Sequence[Erased]) -> None:
        by_integration = sorted(found, key=attrgetter("integration_id"))
        for integration_id, rows in groupby(by_integration, key=attrgetter("integration_id")):
            RejectRepository(self._connection).erase(integration_id, [row.external_id for row in rows])

    def ruled(self) -> list[tuple[int, str, str]]:
        """List id, name and rules of all integrations, also of those removed."""
        columns = integrations.c
        statement = select(columns.id, columns.name, columns.rules).order_by(columns.id)
        return [(row.id, row.name, row.rules) for row in self._connection.execute(statement)]

    def done(self, integration_id: int, before: datetime, after: int, limit: int) -> list[int]:
        """List the orders, later in the list than *after*, that were done, and not changed since, *before* a moment.

        Of an integration that was removed, nobody hears what becomes of them: all of its orders count as done.
        """
        columns = orders.c
        statement = select(columns.id).where(
            columns.integration_id == integration_id,
            columns.id > after,
            columns.erased_at.is_(None),
            columns.placed_at < before,
            or_(columns.updated_at.is_(None), columns.updated_at < before),
            or_(columns.status.in_(_DONE), _was_removed()),
            ~exists().where(order_revisions.c.order_id == columns.id, order_revisions.c.at >= before),
        )
        return list(self._connection.execute(statement.order_by(columns.id).limit(limit)).scalars())


def _was_removed() -> ColumnElement[bool]:
    return exists().where(integrations.c.id == orders.c.integration_id, integrations.c.removed_at.is_not(None))


def _without(order_id: int, document: str) -> dict[str, Any]:
    written = document_of(without_person(Order.model_validate_json(document)))
    return {"of": order_id, "without": written.decode(), "hash": hashlib.sha256(written).digest()}
