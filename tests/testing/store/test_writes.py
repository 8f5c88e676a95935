"""What a store tells about the writes it received."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from typing import Any

import httpx
import pytest

from hub_core.testing.store import Shop, StoreApi, Write, WriteLog
from hub_core.testing.store.items import stock_of


async def put(client: httpx.AsyncClient, **levels: int) -> httpx.Response:
    return await client.put("/rows", json=levels)


async def log(client: httpx.AsyncClient, query: str = "") -> list[dict[str, Any]]:
    writes: list[dict[str, Any]] = (await client.get("/_sandbox/writes" + query)).json()["writes"]
    return writes


async def test_each_write_is_told_with_its_value_and_time(client: httpx.AsyncClient) -> None:
    await put(client, **{"MUG": 7, "TEE-S": 3})
    first, second = await log(client)
    assert first == {
        "number": 1, "at": "2024-05-06T00:00:00+00:00", "method": "PUT", "path": "/rows", "named": "MUG", "sku": "MUG",
        "product": 12, "variant": None, "values": {"stock": 7}, "status": 200, "applied": 1, "overlapped": False,
    }  # fmt: skip
    assert (second["product"], second["variant"], second["values"], second["applied"]) == (11, 5, {"stock": 3}, 2)


async def test_a_write_of_what_is_not_there_is_told_as_not_applied(client: httpx.AsyncClient) -> None:
    assert (await put(client, NONE=1)).json() == {"NONE": False}
    (one,) = await log(client)
    assert (one["named"], one["product"], one["applied"]) == ("NONE", None, None)


async def test_a_refused_request_is_told_with_its_status(client: httpx.AsyncClient, api: StoreApi[Shop]) -> None:
    api.break_down("status", status=503)
    await put(client, MUG=7)
    assert [(one["status"], one["applied"]) for one in await log(client)] == [(503, None)]
    assert stock_of(api.shop(), "MUG") == 15


@pytest.mark.parametrize("item", ["TEE-S", "11/5"])
async def test_the_writes_of_one_item_are_picked_out(client: httpx.AsyncClient, item: str) -> None:
    await put(client, **{"MUG": 7, "TEE-S": 3})
    assert [one["named"] for one in await log(client, f"?item={item}")] == ["TEE-S"]


@pytest.mark.parametrize("moment", ["before", "after"])
async def test_two_writes_of_one_item_at_the_same_time_are_noticed(
    client: httpx.AsyncClient, api: StoreApi[Shop], moment: str
) -> None:
    api.break_down("delay", seconds=0, moment=moment, count=2)
    await asyncio.gather(put(client, MUG=1), put(client, **{"MUG": 2, "TEE-S": 1}))
    assert [one["overlapped"] for one in await log(client)] == [True, True, False]
    assert (await client.get("/_sandbox")).json()["stores"][0]["overlapped_writes"] == 2


async def test_writes_one_after_the_other_do_not_overlap(client: httpx.AsyncClient) -> None:
    for stock in (1, 2):
        await put(client, MUG=stock)
    answer = (await client.get("/_sandbox/writes")).json()
    assert (answer["overlapped"], [one["overlapped"] for one in answer["writes"]]) == (0, [False, False])


def test_a_write_whose_reply_was_lost_is_over(served: httpx.Client, api: StoreApi[Shop]) -> None:
    api.break_down("lose_reply")
    with pytest.raises(httpx.TransportError):
        served.put("/rows", json={"MUG": 5})
    served.put("/rows", json={"MUG": 6})
    told = [(write.status, write.applied, write.overlapped) for write in api.shop().writes.writes]
    assert told == [(0, 1, False), (200, 2, False)]


async def test_the_log_begins_anew(client: httpx.AsyncClient) -> None:
    await put(client, MUG=7)
    assert (await client.delete("/_sandbox/writes")).status_code == 204
    assert await log(client) == []


async def test_each_store_has_a_log_of_its_own(client: httpx.AsyncClient) -> None:
    await client.put("/rows?shop=two", json={"MUG": 7})
    assert await log(client) == []
    assert len(await log(client, "?store=two")) == 1


def test_the_same_item_twice_in_one_request_overlaps() -> None:
    writes, twice = WriteLog(), [Write("MUG", (12, None), "MUG", {"stock": Decimal(n)}) for n in (1, 2)]
    writes.begin(twice, "", "PUT", "/rows")
    writes.end(twice)
    assert writes.overlapped == 2
