"""Every order that the examples hold, through the client and the mapping, against what the hub should make of it.

`expected/` states each field of each order.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import respx

from hub_core import Order, OrderPage, Store
from hub_threedcart.channel import fetch_order

API = "https://apirest.3dcart.com/3dCartWebAPI/v2"
LISTS = (
    "orders_list_v1",
    "order_single_v1_array_of_one",
    "order_v2_full",
    "order_v2_two_shipments",
    "webhook_delivery_order",
)


def _expected(name: str) -> list[dict[str, Any]]:
    orders: list[dict[str, Any]] = json.loads(
        Path(__file__).parent.joinpath("expected", f"{name}.json").read_text("utf-8")
    )
    return orders


def _read(pages: list[OrderPage]) -> list[Order]:
    return [page.read(record.raw) for page in pages for record in page.records]


@pytest.mark.parametrize("name", LISTS)
async def test_each_order_of_a_list_becomes_what_it_should(
    name: str, api: respx.MockRouter, example: Callable[[str], Any], collect: Callable[..., Any]
) -> None:
    api.get(f"{API}/Orders").respond(json=example(name))
    orders = _read(await collect())
    assert [json.loads(order.model_dump_json()) for order in orders] == _expected(name)


@pytest.mark.parametrize("name", [name for name in LISTS if name != "orders_list_v1"])
async def test_each_single_order_becomes_what_it_should(
    name: str, api: respx.MockRouter, example: Callable[[str], Any], store: Store
) -> None:
    (members,) = example(name)
    api.get(f"{API}/Orders/{members['OrderID']}").respond(json=example(name))
    orders = _read([await fetch_order(store, str(members["OrderID"]))])
    assert [json.loads(order.model_dump_json()) for order in orders] == _expected(name)


@pytest.mark.parametrize("name", LISTS)
async def test_nothing_that_opens_anything_is_left_in_the_text_or_the_order(
    name: str, api: respx.MockRouter, example: Callable[[str], Any], collect: Callable[..., Any]
) -> None:
    api.get(f"{API}/Orders").respond(json=example(name))
    pages = await collect()
    kept = b"".join(record.raw for page in pages for record in page.records)
    kept += "".join(order.model_dump_json() for order in _read(pages)).encode()
    for secret in (b"orderkey", b"XXXX-XXXX", b"American Express", b"Visa", b"2099", b"EXAMPLEx/Xw="):
        assert secret not in kept
