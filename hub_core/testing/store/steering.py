"""What can be seen and changed below `/_sandbox` while a sandbox runs."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from hub_core.testing.store.api import StoreApi
from hub_core.testing.store.errors import SteeringError
from hub_core.testing.store.items import edit_item, item_as_data, items_as_data
from hub_core.testing.store.shop import Shop
from hub_core.testing.store.switches import overview, set_up
from hub_core.testing.store.wishes import moment_from, wish_from

STEERING_ROOT = "/_sandbox"

Act = Callable[[StoreApi[Any], Request, dict[str, Any]], Any]
_Known = TypeVar("_Known")


def steering_routes(api: StoreApi[Any]) -> list[Route]:
    """List what people and tests steer the stores of *api* with."""
    table: list[tuple[str, str, Act]] = [
        ("GET", "", _overview),
        ("GET", "/meter", _meter),
        ("DELETE", "/meter", _reset_meter),
        ("GET", "/faults", _faults),
        ("POST", "/faults", _add_fault),
        ("DELETE", "/faults", _clear_faults),
        ("DELETE", "/faults/{id:int}", _remove_fault),
        ("GET", "/orders", _orders),
        ("POST", "/orders", _place),
        ("GET", "/orders/{id:int}", _order),
        ("PATCH", "/orders/{id:int}", _edit),
        ("DELETE", "/orders/{id:int}", _remove),
        ("GET", "/products", _items),
        ("POST", "/products", _edit_item),
        ("DELETE", "/products/{id:int}", _remove_product),
        ("GET", "/writes", _writes),
        ("DELETE", "/writes", _clear_writes),
        ("POST", "/clock", _clock),
        ("POST", "/stores/{name}", _store),
    ]
    return [Route(STEERING_ROOT + path, _endpoint(api, act), methods=[verb]) for verb, path, act in table]


def _endpoint(api: StoreApi[Any], act: Act) -> Callable[[Request], Any]:
    async def endpoint(request: Request) -> Response:
        try:
            text = await request.body()
            data = json.loads(text) if text else {}
            if not isinstance(data, dict):
                raise SteeringError("Send one JSON object.")  # noqa: TRY301 - answered below like all others
            answer = act(api, request, data)
        except KeyError as error:
            return JSONResponse({"error": f"There is no {_thing(request)} {error.args[0]} in this store."}, 404)
        except (SteeringError, json.JSONDecodeError) as error:
            return JSONResponse({"error": str(error)}, 422)
        except (ArithmeticError, TypeError, ValueError) as error:
            return JSONResponse({"error": f"A value does not fit: {error!r}."}, 422)
        if isinstance(answer, Response):
            return answer
        return Response(status_code=204) if answer is None else JSONResponse(answer)

    return endpoint


def _thing(request: Request) -> str:
    return "product" if "/products" in request.url.path else "order"


def _shop(api: StoreApi[Any], request: Request, data: dict[str, Any]) -> Any:
    return api.shop(data.pop("store", None) or request.query_params.get("store"))


def _overview(api: StoreApi[Any], _: Request, __: dict[str, Any]) -> Any:
    stores = [overview(shop, api.wire) for shop in api.shops.values()]
    return {"stores": stores, "faults": _faults(api, _, __)["faults"], "kinds": api.kinds}


def _meter(api: StoreApi[Any], request: Request, data: dict[str, Any]) -> Any:
    shops = [_shop(api, request, data)] if "store" in request.query_params else api.shops.values()
    return {"stores": {shop.name: {**shop.meter.reading(), "log": list(shop.meter.log)} for shop in shops}}


def _reset_meter(api: StoreApi[Any], _: Request, __: dict[str, Any]) -> None:
    for shop in api.shops.values():
        shop.meter.reset()


def _faults(api: StoreApi[Any], _: Request, __: dict[str, Any]) -> Any:
    return {"faults": [fault.as_data() for fault in api.faults.faults]}


def _add_fault(api: StoreApi[Any], _: Request, data: dict[str, Any]) -> Any:
    if "kind" not in data:
        raise SteeringError(f"Say which `kind` of fault. There are: {', '.join(api.kinds)}.")
    return api.break_down(**data).as_data()


def _clear_faults(api: StoreApi[Any], _: Request, __: dict[str, Any]) -> None:
    api.faults.clear()


def _remove_fault(api: StoreApi[Any], request: Request, _: dict[str, Any]) -> None:
    api.faults.remove(request.path_params["id"])


def _orders(api: StoreApi[Any], request: Request, data: dict[str, Any]) -> Any:
    return {"ids": list(_shop(api, request, data).orders.keys)}


def _order(api: StoreApi[Any], request: Request, data: dict[str, Any]) -> Response:
    record = _known(_shop(api, request, data).orders.get(request.path_params["id"]), request)
    return Response(record.text, media_type="application/json")


def _place(api: StoreApi[Any], request: Request, data: dict[str, Any]) -> Any:
    shop, count = _shop(api, request, data), data.pop("count", 1)
    wish = wish_from(data)
    return {"ids": [api.wire.place(shop, wish) for _ in range(count)]}


def _edit(api: StoreApi[Any], request: Request, data: dict[str, Any]) -> Response:
    shop, key = _shop(api, request, data), request.path_params["id"]
    api.wire.edit(shop, key, wish_from(data))
    return Response(_known(shop.orders.get(key), request).text, media_type="application/json")


def _remove(api: StoreApi[Any], request: Request, data: dict[str, Any]) -> None:
    _shop(api, request, data).orders.remove(request.path_params["id"])


def _items(api: StoreApi[Any], request: Request, data: dict[str, Any]) -> Any:
    return {"items": list(items_as_data(_shop(api, request, data), request.query_params.get("sku")))}


def _edit_item(api: StoreApi[Any], request: Request, data: dict[str, Any]) -> Any:
    shop: Shop = _shop(api, request, data)
    key = edit_item(shop, data)
    item = shop.goods.item(key)
    return item_as_data(key, item) if item else None


def _remove_product(api: StoreApi[Any], request: Request, data: dict[str, Any]) -> None:
    shop: Shop = _shop(api, request, data)
    number = request.path_params["id"]
    shop.goods.remove(number)
    if number in shop.products:
        shop.products.remove(number)


def _writes(api: StoreApi[Any], request: Request, data: dict[str, Any]) -> Any:
    log, item = _shop(api, request, data).writes, request.query_params.get("item")
    told = [write.as_data() for write in tuple(log.writes) if item is None or write.is_of(item)]
    return {"overlapped": sum(one["overlapped"] for one in told), "writes": told}


def _clear_writes(api: StoreApi[Any], _: Request, __: dict[str, Any]) -> None:
    for shop in api.shops.values():
        shop.writes.clear()


def _clock(api: StoreApi[Any], request: Request, data: dict[str, Any]) -> Any:
    named = "store" in data or "store" in request.query_params
    shops: list[Shop] = [_shop(api, request, data)] if named else list(api.shops.values())
    for shop in shops:
        _move_clock(shop, data)
    return {shop.name: shop.clock.now().isoformat() for shop in shops}


def _move_clock(shop: Shop, data: Mapping[str, Any]) -> None:
    if "running" in data:
        now = shop.clock.now()
        shop.clock.running = bool(data["running"])
        shop.clock.set(now)
    if "set" in data:
        shop.clock.set(moment_from(data["set"]))
    shop.clock.advance(float(data.get("advance", 0)))


def _store(api: StoreApi[Any], request: Request, data: dict[str, Any]) -> Any:
    shop = api.shop(request.path_params["name"])
    for name, value in data.items():
        set_up(shop, api.wire, name, value)
    return overview(shop, api.wire)


def _known(found: _Known | None, request: Request) -> _Known:
    if found is None:
        raise KeyError(request.path_params["id"])
    return found
