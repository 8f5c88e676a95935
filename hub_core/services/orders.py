"""Looking at the orders that the hub holds."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable
from typing import TYPE_CHECKING, Any

from hub_core.domain.errors import NotFoundError
from hub_core.domain.orders import StoredOrder
from hub_core.services.batches import batches
from hub_core.services.checks import validated
from hub_core.services.erasing import Erasing
from hub_core.storage.order_search import OrderFilter, OrderSearch, Place

if TYPE_CHECKING:
    from hub_core.services.parts import Parts

BATCH = 200


class Orders:
    """Finds and shows orders, and erases what they tell of people."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._erasing = Erasing(parts)

    async def find(self, *, limit: int | None = None, **which: Any) -> AsyncIterator[StoredOrder]:
        """Yield the orders that *which* (the fields of OrderFilter) describes, newest first, in batches.

        So memory does not grow with what is found, and no lock is held while the caller works.
        """
        wanted = validated(OrderFilter, which, "filter")

        def page(after: Place | None, size: int) -> Awaitable[list[StoredOrder]]:
            return self.page(wanted, after, size)

        async for batch in batches(page, None, lambda order: (order.placed_at, order.id), limit=limit, size=BATCH):
            for order in batch:
                yield order

    async def page(self, which: OrderFilter, after: Place | None, limit: int) -> list[StoredOrder]:
        """List up to *limit* orders that come *after* a place in the list, newest first."""
        return await self._parts.database.read(lambda connection: OrderSearch(connection).find(which, after, limit))

    async def get(self, order_id: int) -> StoredOrder:
        """Give one order. Raises NotFoundError."""
        order = await self._parts.database.read(lambda connection: OrderSearch(connection).get(order_id))
        if order is None:
            raise NotFoundError(f"There is no order {order_id}; 'hub orders' lists them.")
        return order

    async def history(self, order_id: int) -> list[dict[str, Any]]:
        """List what changed in an order since it was first seen, oldest first."""
        await self.get(order_id)
        return await self._parts.database.read(lambda connection: OrderSearch(connection).revisions(order_id))

    async def erase(self, order_id: int) -> StoredOrder:
        """Erase an order of its personal data, for good, and give it as it is then. Raises NotFoundError.

        Figures, SKUs, totals and identities stay, also when the store tells the order again. Other identities of the
        same store lose what they hold of it too.
        """
        await self.get(order_id)
        await self._erasing.erase(order_id)
        return await self.get(order_id)

    async def erase_due(self) -> int:
        """Erase the orders that the rule `personal_data_days` names, at most once a day; tell how many that were."""
        return await self._erasing.erase_due()
