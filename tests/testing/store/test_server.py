"""The reusable part with a platform that could not be smaller: see `conftest`."""

from __future__ import annotations

import gzip
from typing import Any

import httpx
import pytest

from hub_core.testing.store import Shop, StoreApi, StoreServer
from hub_core.testing.store.serving import serve


async def ids(client: httpx.AsyncClient) -> list[int]:
    return [row["id"] for row in (await client.get("/rows")).json()]


async def test_without_faults_the_platform_answers(client: httpx.AsyncClient) -> None:
    assert await ids(client) == [1, 2, 3]


async def test_a_fault_hits_so_many_requests_and_says_that_it_fired(
    client: httpx.AsyncClient, api: StoreApi[Shop]
) -> None:
    fault = api.break_down("status", status=503, headers={"Retry-After": "7"}, body="busy", skip=1, count=2)
    answers = [await client.get("/rows") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 503, 503, 200]
    assert (answers[1].headers["retry-after"], answers[1].text) == ("7", "busy")
    assert (fault.seen, fault.fired) == (4, 2)


@pytest.mark.parametrize(
    "where", [{"path": "/other*"}, {"method": "POST"}, {"query": "*page=2*"}, {"query": "!"}, {"store": "two"}], ids=str
)
async def test_a_fault_spares_what_it_does_not_match(
    client: httpx.AsyncClient, api: StoreApi[Shop], where: dict[str, Any]
) -> None:
    fault = api.break_down("status", **where)
    assert (await client.get("/rows")).status_code == 200
    assert fault.fired == 0


async def test_a_fault_can_be_for_one_store(client: httpx.AsyncClient, api: StoreApi[Shop]) -> None:
    api.break_down("status", store="two")
    assert (await client.get("/rows?shop=two")).status_code == 500


async def test_faults_of_a_platform_have_names_of_their_own(client: httpx.AsyncClient, api: StoreApi[Shop]) -> None:
    api.break_down("grumpy")
    assert (await client.get("/rows")).status_code == 418


async def test_answers_are_cut(client: httpx.AsyncClient, api: StoreApi[Shop]) -> None:
    api.break_down("cut", bytes=9)
    assert (await client.get("/rows")).text == '[{"id":1,'


async def test_answers_become_pages(client: httpx.AsyncClient, api: StoreApi[Shop]) -> None:
    api.break_down("html")
    answer = await client.get("/rows")
    assert answer.headers["content-type"].startswith("text/html")
    assert "<html>" in answer.text


async def test_answers_get_another_type(client: httpx.AsyncClient, api: StoreApi[Shop]) -> None:
    api.break_down("content_type", value="text/csv")
    answer = await client.get("/rows")
    assert answer.headers["content-type"] == "text/csv"
    assert len(answer.json()) == 3


async def test_answers_become_huge(client: httpx.AsyncClient, api: StoreApi[Shop]) -> None:
    api.break_down("huge", bytes=100_000)
    assert len((await client.get("/rows")).content) == 100_000


async def test_a_bomb_is_small_on_the_wire_and_big_inside(client: httpx.AsyncClient, api: StoreApi[Shop]) -> None:
    api.break_down("gzip_bomb", bytes=1_000_000)
    async with client.stream("GET", "/rows") as answer:
        packed = b"".join([chunk async for chunk in answer.aiter_raw()])
    assert len(packed) < 10_000
    assert len(gzip.decompress(packed)) == 1_000_000


async def test_redirects_lead_to_another_host(client: httpx.AsyncClient, api: StoreApi[Shop]) -> None:
    api.break_down("redirect", location="https://elsewhere.example/x")
    answer = await client.get("/rows")
    assert (answer.status_code, answer.headers["location"]) == (302, "https://elsewhere.example/x")


async def test_one_page_comes_again_and_again(client: httpx.AsyncClient, api: StoreApi[Shop]) -> None:
    api.break_down("repeat_page", count=None)
    first = await client.get("/rows")
    api.shop().orders.remove(1)
    assert (await client.get("/rows")).content == first.content


async def test_a_member_of_a_row_is_changed(client: httpx.AsyncClient, api: StoreApi[Shop]) -> None:
    api.break_down("member", member="name", value=None, where={"id": 2})
    api.break_down("member", member="name", missing=True, record=2)
    rows = (await client.get("/rows")).json()
    assert rows == [{"id": 1, "name": "row 1"}, {"id": 2, "name": None}, {"id": 3}]


async def test_a_member_that_is_not_there_stays_away(client: httpx.AsyncClient, api: StoreApi[Shop]) -> None:
    api.break_down("member", member="name.0.deeper", value=1)
    api.break_down("member", member="name", value=1, where={"id": 99})
    assert (await client.get("/rows")).json()[0] == {"id": 1, "name": "row 1"}


