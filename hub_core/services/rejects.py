"""What becomes of data that could not be used: read again, put aside, or discarded for good."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sqlalchemy import select

from hub_core.domain.audit import NewAudit
from hub_core.domain.errors import ConflictError, NotFoundError
from hub_core.domain.events import NewEvent
from hub_core.domain.integrations import Flow
from hub_core.domain.orders import StoredOrder
from hub_core.domain.rejects import Reject, RejectState
from hub_core.services.auditing import of_reject
from hub_core.services.handles import Handles
from hub_core.services.history import Sights
from hub_core.services.lookup import IntegrationLookup
from hub_core.services.order_intake import OrderIntake, PageContext
from hub_core.services.orders import Orders
from hub_core.services.single_order import fetch_single
from hub_core.storage.audit import AuditRepository
from hub_core.storage.events import EventRepository
from hub_core.storage.order_search import OrderSearch
from hub_core.storage.rejects import RejectRepository

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from hub_core.channels.channel import Channel
    from hub_core.services.parts import Parts
    from hub_core.storage.integrations import IntegrationRow


class Rejects(IntegrationLookup):
    """Lists rejects and settles them."""

    def __init__(self, parts: Parts) -> None:
        super().__init__(parts)
        self._handles = Handles(parts)
        self._intake = OrderIntake(parts)
        self._sights = Sights(parts)
        self._orders = Orders(parts)

    async def page(
        self,
        *,
        integration: int | None = None,
        before: int | None = None,
        limit: int = 50,
        states: Sequence[str] = (RejectState.OPEN,),
    ) -> list[Reject]:
        """List rejects in some *states*, newest first, from the one with the id *before* on."""
        wanted = [RejectState(state) for state in states]
        return await self._parts.database.read(
            lambda connection: RejectRepository(connection).find(integration, before, limit, wanted)
        )

    async def get(self, reject_id: int) -> Reject:
        """Give one reject. Raises NotFoundError."""
        reject = await self._parts.database.read(lambda connection: RejectRepository(connection).get(reject_id))
        if reject is None:
            raise NotFoundError(f"There is no reject {reject_id}; 'hub rejects' lists them.")
        return reject

    async def discard(self, reject_id: int) -> Reject:
        """Give a reject up for good; the same text is not reported again."""
        return await self._decide(await self._undecided(reject_id), RejectState.DISCARDED)

    async def put_aside(self, reject_id: int, *, aside: bool) -> Reject:
        """Put a reject aside, so that it counts no more, or bring it back."""
        return await self._decide(await self._undecided(reject_id), RejectState.ASIDE if aside else RejectState.OPEN)

    async def retry(self, reject_id: int) -> Reject | StoredOrder:
        """Ask the store for that one order again: give the order where it is good now, else the reject."""
        reject = await self._undecided(reject_id)
        row = await self._reachable(reject.integration_id)
        channel = self._parts.channels.channel(row.channel)
        if reject.external_id is None or reject.kind != Flow.ORDERS or not channel.implements("fetch_order"):
            raise ConflictError(
                f"Reject {reject_id} names no order that could be asked for; the store's next full read looks at it."
            )
        await self._read_again(channel, row, reject, reject.external_id)
        found = await self._parts.database.read(
            lambda connection: OrderSearch(connection).ids_of(row.id, reject.external_id or "")
        )
        again = await self.get(reject_id)
        if again.state is RejectState.SETTLED and found:
            return await self._orders.get(found[0])
        return again

    async def _read_again(self, channel: Channel, row: IntegrationRow, reject: Reject, external_id: str) -> None:
        database = self._parts.database
        sent_at = await database.read(lambda connection: connection.execute(select(database.now_sql())).scalar_one())
        async with self._handles.store(channel, row, flow=Flow.ORDERS) as store:
            page = await fetch_single(channel, store, external_id)
        if not page.records:
            raise NotFoundError(f"The store no longer holds order {external_id}; discard the reject.")
        context = PageContext(
            integration_id=row.id,
            channel=channel.key,
            sent_at=sent_at,
            seen=await self._sights.seen_alone(row, channel.info.polls),
            asked_for=NewAudit("reject.retried", of_reject(reject.id, external_id)),
        )
        await self._intake.take(page, context)
        await database.write(lambda connection: RejectRepository(connection).settle(row.id))

    async def _undecided(self, reject_id: int) -> Reject:
        reject = await self.get(reject_id)
        if reject.state in (RejectState.DISCARDED, RejectState.SETTLED):
            raise ConflictError(f"Reject {reject_id} is {reject.state} already; nothing is left to do.")
        return reject

    async def _decide(self, reject: Reject, state: RejectState) -> Reject:
        event = NewEvent(type=f"reject.{state}", integration_id=reject.integration_id, data={"reject": reject.id})

        told = NewAudit(event.type, of_reject(reject.id, reject.external_id), {"state": reject.state}, {"state": state})

        def decide(connection: Connection) -> None:
            RejectRepository(connection).set_state(reject.id, state)
            EventRepository(connection).record([event], self._parts.clock.now())
            AuditRepository(connection).record(told, self._parts.clock.now())

        await self._parts.database.write(decide)
        return await self.get(reject.id)
