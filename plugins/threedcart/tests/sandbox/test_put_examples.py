"""The exchanges of the examples, played against the sandbox."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import httpx
import pytest

from hub_core.testing.store import Variant
from hub_threedcart.sandbox import ThreeDCartShop

EXCHANGES = (
    "put_products_bulk_stock",
    "put_products_bulk_price",
    "put_products_bulk_partial_206",
    "put_product_single_stock",
    "put_advanced_options_bulk",
    "put_advanced_option_single",
)


@pytest.fixture
def tees(shop: ThreeDCartShop) -> ThreeDCartShop:
    """The two products of the examples."""
    sizes = [Variant(5, "TEE-S", "S", Decimal(20), 10), Variant(6, "TEE-M", "M", Decimal(20), 42)]
    sizes.append(Variant(7, "TEE-L", "L", Decimal("21.5"), 8))
    first, second, *_ = shop.goods
    shop.goods.put(replace(first, sku="TEE", name="Cotton Tee", stock=Decimal(60), variants=tuple(sizes)))
    shop.goods.put(replace(second, sku="MUG", name="Mug", stock=Decimal(15), variants=()))
    return shop


@pytest.mark.parametrize("name", EXCHANGES)
async def test_the_sandbox_answers_as_the_example_does(
    name: str, client: httpx.AsyncClient, tees: ThreeDCartShop, example: Callable[[str], Any]
) -> None:
    wanted, told = example(name)["request"], example(name)["response"]
    answer = await client.request(wanted["method"], wanted["path"], json=wanted["body"], headers=dict(tees.headers))
    assert (answer.status_code, answer.json()) == (told["status"], told["body"])


async def test_after_all_of_them_the_store_holds_what_they_said(
    client: httpx.AsyncClient, tees: ThreeDCartShop, example: Callable[[str], Any]
) -> None:
    for name in EXCHANGES:
        wanted = example(name)["request"]
        await client.request(wanted["method"], wanted["path"], json=wanted["body"], headers=dict(tees.headers))
    tee, mug, *_ = tees.goods
    assert [tee.stock, tee.price, tee.sale_price, mug.stock] == [53, 21, Decimal("18.5"), 0]
    assert tee.on_sale
    assert [one.stock for one in tee.variants] == [9, 40, 8]


async def test_the_lists_have_the_members_of_the_examples(
    client: httpx.AsyncClient, tees: ThreeDCartShop, example: Callable[[str], Any]
) -> None:
    root, headers = "/3dCartWebAPI/v2/Products", dict(tees.headers)
    shown = {
        path: (await client.get(root + path, headers=headers)).json() for path in ("/skuinfo", "/11/AdvancedOptions")
    }
    assert shown["/skuinfo"][0].keys() == example("products_skuinfo_list")[0].keys()
    names = ("AdvancedOptionCode", "AdvancedOptionSufix", "AdvancedOptionStock", "AdvancedOptionPrice")
    told = [[one[name] for name in names] for one in shown["/11/AdvancedOptions"]]
    assert told == [[one[name] for name in names] for one in example("advanced_options_list")]
