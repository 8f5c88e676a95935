"""Telling a store what is on its way: the steps of `parcels`, one request after the other.

A refusal of the first of them leaves nothing in the store; where a later one is refused, or an answer says nothing, it
is raised, so that the hub reads the order before it comes back, and what was done is not done again.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any, Final

from hub_core import Accepted, Answer, Fulfilment, Outcome, Refused, RejectedError, ResponseError, Store
from hub_threedcart.answers import BAD_REQUEST, NOT_FOUND, TOO_LARGE
from hub_threedcart.client import StoreClient
from hub_threedcart.orders import locale_of
from hub_threedcart.parcels import Steps, steps_of
from hub_threedcart.results import Result, results_of

_FAILURES: Final = (BAD_REQUEST, NOT_FOUND, TOO_LARGE)


class FulfilmentPush:
    """One push to one store."""

    def __init__(self, store: Store) -> None:
        self._client = StoreClient(store)
        self._zone = locale_of(store).zone

    async def outcomes(self, fulfilments: Sequence[Fulfilment]) -> AsyncIterator[list[Outcome]]:
        """Tell of all, and yield what came of each."""
        for one in fulfilments:
            try:
                steps = steps_of(one, self._zone)
                told = _Telling(self._client, one)
                await told.do(steps)
            except RejectedError as error:
                yield [Refused(one.id, str(error))]
            else:
                yield [Accepted(one.id)]


class _Telling:
    """What is done for one parcel."""

    def __init__(self, client: StoreClient, one: Fulfilment) -> None:
        self._client = client
        self._order = one.order
        self._root = f"Orders/{one.order.external_id}"
        self._begun = False

    async def do(self, steps: Steps) -> None:
        """Do all *steps*. Raises RejectedError where the store refuses the first of them, else ResponseError."""
        shipment = steps.shipment
        if shipment is not None:
            self._begun = True  # the tracking number stands there
        if steps.made is not None:
            shipment = await self._make(steps.made)
        if steps.told:
            await self._put(f"{self._root}/Shipments", list(steps.told), len(steps.told))
        if steps.moved:
            moved = [{**line, "ItemShipmentID": shipment} for line in steps.moved]
            await self._put(f"{self._root}/Items", moved, len(moved))
        await self._finish(steps.status)

    async def _make(self, members: dict[str, Any]) -> int:
        """Make a shipment, and give its number. It is not made again: its tracking number shows that it is there."""
        answer, results = await self._client.post(f"{self._root}/Shipments", members, _FAILURES, results_of)
        self._judge(answer, results)
        number = next((one.value for one in results if one.good and one.value.isdecimal()), None)
        if number is None:
            raise ResponseError(f"{answer.host} did not tell the number of the shipment that it made.")
        return int(number)

    async def _put(self, resource: str, body: Any, count: int) -> None:
        answer, results = await self._client.put(resource, body, _FAILURES, results_of)
        self._judge(answer, results)
        if sum(one.good for one in results) < count:
            raise ResponseError(f"{answer.host} did not say of all that was written for the order that it was taken.")

    async def _finish(self, wanted: int) -> None:
        """Give the order its status, unless it has that: the status of a shipment may have moved it."""
        if await self._client.status_of(self._order.external_id) != wanted:
            await self._put(self._root, {"OrderStatusID": wanted}, 1)

    def _judge(self, answer: Answer, results: Sequence[Result]) -> None:
        """Raise what a refusal means; from here on, something stands in the store."""
        bad = next((one for one in results if not one.good), None)
        if answer.status not in _FAILURES and bad is None:
            self._begun = True
            return
        said = bad.message.rstrip(".") if bad is not None and bad.message else "no reason"
        status = answer.status if answer.status in _FAILURES or bad is None else bad.status or BAD_REQUEST
        why = f"3DCart did not take what was shipped of order {self._order.number} ({status}: {said})."
        if self._begun or any(one.good for one in results):
            raise ResponseError(f"{why} A part of it stands there; the hub looks into the order and goes on.")
        raise RejectedError(f"{why} Look at the order in the shop.")
