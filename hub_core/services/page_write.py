"""The rows that a page of orders makes: decided order by order, then written table by table."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from hub_core.domain.erasure import REASON_ERASED
from hub_core.domain.events import NewEvent
from hub_core.domain.orders import Order, OrderStatus
from hub_core.domain.rejects import NewReject
from hub_core.domain.revisions import changes_between
from hub_core.domain.runs import Counts
from hub_core.services.sifting import Reading, Sifted, storable
from hub_core.services.stock_of_orders import StockOfPage, TakingOrder, wants_of
from hub_core.storage.bulk import Row
from hub_core.storage.events import EventRepository
from hub_core.storage.order_lines import OrderLineRepository, line_values
from hub_core.storage.orders import HeldOrder, OrderRepository

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

    from hub_core.domain.history import Sight
    from hub_core.services.order_intake import PageContext
    from hub_core.storage.database import Database


class Revision(NamedTuple):
    """A change of content that the hub saw; *changes* is JSON."""

    order_id: int
    number: int
    changes: str


class PageWrite:
    """The rows that one page makes."""

    def __init__(self, connection: Connection, database: Database, context: PageContext) -> None:
        self._connection = connection
        self._integration_id = context.integration_id
        self._context = context
        self._orders = OrderRepository(connection)
        self._stock = StockOfPage(connection, database, context.integration_id, context.seen.last_read)
        self._rows: list[Row] = []
        self._history_lines: list[Row] = []
        self._taking: list[TakingOrder] = []
        self._taken_over: list[int] = []
        self._erased: dict[int, datetime] = {}
        self._events: list[NewEvent] = []
        self._revisions: dict[int, Revision] = {}
        self._rejects: list[NewReject] = []
        self._created = self._updated = 0

    def decide(self, sifted: Sifted) -> list[NewReject]:
        """Decide for each order whether it is new, changed, the same after all, older than what is held, or absurd.

        Gives all rejects of the page, without the text of those whose orders were erased of their personal data.
        """
        readings = sifted.readings
        wanted = [*readings, *(one.external_id for one in sifted.rejects if one.external_id)]
        held = self._orders.held(self._integration_id, wanted) if wanted else {}
        new = [reading for key, reading in readings.items() if key not in held]
        ids = self._orders.reserve_ids(len(new)) if new else ()
        before = self._held_before([reading.external_id for reading in new])
        for order_id, reading in zip(ids, new, strict=True):
            same = before.get(reading.external_id)
            if same is None:
                self._create(order_id, reading, sifted.sights.get(reading.external_id))
            else:
                self._take_over(order_id, reading, same)
        for key, reading in readings.items():
            if key in held:
                self._compare(held[key], reading)
        erased = {key for key, holding in held.items() if holding.erased_at is not None}
        return [*(_blank(one) if one.external_id in erased else one for one in sifted.rejects), *self._rejects]

    def _held_before(self, external_ids: Sequence[str]) -> dict[str, HeldOrder]:
        earlier = self._context.seen.earlier
        return self._orders.held_before(earlier, external_ids) if earlier and external_ids else {}

    def _create(self, order_id: int, reading: Reading, first_sight: Sight | None) -> None:
        """Add a new order; one that was seen before, and could not be read then, counts by that first sight."""
        seen = self._context.seen
        history = seen.rule.holds(first_sight or seen.sight, reading.placed_at)
        if history:
            self._history_lines += [(*line, order_id, False) for line in reading.lines]
        else:
            last_read = seen.last_read
            unseen = first_sight is None and last_read is not None and last_read.lacked(reading.placed_at)
            order = TakingOrder(
                order_id=order_id,
                event=len(self._events),
                wants=wants_of(msgspec.json.decode(reading.document)),
                rows=[(*line, order_id, False) for line in reading.lines],
                unseen=unseen,
            )
            self._taking.append(order)
        self._add_row(order_id, reading, 1, history=history)
        self._add_event("order.created", order_id, reading, history=history)
        self._created += 1

    def _take_over(self, order_id: int, reading: Reading, same: HeldOrder) -> None:
        """Add an order that an earlier identity of the store holds: what it has taken is not taken twice.

        One that was erased there of its personal data does not bring them back.
        """
        if same.erased_at is not None:
            reading = reading.without_person()
            self._erased[order_id] = same.erased_at
        self._add_lines(order_id, reading, same, json.loads(same.document), json.loads(reading.document))
        self._taken_over.append(order_id)
        self._add_row(order_id, reading, 1, history=same.history, same_as=same.id)
        self._add_event("order.created", order_id, reading, history=same.history, same_as=same.id)
        self._created += 1

    def _compare(self, held: HeldOrder, reading: Reading) -> None:
        if held.sent_at > self._context.sent_at:
            return
        if held.erased_at is not None:
            reading = reading.without_person()
        if held.content_hash == reading.content_hash:
            self._add_row(held.id, reading, held.revision, history=held.history)
            return
        old, new = json.loads(held.document), json.loads(reading.document)
        if _lost_all_lines(old, new):
            self._rejects.append(_without_lines(reading))
            return
        changes = changes_between(old, new)
        if not changes:
            self._add_row(held.id, reading, held.revision, history=held.history)
            return
        self._add_row(held.id, reading, held.revision + 1, history=held.history)
        self._add_lines(held.id, reading, held, old, new)
        sentences = [change.sentence for change in changes]
        self._revisions[len(self._events)] = Revision(
            held.id, held.revision + 1, json.dumps([change.model_dump(mode="json") for change in changes])
        )
        self._add_event("order.updated", held.id, reading, history=held.history, changes=sentences)
        self._updated += 1

    def _add_lines(
        self, order_id: int, reading: Reading, held: HeldOrder, old: dict[str, Any], new: dict[str, Any]
    ) -> None:
        """Add the lines of an order, and those that left it; they go on from what those *held* have taken."""
        rows = [(*line, order_id, True) for line in _gone(old, reading.lines)]
        rows += [(*line, order_id, False) for line in reading.lines]
        if held.history:
            self._history_lines += rows
            return
        self._taking.append(
            TakingOrder(
                order_id=order_id, event=len(self._events), wants=wants_of(new, old), rows=rows, held_by=held.id
            )
        )

    def _add_row(
        self, order_id: int, reading: Reading, revision: int, *, history: bool, same_as: int | None = None
    ) -> None:
        self._rows.append(
            (
                *reading.columns,
                reading.raw_hash,
                reading.content_hash,
                reading.document,
                reading.raw,
                self._integration_id,
                order_id,
                revision,
                history,
                same_as,
                self._context.sent_at,
            )
        )

    def _add_event(self, what: str, order_id: int, reading: Reading, *, history: bool, **data: Any) -> None:
        told = {"external_id": reading.external_id, "number": reading.number, "status": reading.status, **data}
        if history:
            told["history"] = True
        self._events.append(NewEvent(what, self._integration_id, order_id, None, told))

    def counts(self, read: int, known: int, rejected: int) -> Counts:
        """Tell what this page brought."""
        unchanged = known + len(self._rows) - self._created - self._updated
        return Counts(
            pages=1,
            read=read,
            created=self._created,
            updated=self._updated,
            unchanged=unchanged,
            rejected=rejected,
        )

    def write(self, now: datetime, also: Sequence[NewEvent] = ()) -> None:
        """Write it all; the event numbers are reserved last, since that lock is the one everybody wants.

        Events that are to be told *also* come after those of the orders.
        """
        if not self._rows:
            EventRepository(self._connection).record(also, now)
            return
        taking = self._stock.settle(self._taking)
        self._orders.write(self._rows)
        if self._erased:
            self._orders.mark_erased(self._erased)
        lines = OrderLineRepository(self._connection)
        lines.write(self._history_lines, taking)
        if self._taken_over:
            lines.carry_gone(self._taken_over)
        self._stock.move()
        numbers = EventRepository(self._connection).record([*self._events, *also], now)
        self._stock.book(numbers)
        self._orders.write_revisions(
            [
                {
                    "order_id": revision.order_id,
                    "revision": revision.number,
                    "event_id": numbers[place],
                    "at": now,
                    "changes": revision.changes,
                }
                for place, revision in self._revisions.items()
            ]
        )


def _gone(old: dict[str, Any], lines: Sequence[Row]) -> list[Row]:
    """Give the lines of the *old* document that an order has no more."""
    kept = {external_id for external_id, *_ in lines}
    if all(line["external_id"] in kept for line in old["lines"]):
        return []
    return [line for line in line_values(Order.model_validate(old)) if line[0] not in kept]


def _lost_all_lines(old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
    return bool(old["lines"]) and not new["lines"] and new["status"] != OrderStatus.CANCELLED


def _blank(reject: NewReject) -> NewReject:
    return NewReject(external_id=reject.external_id, reason=REASON_ERASED, raw="")


def _without_lines(reading: Reading) -> NewReject:
    reason = (
        f"The store tells order {reading.number} without any of its lines, though it is not cancelled; the hub keeps "
        "the order as it was, until the store tells the lines again or cancels it."
    )
    raw = reading.raw or b""
    return NewReject(external_id=reading.external_id, reason=storable(reason), raw=raw.decode(errors="replace"))
