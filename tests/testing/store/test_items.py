"""Stock and prices, seen and changed over `/_sandbox/products`."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from hub_core.testing.store import Shop, StoreApi


async def post(client: httpx.AsyncClient, **data: Any) -> httpx.Response:
    return await client.post("/_sandbox/products", json=data)


async def items(client: httpx.AsyncClient, query: str = "") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await client.get("/_sandbox/products" + query)).json()["items"]
    return found


async def test_all_items_are_told_with_stock_and_prices(client: httpx.AsyncClient) -> None:
    found = await items(client)
    assert [(one["sku"], one["stock"]) for one in found] == [
        ("TEE", 15), ("TEE-S", 10), ("TEE-M", 4), ("MUG", 15), ("MUG2 ", 15),
    ]  # fmt: skip
    assert found[1] == {"product": 11, "variant": 5, "sku": "TEE-S", "name": "S", "stock": 10, "price": 20}
    assert found[3] == {
        "product": 12, "variant": None, "sku": "MUG", "name": "Mug", "stock": 15, "price": 20,
        "sale_price": 0, "on_sale": False, "retail_price": 0,
    }  # fmt: skip


async def test_the_items_of_one_sku_are_picked_out(client: httpx.AsyncClient) -> None:
    assert [one["product"] for one in await items(client, "?sku=MUG2")] == [13]
    assert await items(client, "?sku=NONE") == []


@pytest.mark.parametrize(
    ("data", "told"),
    [
        ({"sku": "MUG", "stock": "2.5"}, {"stock": 2.5}),
        ({"sku": "MUG", "change": -20}, {"stock": -5}),
        ({"sku": "TEE-S", "stock": 3, "price": "21.50"}, {"stock": 3, "price": 21.5}),
        ({"product": 11, "variant": 6, "change": 1}, {"sku": "TEE-M", "stock": 5}),
        (
            {"product": 12, "price": 9, "sale_price": 8, "on_sale": True, "retail_price": 12},
            {"price": 9, "sale_price": 8, "on_sale": True, "retail_price": 12},
        ),
        ({"product": 12, "rename": "CUP", "name": "Cup"}, {"sku": "CUP", "name": "Cup"}),
    ],
    ids=str,
)
async def test_an_item_is_changed_as_staff_would(
    client: httpx.AsyncClient, data: dict[str, Any], told: dict[str, Any]
) -> None:
    changed = (await post(client, **data)).json()
    assert {name: changed[name] for name in told} == told
    assert changed in await items(client)


async def test_one_store_is_changed_and_not_the_other(client: httpx.AsyncClient) -> None:
    await post(client, store="two", sku="MUG", stock=1)
    assert [(await items(client, f"?sku=MUG&store={name}"))[0]["stock"] for name in ("one", "two")] == [15, 1]


async def test_a_product_is_taken_out_of_the_store(client: httpx.AsyncClient, api: StoreApi[Shop]) -> None:
    assert (await client.delete("/_sandbox/products/12")).status_code == 204
    assert api.shop().goods.get(12) is None
    answer = await client.delete("/_sandbox/products/12")
    assert (answer.status_code, answer.json()["error"]) == (404, "There is no product 12 in this store.")


async def test_a_sku_that_two_items_have_is_not_guessed(client: httpx.AsyncClient) -> None:
    await post(client, product=12, rename="MUG2")
    answer = await post(client, sku="MUG2", stock=1)
    assert (answer.status_code, answer.json()["error"][:7]) == (422, "2 items")


@pytest.mark.parametrize(
    ("data", "word"),
    [
        ({"sku": "NONE", "stock": 1}, "NONE"),
        ({"stock": 1}, "None"),
        ({"product": 99, "stock": 1}, "99"),
        ({"product": 11, "variant": 9, "stock": 1}, "variant"),
        ({"product": "x", "stock": 1}, "product"),
        ({"sku": "MUG", "stock": "many"}, "many"),
        ({"sku": "MUG", "stock": "NaN"}, "NaN"),
        ({"sku": "MUG", "stock": True}, "True"),
        ({"sku": "TEE-S", "stock": 1.5}, "whole"),
        ({"sku": "TEE-S", "on_sale": True}, "on_sale"),
        ({"sku": "MUG", "colour": "red"}, "colour"),
    ],
    ids=str,
)
async def test_nonsense_is_refused_with_a_sentence(client: httpx.AsyncClient, data: dict[str, Any], word: str) -> None:
    before = await items(client)
    answer = await post(client, **data)
    assert answer.status_code == 422
    assert word in answer.json()["error"]
    assert await items(client) == before
