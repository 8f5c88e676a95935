"""What happens to writes, and at the store between two of them."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from hub_core.testing.store import Shop, StoreApi
from hub_core.testing.store.items import stock_of


async def put(client: httpx.AsyncClient, **levels: int) -> httpx.Response:
    return await client.put("/rows", json=levels)


async def test_a_sale_happens_before_the_second_write(client: httpx.AsyncClient, api: StoreApi[Shop]) -> None:
    api.break_down("order", method="PUT", skip=1, sku="MUG")
    await put(client, MUG=7)
    assert stock_of(api.shop(), "MUG") == 7
    await put(client, **{"TEE-S": 1})
    assert stock_of(api.shop(), "MUG") == 6


@pytest.mark.parametrize(("moment", "left"), [("before", 7), ("after", 6)])
async def test_a_sale_happens_before_or_after_a_write_takes_effect(
    client: httpx.AsyncClient, api: StoreApi[Shop], moment: str, left: int
) -> None:
    api.break_down("order", method="PUT", sku="MUG", moment=moment)
    await put(client, MUG=7)
    assert stock_of(api.shop(), "MUG") == left


@pytest.mark.parametrize(("moment", "left"), [("before", 7), ("after", 70)])
async def test_staff_edit_stock_between(client: httpx.AsyncClient, api: StoreApi[Shop], moment: str, left: int) -> None:
    api.break_down("stock", method="PUT", sku="MUG", stock=70, moment=moment)
    await put(client, MUG=7)
    assert stock_of(api.shop(), "MUG") == left


async def test_something_happens_at_another_store(client: httpx.AsyncClient, api: StoreApi[Shop]) -> None:
    api.break_down("stock", sku="MUG", change=-3, elsewhere="two")
    await put(client, **{"TEE-S": 1})
    assert [stock_of(shop, "MUG") for shop in api.shops.values()] == [15, 12]


async def test_what_cannot_happen_is_said_instead_of_an_answer(client: httpx.AsyncClient, api: StoreApi[Shop]) -> None:
    api.break_down("stock", sku="NONE", stock=1)
    answer = await client.get("/rows")
    assert (answer.status_code, "NONE" in answer.text) == (500, True)


async def test_a_reply_is_lost_behind_a_server_error_after_the_write(
    client: httpx.AsyncClient, api: StoreApi[Shop]
) -> None:
    api.break_down("lose_reply", status=500)
    answer = await put(client, MUG=7)
    assert (answer.status_code, answer.content) == (500, b"")
    assert stock_of(api.shop(), "MUG") == 7


async def test_one_item_of_many_is_refused(client: httpx.AsyncClient, api: StoreApi[Shop]) -> None:
    fault = api.break_down("refuse_item", item="MUG", count=None)
    assert (await put(client, **{"TEE-S": 1})).json() == {"TEE-S": True}
    assert fault.fired == 0
    assert (await put(client, **{"MUG": 7, "TEE-M": 3})).json() == {"MUG": False, "TEE-M": True}
    assert [stock_of(api.shop(), sku) for sku in ("MUG", "TEE-M")] == [15, 3]
    assert fault.fired == 1


async def test_an_item_is_left_out_of_the_answer(client: httpx.AsyncClient, api: StoreApi[Shop]) -> None:
    api.break_down("drop_result", item="MUG")
    assert (await put(client, **{"MUG": 7, "TEE-M": 3})).json() == {"TEE-M": True}
    assert stock_of(api.shop(), "MUG") == 7


@pytest.mark.parametrize("item", ["MUG2", 13, ["NONE", "MUG2"], "NEW"], ids=str)
async def test_a_fault_is_only_for_requests_that_write_an_item(
    client: httpx.AsyncClient, api: StoreApi[Shop], item: Any
) -> None:
    api.break_down("status", status=400, item=item, count=None)
    levels = [{"MUG": 1}, {"TEE-S": 2}, {"MUG2": 3, "NEW": 4}]
    assert [(await put(client, **one)).status_code for one in levels] == [200, 200, 400]
    assert (await client.get("/rows")).status_code == 200
    assert stock_of(api.shop(), "MUG2") == 15


async def test_a_moment_that_does_not_exist_is_refused(client: httpx.AsyncClient) -> None:
    answer = await client.post("/_sandbox/faults", json={"kind": "stock", "sku": "MUG", "moment": "later"})
    assert (answer.status_code, "later" in answer.json()["error"]) == (422, True)


async def test_a_cancelled_order_may_keep_what_it_took(client: httpx.AsyncClient, api: StoreApi[Shop]) -> None:
    shown = (await client.post("/_sandbox/stores/one", json={"restock": False})).json()
    assert (shown["restock"], api.shop().restock) == (False, False)
