from __future__ import annotations

from typing import Any

import httpx

from hub_threedcart.sandbox import API_ROOT, Sandbox, ThreeDCartShop

Ask = Any


async def test_products_ascend_by_catalog_id(ask: Ask) -> None:
    rows = (await ask("/Products", limit=200)).json()
    assert [row["SKUInfo"]["CatalogID"] for row in rows] == list(range(11, 23))


async def test_products_are_counted_and_paged(ask: Ask) -> None:
    assert (await ask("/Products", countonly=1)).json() == {"TotalCount": 12}
    assert len((await ask("/Products", limit=5, offset=10)).json()) == 3
    assert (await ask("/Products", offset=13)).status_code == 404


async def test_the_most_products_of_a_page_are_200_and_of_the_short_list_500() -> None:
    sandbox = Sandbox(products=510)
    assert len(sandbox.shop.products) == 510
    assert await page_sizes(sandbox) == [200, 500]


async def page_sizes(sandbox: Sandbox) -> list[int]:
    transport = httpx.ASGITransport(app=sandbox.app)
    async with httpx.AsyncClient(transport=transport, base_url=f"http://sandbox{API_ROOT}/v2") as client:
        headers = dict(sandbox.shop.headers)
        paths = ("/Products", "/Products/skuinfo")
        return [len((await client.get(path, params={"limit": 999}, headers=headers)).json()) for path in paths]


async def test_a_product_is_found_by_its_sku(ask: Ask, shop: ThreeDCartShop) -> None:
    product = shop.goods[3]
    rows = (await ask("/Products/skuinfo", sku=product.sku)).json()
    assert [(row["CatalogID"], row["Name"]) for row in rows] == [(product.number, product.name)]
    assert (await ask("/Products", sku="NO-SUCH")).status_code == 404


async def test_one_product_comes_as_an_array_of_one(ask: Ask) -> None:
    (product,) = (await ask("/Products/12")).json()
    (info,) = (await ask("/Products/12/skuinfo")).json()
    assert product["SKUInfo"] == info
    assert (await ask("/Products/9")).status_code == 404


async def test_variants_are_those_of_the_product(ask: Ask, shop: ThreeDCartShop) -> None:
    (product,) = (await ask("/Products/12")).json()
    options = (await ask("/Products/12/AdvancedOptions")).json()
    assert options == product["AdvancedOptionList"]
    assert [one["AdvancedOptionSufix"] for one in options] == [one.sku for one in shop.goods[1].variants]
    assert (await ask("/Products/11/AdvancedOptions")).status_code == 404


async def test_selling_does_not_move_the_time_of_a_product(ask: Ask, sandbox: Sandbox) -> None:
    sandbox.place(sku=sandbox.shop.goods[0].sku)
    assert (await ask("/Products", lastupdatestart="05/01/2024 00:00:00")).status_code == 404


async def test_version_1_of_a_product_knows_fewer_members(ask: Ask) -> None:
    (new,), (old,) = (await ask("/Products/12")).json(), (await ask("/Products/12", "v1")).json()
    assert ("InventoryControl" in new, "InventoryControl" in old) == (True, False)
    assert "Currency" not in (await ask("/Products/skuinfo", "v1")).json()[0]