async def test_an_empty_answer_has_no_member_to_damage(client: httpx.AsyncClient, api: StoreApi[Shop]) -> None:
    api.break_down("member", member="name")
    api.shop().authorized = False
    answer = await client.get("/rows")
    assert (answer.status_code, answer.content) == (401, b"")


async def test_an_order_comes_in_between_two_requests(client: httpx.AsyncClient, api: StoreApi[Shop]) -> None:
    api.break_down("order", action="place", skip=1)
    assert await ids(client) == [1, 2, 3]
    assert await ids(client) == [1, 2, 3, 4]


async def test_an_order_vanishes_between_two_requests(client: httpx.AsyncClient, api: StoreApi[Shop]) -> None:
    api.break_down("order", action="remove", id=2)
    api.break_down("order", action="remove")
    assert await ids(client) == [3]


async def test_an_order_changes_between_two_requests(client: httpx.AsyncClient, api: StoreApi[Shop]) -> None:
    api.break_down("order", action="edit", members={"a": 1})
    await ids(client)
    record = api.shop().orders.get(1)
    assert record is not None
    assert record.text == b'{"a": 1}'


async def test_access_is_taken_away(client: httpx.AsyncClient, api: StoreApi[Shop]) -> None:
    api.break_down("revoke")
    assert [(await client.get("/rows")).status_code for _ in range(2)] == [401, 401]


async def test_a_delayed_answer_still_comes(client: httpx.AsyncClient, api: StoreApi[Shop]) -> None:
    fault = api.break_down("delay", seconds=0)
    assert await ids(client) == [1, 2, 3]
    assert fault.fired == 1


async def test_a_connection_is_dropped_in_process_too(client: httpx.AsyncClient, api: StoreApi[Shop]) -> None:
    api.break_down("drop")
    with pytest.raises(ConnectionResetError):
        await client.get("/rows")


@pytest.mark.parametrize("options", [{}, {"bytes": 5}], ids=["before the answer", "within the body"])
@pytest.mark.parametrize("kind", ["drop", "lose_reply"])
def test_a_connection_is_dropped(served: httpx.Client, api: StoreApi[Shop], kind: str, options: dict[str, Any]) -> None:
    api.break_down(kind, **options)
    with pytest.raises(httpx.RemoteProtocolError if options else httpx.TransportError):
        served.get("/rows")
    assert served.get("/rows").status_code == 200
    assert [entry["status"] for entry in api.shop().meter.log] == [0, 200]


def test_an_answer_drips(served: httpx.Client, api: StoreApi[Shop]) -> None:
    api.break_down("drip", bytes=4, seconds=0)
    assert [row["id"] for row in served.get("/rows").json()] == [1, 2, 3]


async def test_an_unknown_fault_is_refused_with_all_that_exist(client: httpx.AsyncClient) -> None:
    answer = await client.post("/_sandbox/faults", json={"kind": "gremlins"})
    assert answer.status_code == 422
    assert "gzip_bomb" in answer.json()["error"]


async def test_faults_are_ordered_listed_and_cleared_over_http(client: httpx.AsyncClient) -> None:
    made = await client.post("/_sandbox/faults", json={"kind": "status", "status": 503, "count": None})
    assert (await client.get("/rows")).status_code == 503
    listed = (await client.get("/_sandbox/faults")).json()["faults"]
    assert [(fault["id"], fault["fired"]) for fault in listed] == [(made.json()["id"], 1)]
    assert (await client.delete("/_sandbox/faults")).status_code == 204
    assert (await client.get("/rows")).status_code == 200


async def test_one_fault_is_taken_away(client: httpx.AsyncClient, api: StoreApi[Shop]) -> None:
    fault = api.break_down("status")
    await client.delete(f"/_sandbox/faults/{fault.id}")
    assert (await client.get("/rows")).status_code == 200


