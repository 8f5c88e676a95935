"""What happens at a store while it answers a request: before it does, or after it did and before its reply."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from hub_core.testing.store.errors import SteeringError
from hub_core.testing.store.faults import Fault
from hub_core.testing.store.items import edit_item
from hub_core.testing.store.wire import AnyShop, Wire, Wish
from hub_core.testing.store.wishes import wish_from
from hub_core.testing.store.writes import Write

DEEDS = ("delay", "drop_result", "order", "refuse_item", "revoke", "stock")
MOMENTS = ("before", "after")


def moment_of(fault: Fault) -> str:
    """Tell when something happens: `before` the request takes effect, or `after`."""
    moment = fault.options.get("moment", "before")
    if moment not in MOMENTS:
        raise SteeringError(f"`moment` is one of {', '.join(MOMENTS)}, not {moment!r}.")
    return str(moment)


async def meddle(fault: Fault, wire: Wire[AnyShop], shop: AnyShop | None, writes: Sequence[Write]) -> None:
    """Let it happen: at *shop*, or to the *writes* of its request."""
    if fault.kind == "delay":
        await asyncio.sleep(float(fault.options.get("seconds", 1)))
    elif fault.kind in _OF_WRITES:
        for write in writes:
            if fault.concerns(write):
                _OF_WRITES[fault.kind](write, fault.options)
    elif fault.kind == "revoke" and shop:
        shop.authorized = False
    elif fault.kind == "stock" and shop:
        edit_item(shop, _own(fault))
    elif fault.kind == "order" and shop:
        _trade(_own(fault), wire, shop)


def _own(fault: Fault) -> dict[str, Any]:
    """Take out of the options what says when and where."""
    return {name: value for name, value in fault.options.items() if name not in ("moment", "elsewhere")}


def _refuse(write: Write, options: Mapping[str, Any]) -> None:
    write.refused = {"status": 400, **options}


def _hide(write: Write, _: Mapping[str, Any]) -> None:
    write.untold = True


_OF_WRITES: Mapping[str, Callable[[Write, Mapping[str, Any]], None]] = {"refuse_item": _refuse, "drop_result": _hide}


def _trade(given: dict[str, Any], wire: Wire[AnyShop], shop: AnyShop) -> None:
    """Do to an order what somebody at the store might do between two requests."""
    action, key = given.pop("action", "place"), given.get("id")
    wish = wish_from(given) if action != "remove" else Wish()
    if action == "place":
        wire.place(shop, wish)
    elif action == "edit":
        wire.edit(shop, shop.orders.keys[0] if key is None else key, wish)
    else:
        shop.orders.remove(shop.orders.keys[0] if key is None else key)
