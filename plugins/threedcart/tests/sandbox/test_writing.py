"""Stock and prices that are written through the API."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import httpx
import pytest

from hub_threedcart.sandbox import API_ROOT, Sandbox, ThreeDCartShop

Ask = Any
DONE = "Updated successfully"


async def put(client: httpx.AsyncClient, shop: ThreeDCartShop, path: str, body: Any, **headers: str) -> httpx.Response:
    given = {**shop.headers, **headers}
    if isinstance(body, bytes):
        given = {"content-type": "application/json", **given}
        return await client.put(f"{API_ROOT}/v2{path}", content=body, headers=given)
    return await client.put(f"{API_ROOT}/v2{path}", json=body, headers=given)


def info(**members: Any) -> dict[str, Any]:
    return {"SKUInfo": members}


def option(code: Any, stock: Any) -> dict[str, Any]:
    return {"AdvancedOptionCode": code, "AdvancedOptionStock": stock}


@pytest.fixture
def codes(shop: ThreeDCartShop) -> list[str]:
    return [str(variant.number) for variant in shop.goods[1].variants]


async def test_what_is_written_is_read_and_the_rest_stays(
    client: httpx.AsyncClient, shop: ThreeDCartShop, ask: Ask
) -> None:
    before = (await ask("/Products/11")).json()[0]
    new = {"Stock": 5.5, "Price": 21.25, "SalePrice": 18.0, "OnSale": True, "RetailPrice": 30.0}
    answer = await put(client, shop, "/Products", [info(CatalogID=11, **new)])
    assert answer.status_code == 200
    assert answer.json() == [{"Key": "CatalogID", "Value": "11", "Status": "200", "Message": DONE}]
    after = (await ask("/Products/11")).json()[0]
    assert after["SKUInfo"] == before["SKUInfo"] | new
    assert {**after, "SKUInfo": 0, "LastUpdate": 0} == {**before, "SKUInfo": 0, "LastUpdate": 0}


async def test_a_write_moves_the_time_of_a_product(client: httpx.AsyncClient, shop: ThreeDCartShop, ask: Ask) -> None:
    await put(client, shop, "/Products", [info(CatalogID=13, Stock=1)])
    rows = (await ask("/Products", lastupdatestart="05/20/2024 12:00:00")).json()
    assert [(row["SKUInfo"]["CatalogID"], row["LastUpdate"]) for row in rows] == [(13, "2024-05-20T12:00:00")]


async def test_a_product_is_named_by_its_sku_alone(client: httpx.AsyncClient, shop: ThreeDCartShop) -> None:
    sku = shop.goods[2].sku
    answer = await put(client, shop, "/Products", [info(SKU=sku, Stock=4)])
    assert answer.json()[0]["Value"] == "13"
    assert shop.goods[2].stock == 4
    assert shop.goods[2].sku == sku


async def test_beside_its_id_a_sku_is_written_like_anything_else(
    client: httpx.AsyncClient, shop: ThreeDCartShop
) -> None:
    await put(client, shop, "/Products", [info(CatalogID=13, SKU="NEW-SKU")])
    assert shop.goods[2].sku == "NEW-SKU"
    assert shop.goods.named("NEW-SKU") == ((13, None),)


async def test_some_of_many_fail_under_206(client: httpx.AsyncClient, shop: ThreeDCartShop) -> None:
    variant = shop.goods[1].variants[0].sku
    body = [info(CatalogID=11, Stock=1), info(CatalogID=999, Stock=1), info(SKU=variant, Stock=1), info(Stock=1)]
    answer = await put(client, shop, "/Products", body)
    assert answer.status_code == 206
    assert [(one["Key"], one["Value"], one["Status"]) for one in answer.json()] == [
        ("CatalogID", "11", "200"),
        ("Error", "999", "404"),
        ("Error", variant, "404"),
        ("Error", "", "400"),
    ]
    assert shop.goods[0].stock == 1


async def test_at_most_100_products_are_taken_at_once(client: httpx.AsyncClient, shop: ThreeDCartShop) -> None:
    body = [info(CatalogID=11, Stock=number) for number in range(1, 102)]
    answer = await put(client, shop, "/Products", body)
    assert (answer.status_code, answer.content) == (400, b"")
    assert (await put(client, shop, "/Products", body[:100])).status_code == 200
    assert shop.goods[0].stock == 100


async def test_one_product_is_written_by_itself(client: httpx.AsyncClient, shop: ThreeDCartShop) -> None:
    answer = await put(client, shop, "/Products/13", info(Stock="7", Price=3))
    assert [one["Value"] for one in answer.json()] == ["13"]
    assert [shop.goods[2].stock, shop.goods[2].price] == [7, 3]
    missing = await put(client, shop, "/Products/999", info(Stock=7))
    assert (missing.status_code, missing.content) == (404, b"")


async def test_variants_are_written_and_their_product_keeps_its_own_number(
    client: httpx.AsyncClient, shop: ThreeDCartShop, codes: list[str]
) -> None:
    own = shop.goods[1].stock
    body = [option(codes[0], 5), {"AdvancedOptionCode": codes[1], "AdvancedOptionPrice": 9.5}]
    answer = await put(client, shop, "/Products/12/AdvancedOptions", body)
    assert answer.status_code == 200
    assert answer.json() == [
        {"Key": "AdvancedOptionCode", "Value": code, "Status": "200", "Message": DONE} for code in codes[:2]
    ]
    small, medium, _ = shop.goods[1].variants
    assert (small.stock, medium.price, shop.goods[1].stock) == (5, Decimal("9.5"), own)


async def test_some_of_many_variants_fail_under_206(
    client: httpx.AsyncClient, shop: ThreeDCartShop, codes: list[str]
) -> None:
    answer = await put(
        client, shop, "/Products/12/AdvancedOptions", [option("9-9", 1), option(codes[0], 2), option(99999, 3)]
    )
    assert answer.status_code == 206
    assert [(one["Key"], one["Value"], one["Status"]) for one in answer.json()] == [
        ("Error", "9-9", "404"),
        ("AdvancedOptionCode", codes[0], "200"),
        ("Error", "99999", "404"),
    ]


async def test_one_variant_is_written_by_itself(
    client: httpx.AsyncClient, shop: ThreeDCartShop, codes: list[str]
) -> None:
    path = f"/Products/12/AdvancedOptions/{codes[2]}"
    answer = await put(client, shop, path, {"AdvancedOptionStock": -3})
    assert (answer.status_code, answer.json()[0]["Value"]) == (200, codes[2])
    assert shop.goods[1].variants[2].stock == -3


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/Products/999/AdvancedOptions", [option("111", 1)]),
        ("/Products/12/AdvancedOptions/999", {"AdvancedOptionStock": 1}),
        ("/Products/999/AdvancedOptions/111", {"AdvancedOptionStock": 1}),
    ],
)
async def test_what_is_not_there_answers_404_without_content(
    client: httpx.AsyncClient, shop: ThreeDCartShop, path: str, body: Any
) -> None:
    answer = await put(client, shop, path, body)
    assert (answer.status_code, answer.content) == (404, b"")


BAD: dict[str, list[Any]] = {
    "/Products": [
        b"", b"{", b"\xff", b"[" * 100_000, b"[]", b"{}", b"[1]", b"null", [{"SKUInfo": 1}], [info(CatalogID="11")],
        [info(CatalogID=11, Stock=None)], [info(CatalogID=11, Stock="many")], [info(CatalogID=11, Stock=True)],
        [info(CatalogID=11, Stock=1), info(CatalogID=13, Price=[])], [info(CatalogID=11, OnSale=1)],
        b'[{"SKUInfo":{"CatalogID":11,"Stock":NaN}}]', b'[{"SKUInfo":{"CatalogID":11,"Stock":1e400}}]',
        [info(CatalogID=11, SKU="x" * 256)], [info(CatalogID=11, SKU=5)], [info(CatalogID=2**40)],
    ],
    "/Products/11": [b"", [info(Stock=1)], info(Stock="x"), 5],
    "/Products/12/AdvancedOptions": [
        {}, [1], [option("111", 1.5)], [option("111", 1.0)], [option("111", "1")], [option("111", None)],
        [option("111", 2**31)], [option(["111"], 1)], [option(True, 1)],
    ],
    "/Products/12/AdvancedOptions/111": [[option("111", 1)], {"AdvancedOptionStock": 2.5}],
}  # fmt: skip


@pytest.mark.parametrize(
    ("path", "body"), [pytest.param(path, body, id=f"{path} {body!s:.90}") for path in BAD for body in BAD[path]]
)
async def test_a_body_that_is_not_valid_is_refused_as_a_whole(
    client: httpx.AsyncClient, shop: ThreeDCartShop, path: str, body: Any
) -> None:
    before = list(shop.goods)
    answer = await put(client, shop, path, body)
    assert (answer.status_code, answer.content) == (400, b"")
    assert list(shop.goods) == before


async def test_another_type_of_body_is_not_taken(client: httpx.AsyncClient, shop: ThreeDCartShop) -> None:
    answer = await put(client, shop, "/Products/11", b'{"SKUInfo":{"Stock":1}}', **{"content-type": "text/plain"})
    assert answer.status_code == 415


async def test_names_of_members_are_case_blind(client: httpx.AsyncClient, shop: ThreeDCartShop) -> None:
    await put(client, shop, "/products", [{"skuinfo": {"catalogid": 11, "STOCK": 3}}])
    assert shop.goods[0].stock == 3


async def test_without_the_right_to_write_nothing_is_written(client: httpx.AsyncClient, shop: ThreeDCartShop) -> None:
    shop.rights = frozenset({"products:read"})
    before = shop.goods[0].stock
    assert (await put(client, shop, "/Products/11", info(Stock=int(before) + 1))).status_code == 401
    assert shop.goods[0].stock == before


@pytest.mark.parametrize("method", ["POST", "DELETE", "GET"])
async def test_other_verbs_are_not_known(client: httpx.AsyncClient, shop: ThreeDCartShop, method: str) -> None:
    answer = await client.request(method, f"{API_ROOT}/v2/Products/12/AdvancedOptions/111", headers=dict(shop.headers))
    assert answer.status_code == 405


async def test_writes_count_against_the_limit(client: httpx.AsyncClient, sandbox: Sandbox) -> None:
    shop = sandbox.shop
    shop.meter.enforced = True
    shop.meter.limit(1, 2)
    answers = [await put(client, shop, "/Products/11", info(Stock=number)) for number in (1, 2)]
    assert [answer.status_code for answer in answers] == [200, 429]
    assert [(write.status, write.applied) for write in shop.writes.writes] == [(200, 1), (429, None)]


async def test_version_1_reads_what_was_written(client: httpx.AsyncClient, shop: ThreeDCartShop, ask: Ask) -> None:
    await put(client, shop, "/Products/11", info(Stock=7, Price=145))
    (old,) = (await ask("/Products/11", "v1")).json()
    assert (old["SKUInfo"]["Stock"], old["SKUInfo"]["Price"]) == (7, 145)
    assert isinstance(old["SKUInfo"]["Price"], int)


@pytest.mark.parametrize(
    ("params", "found"),
    [
        ({"stockfrom": 900}, [13]),
        ({"stockfrom": 900, "stockto": 950}, None),
        ({"pricefrom": "500.5", "priceto": 501}, [13]),
        ({"pricefrom": 500, "onsale": 0}, None),
        ({"pricefrom": 500, "onsale": 1}, [13]),
        ({"pricefrom": 500, "hide": 0}, [13]),
        ({"hide": 1}, None),
        ({"catalogid": 13, "sku": "X"}, None),
        ({"sku": "FILTERED  "}, [13]),
    ],
    ids=str,
)
async def test_filters_see_present_figures(
    client: httpx.AsyncClient, shop: ThreeDCartShop, ask: Ask, params: dict[str, Any], found: list[int] | None
) -> None:
    await ask("/Products", **params)  # what was found before is not found again
    new = {"Stock": 999, "Price": 501, "OnSale": True, "SKU": "FILTERED"}
    await put(client, shop, "/Products/13", info(**new))
    answer = await ask("/Products", **params)
    rows = [row["SKUInfo"]["CatalogID"] for row in answer.json()] if answer.status_code == 200 else None
    assert rows == found


@pytest.mark.parametrize("params", [{"pricefrom": "cheap"}, {"stockto": "NaN"}, {"hide": "maybe"}], ids=str)
async def test_a_filter_that_cannot_be_read_answers_400(ask: Ask, params: dict[str, str]) -> None:
    assert (await ask("/Products", **params)).status_code == 400
