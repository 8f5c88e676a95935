"""What a person decides of a fulfilment, where the hub cannot know whether the store has been told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from hub_core.domain.audit import NewAudit, Subject
from hub_core.domain.errors import ConflictError
from hub_core.domain.events import NewEvent
from hub_core.domain.fulfilments import Decision, FulfilmentState
from hub_core.domain.integrations import Flow
from hub_core.domain.urgency import Urgency
from hub_core.services.fulfilment_changes import told_lines
from hub_core.storage.audit import AuditRepository
from hub_core.storage.events import EventRepository
from hub_core.storage.flows import FlowRepository
from hub_core.storage.fulfilments import FulfilmentRepository
from hub_core.storage.hints import HintRepository
from hub_core.storage.order_search import OrderSearch

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from hub_core.domain.fulfilments import StoredFulfilment
    from hub_core.services.parts import Parts

_UNKNOWN: Final = (FulfilmentState.UNKNOWN,)
_UNTOLD: Final = (FulfilmentState.UNKNOWN, FulfilmentState.WAITING)
_DROPPED: Final = "A person has dropped it, so the store is not told."


class Settling:
    """Writes down decisions."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def settle(self, held: StoredFulfilment, decision: Decision, *, removed: bool) -> None:
        """Decide of the fulfilment that is *held*; of an integration that was *removed*, no store can be told."""
        if decision is Decision.AGAIN and removed:
            raise ConflictError("The integration was removed, so its store cannot be told again.")
        await self._parts.database.write(lambda connection: self._settle(connection, held, decision))

    def _settle(self, connection: Connection, held: StoredFulfilment, decision: Decision) -> None:
        now, flows = self._parts.clock.now(), FlowRepository(connection, self._parts.database)
        flows.ask(held.integration_id, Flow.FULFILMENT, Urgency.FULFILMENT)  # also for others that wait for this
        order = OrderSearch(connection).get(held.order_id)
        assert order is not None  # noqa: S101 - its fulfilments go with an order
        if decision is Decision.SENT:
            flows.ask(held.integration_id, Flow.ORDERS, Urgency.HINT)
            HintRepository(connection, held.integration_id).add({order.external_id})
        states = _UNTOLD if decision is Decision.DROP else _UNKNOWN
        values = self._values(decision)
        if not FulfilmentRepository(connection).change(held.id, states, **values):
            raise _undecided(held, decision)
        told = {"fulfilment": held.id, "state": held.state}
        subject = Subject("order", held.order_id, order.number)
        if decision is not Decision.AGAIN:
            data = {"fulfilment": held.id, "external_id": order.external_id, "lines": told_lines(held.lines)}
            because = {"reason": values["reason"]} if values["reason"] else {}
            kind = f"fulfilment.{values['state']}"
            event = NewEvent(kind, held.integration_id, held.order_id, None, {**data, **because, "decided": True})
            EventRepository(connection).record([event], now)
        after = {"fulfilment": held.id, "state": values["state"]}
        AuditRepository(connection).record(NewAudit("fulfilment.settled", subject, told, after), now)

    def _values(self, decision: Decision) -> Mapping[str, Any]:
        if decision is Decision.SENT:
            return {"state": FulfilmentState.SENT, "told_at": self._parts.database.now_sql(), "reason": ""}
        if decision is Decision.DROP:
            return {"state": FulfilmentState.REFUSED, "reason": _DROPPED}
        again = {"sends": 0, "before": None, "left_by": None, "retry_at": None}
        return {"state": FulfilmentState.WAITING, "reason": "", **again}


def _undecided(held: StoredFulfilment, decision: Decision) -> ConflictError:
    why = {
        FulfilmentState.WAITING: "waits to be told; all that can be decided is to drop it",
        FulfilmentState.SENDING: "is being told, or its order is about to be read back; the hub finds out by itself",
        FulfilmentState.SENT: "is known to the store",
        FulfilmentState.REFUSED: "was refused; ship the goods anew",
    }.get(held.state, f"has changed meanwhile, so '{decision}' was not written down; look again")
    return ConflictError(f"Fulfilment {held.id} {why}.")
