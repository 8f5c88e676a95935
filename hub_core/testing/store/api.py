"""The stores of a sandbox behind one address: counted, broken on demand, then answered."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Generic

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from hub_core.testing.store.brokenness import DroppedResponse
from hub_core.testing.store.damage import AFTER, INSTEAD
from hub_core.testing.store.errors import SteeringError
from hub_core.testing.store.faults import Fault, FaultMenu
from hub_core.testing.store.meddling import DEEDS, meddle, moment_of
from hub_core.testing.store.wire import AnyShop, Wire


class StoreApi(Generic[AnyShop]):
    """An ASGI app that answers for *shops* in the words of *wire*; each is counted first, and may be out of order."""

    def __init__(self, wire: Wire[AnyShop], shops: Sequence[AnyShop]) -> None:
        self.wire = wire
        self.shops: dict[str, AnyShop] = {shop.name: shop for shop in shops}
        self.faults = FaultMenu()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request to the platform."""
        request = Request(scope, receive)
        request.state.body = await request.body()  # read also where the answer does not depend on it
        shop = self.wire.shop_of(request, self.shops)
        writes = request.state.writes = () if shop is None else self.wire.writes(request, shop)
        if shop is not None:
            shop.writes.begin(writes, shop.clock.now().isoformat(), request.method, request.url.path)
        try:
            response = await self._response(request, shop)
            if not isinstance(response, DroppedResponse):  # who sees a connection break off may ask again at once
                await response(scope, receive, send)
        finally:
            if shop is not None:
                shop.writes.end(writes)
        if isinstance(response, DroppedResponse):
            await response(scope, receive, send)

    def shop(self, name: str | None = None) -> AnyShop:
        """Find a store by its name; without one, the first."""
        wanted = next(iter(self.shops)) if name is None else name
        if wanted not in self.shops:
            raise SteeringError(f"There is no store {wanted!r} here, only {', '.join(self.shops)}.")
        return self.shops[wanted]

    def break_down(self, kind: str, options: Mapping[str, Any] | None = None, **fields: Any) -> Fault:
        """Let something go wrong from now on: a kind of the fault menu or a preset, with the fields of `Fault`."""
        given = {**self.wire.presets.get(kind, {"kind": kind}), **fields}
        own = {name: given.pop(name) for name in _FIELDS if name in given}
        fault = Fault(**own, options={**given, **(options or {})})
        if fault.kind not in self.kinds:
            raise SteeringError(f"There is no fault {fault.kind!r}. There are: {', '.join(self.kinds)}.")
        if fault.kind == "member" and "member" not in fault.options:
            raise SteeringError("Say which `member` shall be wrong, for example OrderItemList.0.ItemQuantity.")
        moment_of(fault)
        return self.faults.add(fault)

    @property
    def kinds(self) -> list[str]:
        """All kinds of faults and presets."""
        return sorted({*DEEDS, *INSTEAD, *AFTER, *self.wire.presets})

    async def _response(self, request: Request, shop: AnyShop | None) -> Response:
        if shop is not None and not shop.meter.admit(shop.clock.now()):
            response = _throttled(shop)
        else:
            response = await self._faulty(request, shop)
        entry = _entry(request, response)
        for write in request.state.writes:
            write.status = entry["status"]
        if shop is not None:
            shop.meter.log.append({"at": shop.clock.now().isoformat(), **entry})
        return response

    async def _faulty(self, request: Request, shop: AnyShop | None) -> Response:
        due = self.faults.due(request, shop.name if shop else None)
        try:
            return await self._spoilt(request, shop, due)
        except SteeringError as error:  # what was ordered cannot happen at this store
            return Response(str(error), 500)

    async def _spoilt(self, request: Request, shop: AnyShop | None, due: Sequence[Fault]) -> Response:
        for fault in due:
            if fault.kind in DEEDS and moment_of(fault) == "before":
                await self._meddle(fault, request, shop)
        instead = next((fault for fault in due if fault.kind in INSTEAD), None)
        if instead:
            return INSTEAD[instead.kind](instead.options)
        response = self.wire.answer(request, shop)
        for fault in due:
            if fault.kind in AFTER:
                response = AFTER[fault.kind](fault, response)
            elif fault.kind in DEEDS and moment_of(fault) == "after":
                await self._meddle(fault, request, shop)
        return response

    async def _meddle(self, fault: Fault, request: Request, shop: AnyShop | None) -> None:
        elsewhere = fault.options.get("elsewhere")
        await meddle(fault, self.wire, self.shop(elsewhere) if elsewhere else shop, request.state.writes)


_FIELDS = ("kind", "path", "method", "query", "store", "item", "skip", "count")


def _throttled(shop: AnyShop) -> Response:
    wait = shop.retry_after
    if wait == "auto":
        wait = math.ceil(shop.meter.bucket.wait(shop.clock.now()))
    return Response(status_code=429, headers={} if wait is None else {"retry-after": f"{wait:g}"})


def _entry(request: Request, response: Response) -> dict[str, Any]:
    return {
        "method": request.method,
        "path": request.url.path,
        "query": request.url.query,
        "status": 0 if isinstance(response, DroppedResponse) else response.status_code,
    }
