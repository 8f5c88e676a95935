from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest

from hub_threedcart.sandbox import API_ROOT, Sandbox

ONE = '{\n  "OrderID": 5, "OrderDate": "2013-09-13T14:25:14",\n "OrderAmount": 145, "OrderItemList": [] }'
TWO = '{"OrderID":3,"OrderDate":"2013-09-15T23:44:00","OrderStatusID":4,"OrderAmount":145.0,"OrderItemList":[],"é":"é"}'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "a_list.json").write_text(f"\ufeff[ {ONE} ,\r\n{TWO}]\n", encoding="utf-8")
    (tmp_path / "b_again.json").write_text('[{"OrderID": 5, "OrderDate": "", "OrderItemList": []}]')
    (tmp_path / "c_single.json").write_text('{"OrderID": 9, "OrderDate": "x", "OrderItemList": "y"}')
    (tmp_path / "d_count.json").write_text('{"TotalCount": 3}')
    (tmp_path / "e_cut.json").write_text('[{"OrderID": 1, ')
    (tmp_path / "f_none.json").write_text("[]")
    (tmp_path / "README.md").write_text("not JSON")
    return tmp_path


async def ask(sandbox: Sandbox, path: str, **params: Any) -> httpx.Response:
    transport = httpx.ASGITransport(app=sandbox.app)
    async with httpx.AsyncClient(transport=transport, base_url=f"http://sandbox{API_ROOT}") as client:
        return await client.get(path, params=params, headers=dict(sandbox.shop.headers))


@pytest.mark.parametrize("version", ["v1", "v2"])
async def test_recorded_orders_are_served_byte_for_byte(folder: Path, version: str) -> None:
    sandbox = Sandbox(orders_from=folder)
    answer = await ask(sandbox, f"/{version}/Orders", limit=2)
    assert answer.content == f"[{TWO},{ONE}]".encode()


async def test_filters_and_paging_work_on_recorded_orders(folder: Path) -> None:
    sandbox = Sandbox(orders_from=folder)
    assert (await ask(sandbox, "/v2/Orders", dateend="09/14/2013")).text == f"[{ONE}]"
    assert (await ask(sandbox, "/v2/Orders/3")).text == f"[{TWO}]"
    assert (await ask(sandbox, "/v2/Orders", countonly=1)).json() == {"TotalCount": 3}


def test_what_was_left_out_is_named(folder: Path) -> None:
    loaded = Sandbox(orders_from=folder).loaded
    assert loaded is not None
    assert loaded.orders == 3
    assert loaded.notes == [
        "Serving 3 recorded orders as they are.",
        "Skipped, for they hold no orders: d_count.json, e_cut.json, f_none.json.",
        "Left out order 5 of b_again.json: it is in a_list.json, too.",
    ]


def test_new_orders_get_ids_above_the_recorded_ones(folder: Path) -> None:
    sandbox = Sandbox(orders_from=folder)
    assert sandbox.place() > 9


def test_an_edited_recorded_order_keeps_the_spelling_of_its_numbers(folder: Path) -> None:
    sandbox = Sandbox(orders_from=folder)
    sandbox.edit(5, members={"UserID": "Staff"})
    record = sandbox.shop.orders.get(5)
    assert record is not None
    assert b'"OrderAmount":145,' in record.text
