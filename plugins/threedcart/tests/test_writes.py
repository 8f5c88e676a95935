"""Whatever entries the platform dislikes, and however it says so, each change gets one outcome, and the right one."""

from __future__ import annotations

import json
from collections import deque
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import httpx
import respx
from hypothesis import given, settings
from hypothesis import strategies as st

from hub_core import Accepted, Outcome, Refused, RetryLater, StockChange, StockChanges, Store, StoreHttp
from hub_core.testing import NoBudget
from hub_threedcart.channel import push_stock
from hub_threedcart.settings import ThreeDCartApplication, ThreeDCartCredentials, ThreeDCartSettings

API = "https://apirest.3dcart.com/3dCartWebAPI/v2"
CASES = ("ok", "whole 400", "whole 404", "whole 413", "part 404", "under 200", "silent", "silent and lost")


class Clock:
    def now(self) -> datetime:
        return datetime(2024, 5, 8, tzinfo=UTC)

    def monotonic(self) -> float:
        return 0.0

    async def sleep(self, seconds: float) -> None:
        raise AssertionError


class Platform:
    """Takes stock of products of which each has its own way of being taken or not."""

    def __init__(self, ways: list[str]) -> None:
        self.ways = {str(number): way for number, way in enumerate(ways, 1)}
        self.stock: dict[str, Any] = {}
        self.puts = 0

    def answer(self, request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            number = request.url.path.split("/")[-2]
            return httpx.Response(200, json=[{"CatalogID": int(number), "Stock": self.stock.get(number, -1)}])
        self.puts += 1
        entries = {str(one["SKUInfo"]["CatalogID"]): one["SKUInfo"]["Stock"] for one in json.loads(request.content)}
        ways = {number: self.ways[number] for number in entries}
        for way in ways.values():
            if way.startswith("whole"):
                return httpx.Response(int(way.split()[1]))
        self.stock |= {one: entries[one] for one, way in ways.items() if way in ("ok", "silent")}
        results = deque(_result(number, way) for number, way in ways.items() if not way.startswith("silent"))
        results.rotate(1)
        partial = "part 404" in ways.values()
        return httpx.Response(206 if partial else 200, json=list(results))


def _result(number: str, way: str) -> dict[str, str]:
    if way == "ok":
        return {"Key": "CatalogID", "Value": number, "Status": "200", "Message": ""}
    return {"Key": "Error", "Value": number, "Status": "404" if "404" in way else "200", "Message": way}


async def _push(platform: Platform) -> list[Outcome]:
    router = respx.MockRouter()
    router.route(url__startswith=API).mock(side_effect=platform.answer)
    async with StoreHttp(budget=NoBudget(), clock=Clock(), transport=httpx.MockTransport(router.async_handler)) as http:
        store = Store(
            http=http,
            settings=ThreeDCartSettings(store_url="https://shop.example.com"),
            application=ThreeDCartApplication.model_validate({"public_key": "12" * 16, "private_key": "56" * 16}),
            credentials=ThreeDCartCredentials.model_validate({"token": "34" * 16}),
        )
        changes = [StockChanges(None, (StockChange(one, "S", Decimal(7), None),)) for one in platform.ways]
        return [outcome async for page in push_stock(store, changes) for outcome in page]


_ways = st.lists(st.sampled_from(CASES), max_size=24) | st.lists(
    st.sampled_from(("ok", "ok", "ok", "ok", "whole 400")), min_size=95, max_size=120
)


@settings(max_examples=60)
@given(ways=_ways)
async def test_each_change_gets_one_outcome_and_it_says_what_the_store_has(ways: list[str]) -> None:
    platform = Platform(ways)
    outcomes = await _push(platform)
    assert sorted(one.listing for one in outcomes) == sorted(platform.ways)
    kinds = {"ok": Accepted, "silent": Accepted, "silent and lost": RetryLater}
    assert {one.listing: type(one) for one in outcomes} == {
        one: kinds.get(way, Refused) for one, way in platform.ways.items()
    }
    assert {one.listing for one in outcomes if isinstance(one, Accepted)} == set(platform.stock)


@settings(max_examples=60)
@given(ways=st.lists(st.sampled_from(("ok", "whole 500", "whole 400")), max_size=40))
async def test_faults_of_the_server_leave_no_change_without_an_outcome_and_refuse_none(ways: list[str]) -> None:
    platform = Platform(ways)
    outcomes = {one.listing: one for one in await _push(platform)}
    assert set(outcomes) == set(platform.ways)
    for number, way in platform.ways.items():
        if way == "ok":
            assert isinstance(outcomes[number], Accepted if number in platform.stock else RetryLater)
        elif way == "whole 500":
            assert isinstance(outcomes[number], RetryLater)
    assert platform.puts <= 2 * len(ways)