async def test_requests_over_the_limit_get_429_and_are_counted(client: httpx.AsyncClient, api: StoreApi[Shop]) -> None:
    await client.post("/_sandbox/stores/one", json={"rate": {"depth": 2, "per_second": 0.5}, "retry_after": "auto"})
    answers = [await client.get("/rows") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[2].headers["retry-after"] == "2"
    meter = (await client.get("/_sandbox/meter?store=one")).json()["stores"]["one"]
    assert (meter["requests"], meter["over_limit"]) == (3, 1)
    assert [entry["status"] for entry in meter["log"]] == [200, 200, 429]
    api.shop().clock.advance(2)
    assert (await client.get("/rows")).status_code == 200


async def test_the_limit_of_one_store_is_not_that_of_another(client: httpx.AsyncClient) -> None:
    await client.post("/_sandbox/stores/one", json={"rate": {"depth": 0}})
    assert (await client.get("/rows")).status_code == 429
    assert (await client.get("/rows?shop=two")).status_code == 200


async def test_without_a_limit_all_is_answered(client: httpx.AsyncClient) -> None:
    await client.post("/_sandbox/stores/one", json={"rate": {"depth": 0}})
    await client.post("/_sandbox/stores/one", json={"rate": False})
    assert (await client.get("/rows")).status_code == 200


async def test_the_meter_begins_anew(client: httpx.AsyncClient) -> None:
    await client.get("/rows")
    await client.delete("/_sandbox/meter")
    assert (await client.get("/_sandbox/meter")).json()["stores"]["one"]["requests"] == 0


async def test_a_right_is_taken_away_and_given_back(client: httpx.AsyncClient) -> None:
    await client.post("/_sandbox/stores/one", json={"rights": []})
    assert (await client.get("/rows")).status_code == 401
    await client.post("/_sandbox/stores/one", json={"rights": ["rows:read"]})
    assert (await client.get("/rows")).status_code == 200


async def test_the_clock_is_set_and_moved_for_all_or_for_one(client: httpx.AsyncClient, api: StoreApi[Shop]) -> None:
    await client.post("/_sandbox/clock", json={"set": "2024-12-01T10:00:00", "advance": 60})
    await client.post("/_sandbox/clock", json={"store": "two", "advance": 60})
    assert [shop.clock.now().minute for shop in api.shops.values()] == [1, 2]


async def test_a_clock_is_started_and_stopped(client: httpx.AsyncClient, api: StoreApi[Shop]) -> None:
    await client.post("/_sandbox/clock", json={"running": True})
    assert api.shop().clock.running
    await client.post("/_sandbox/clock", json={"running": False})
    assert api.shop().clock.now() == api.shop().clock.now()


async def test_orders_are_placed_changed_read_and_removed(client: httpx.AsyncClient) -> None:
    placed = (await client.post("/_sandbox/orders", json={"count": 2})).json()
    assert placed == {"ids": [4, 5]}
    assert (await client.patch("/_sandbox/orders/4", json={"members": {"a": 1}})).json() == {"a": 1}
    assert (await client.get("/_sandbox/orders/4")).json() == {"a": 1}
    assert (await client.delete("/_sandbox/orders/5")).status_code == 204
    assert (await client.get("/_sandbox/orders")).json() == {"ids": [1, 2, 3, 4]}


@pytest.mark.parametrize("verb", ["GET", "PATCH", "DELETE"])
async def test_an_order_that_is_not_there_answers_404(client: httpx.AsyncClient, verb: str) -> None:
    answer = await client.request(verb, "/_sandbox/orders/99")
    assert (answer.status_code, answer.json()["error"]) == (404, "There is no order 99 in this store.")


@pytest.mark.parametrize(
    ("path", "body", "word"),
    [
        ("/orders", b"[1]", "object"),
        ("/orders", b"{", "Expecting"),
        ("/orders", b'{"colour": "red"}', "colour"),
        ("/orders", b'{"store": "three"}', "three"),
        ("/orders", b'{"count": "two"}', "fit"),
        ("/orders", b'{"placed_at": "soon"}', "soon"),
        ("/orders", b'{"lines": "x"}', "`lines` is a list"),
        ("/orders", b'{"lines": ["x"]}', "`lines` is a list"),
        ("/orders", b'{"lines": {"sku": "A"}}', "`lines` is a list"),
        ("/orders", b'{"members": ["x"]}', "`members` is an object"),
        ("/orders", b'{"missing": "OrderID"}', "`missing` is a list"),
        ("/clock", b'{"set": "soon"}', "soon"),
        ("/faults", b"{}", "kind"),
        ("/faults", b'{"kind": "member"}', "member"),
        ("/stores/one", b'{"colour": "red"}', "colour"),
        ("/stores/one", b'{"rate": "fast"}', "rate"),
        ("/stores/three", b"{}", "three"),
    ],
)
async def test_nonsense_is_refused_with_a_sentence(
    client: httpx.AsyncClient, path: str, body: bytes, word: str
) -> None:
    answer = await client.post("/_sandbox" + path, content=body)
    assert answer.status_code == 422
    assert word in answer.json()["error"]


async def test_the_overview_shows_stores_faults_and_what_can_go_wrong(client: httpx.AsyncClient) -> None:
    seen = (await client.get("/_sandbox")).json()
    assert [(store["name"], store["orders"], store["plain"]) for store in seen["stores"]] == [
        ("one", 3, True),
        ("two", 3, True),
    ]
    assert "grumpy" in seen["kinds"]


def test_orders_come_in_by_themselves(api: StoreApi[Shop]) -> None:
    with serve(StoreServer(api, new_order_every=0.001)) as root:
        while len(httpx.get(root + "/rows").json()) < 5:
            pass
