"""The stores of a sandbox behind one address: counted, broken on demand, then answered."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Mapping, Sequence
from typing import Any, Generic

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from hub_core.testing.store.brokenness import DroppedResponse
from hub_core.testing.store.damage import AFTER, INSTEAD
from hub_core.testing.store.faults import Fault, FaultMenu
from hub_core.testing.store.wire import AnyShop, SteeringError, Wire, Wish
from hub_core.testing.store.wishes import wish_from

_BEFORE = ("delay", "revoke", "order")


class StoreApi(Generic[AnyShop]):
    """An ASGI app that answers for *shops* in the words of *wire*; each is counted first, and may be out of order."""

    def __init__(self, wire: Wire[AnyShop], shops: Sequence[AnyShop]) -> None:
        self.wire = wire
        self.shops: dict[str, AnyShop] = {shop.name: shop for shop in shops}
        self.faults = FaultMenu()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request to the platform."""
        response = await self._response(Request(scope, receive))
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
        return self.faults.add(fault)

    @property
    def kinds(self) -> list[str]:
        """All kinds of faults and presets."""
        return sorted({*_BEFORE, *INSTEAD, *AFTER, *self.wire.presets})

    async def _response(self, request: Request) -> Response:
        await request.body()  # what is sent is read, also where the answer does not depend on it
        shop = self.wire.shop_of(request, self.shops)
        if shop is not None and not shop.meter.admit(shop.clock.now()):
            response = _throttled(shop)
        else:
            response = await self._faulty(request, shop)
        if shop is not None:
            shop.meter.log.append(_entry(request, response, shop))
        return response

    async def _faulty(self, request: Request, shop: AnyShop | None) -> Response:
        due = self.faults.due(request, shop.name if shop else None)
        for fault in due:
            await self._before(fault, shop)
        instead = next((fault for fault in due if fault.kind in INSTEAD), None)
        if instead:
            return INSTEAD[instead.kind](instead.options)
        response = self.wire.answer(request, shop)
        for fault in due:
            if fault.kind in AFTER:
                response = AFTER[fault.kind](fault, response)
        return response

    async def _before(self, fault: Fault, shop: AnyShop | None) -> None:
        if fault.kind == "delay":
            await asyncio.sleep(float(fault.options.get("seconds", 1)))
        elif fault.kind == "revoke" and shop:
            shop.authorized = False
        elif fault.kind == "order" and shop:
            self._meddle(fault.options, shop)

    def _meddle(self, options: Mapping[str, Any], shop: AnyShop) -> None:
        """Do to an order what somebody at the store might do between two requests."""
        given = dict(options)
        action, key = given.pop("action", "place"), given.get("id")
        wish = wish_from(given) if action != "remove" else Wish()
        if action == "place":
            self.wire.place(shop, wish)
        elif action == "edit":
            self.wire.edit(shop, shop.orders.keys[0] if key is None else key, wish)
        else:
            shop.orders.remove(shop.orders.keys[0] if key is None else key)


_FIELDS = ("kind", "path", "method", "query", "store", "skip", "count")


def _throttled(shop: AnyShop) -> Response:
    wait = shop.retry_after
    if wait == "auto":
        wait = math.ceil(shop.meter.bucket.wait(shop.clock.now()))
    return Response(status_code=429, headers={} if wait is None else {"retry-after": f"{wait:g}"})


def _entry(request: Request, response: Response, shop: AnyShop) -> dict[str, Any]:
    return {
        "at": shop.clock.now().isoformat(),
        "method": request.method,
        "path": request.url.path,
        "query": request.url.query,
        "status": 0 if isinstance(response, DroppedResponse) else response.status_code,
    }
