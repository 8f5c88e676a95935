"""Telling a store its stock: which requests leave, and what comes of each change."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import httpx
import pytest
import respx

from hub_core import (
    Accepted,
    AuthorizationError,
    PermissionMissingError,
    Refused,
    ResponseError,
    RetryLater,
    Sibling,
    StockChange,
    StockChanges,
    Store,
    UnavailableError,
)
from hub_threedcart.channel import push_stock

API = "https://apirest.3dcart.com/3dCartWebAPI/v2"
Push = Callable[..., Any]
Catalogue = Any


def alone(catalog: int, units: Any = 5) -> StockChanges:
    return StockChanges(None, (StockChange(str(catalog), f"S{catalog}", Decimal(units), {"catalog": catalog}),))


def family(catalog: int, units: dict[str, Any], **siblings: Any) -> StockChanges:
    """Changes of variants; *siblings* are named `v7` for the option code 7."""
    changes = [
        StockChange(f"{catalog}/{code}", f"S{code}", Decimal(one), {"catalog": catalog, "code": code})
        for code, one in units.items()
    ]
    others = [
        Sibling(f"{catalog}/{name[1:]}", {"catalog": catalog, "code": name[1:]}, one if one is None else Decimal(one))
        for name, one in siblings.items()
    ]
    return StockChanges(str(catalog), tuple(changes), tuple(others))


def sku_info(catalog: int, stock: Any) -> dict[str, Any]:
    return {"SKUInfo": {"CatalogID": catalog, "Stock": stock}}


def error(value: str, status: Any = "404", message: str = "") -> dict[str, Any]:
    return {"Key": "Error", "Value": value, "Status": status, "Message": message}


# Products without variants


async def test_a_hundred_products_are_told_with_one_request(catalogue: Catalogue, push: Push) -> None:
    outcomes = await push(*(alone(one, one) for one in range(1, 301)))
    assert outcomes == {str(one): Accepted(str(one)) for one in range(1, 301)}
    assert catalogue.calls == ["PUT Products"] * 3
    assert [len(put) for put in catalogue.puts] == [100, 100, 100]
    assert catalogue.puts[0][:2] == [sku_info(1, 1), sku_info(2, 2)]


async def test_each_request_is_answered_before_the_next_one_leaves(catalogue: Catalogue, store: Store) -> None:
    sizes = [
        (len(page), len(catalogue.puts)) async for page in push_stock(store, [alone(one) for one in range(1, 202)])
    ]
    assert sizes == [(100, 1), (100, 2), (1, 3)]


@pytest.mark.parametrize(
    ("units", "written"),
    [
        ("5", b"5"),
        ("5.0", b"5"),
        ("1E+2", b"100"),
        ("0", b"0"),
        ("2.75", b"2.75"),
        ("0.125", b"0.125"),
    ],
)
async def test_units_are_written_as_exact_numbers(
    units: str, written: bytes, api: respx.MockRouter, push: Push
) -> None:
    route = api.put(f"{API}/Products").respond(json=[{"Key": "CatalogID", "Value": "11", "Status": 200}])
    assert await push(alone(11, units)) == {"11": Accepted("11")}
    assert route.calls.last.request.content == b'[{"SKUInfo":{"CatalogID":11,"Stock":%s}}]' % written
    assert route.calls.last.request.headers["content-type"] == "application/json"
    assert route.calls.last.request.headers["token"] == "34" * 16


async def test_nothing_to_tell_asks_nothing(catalogue: Catalogue, push: Push) -> None:
    assert await push() == {}
    assert not catalogue.calls


@pytest.mark.parametrize(("listing", "handle"), [("11", None), ("11", {"catalog": 11}), ("renamed", {"catalog": 11})])
async def test_a_product_is_known_by_its_handle_else_by_its_name(
    listing: str, handle: Any, catalogue: Catalogue, push: Push
) -> None:
    change = StockChanges(None, (StockChange(listing, "S", Decimal(5), handle),))
    assert await push(change) == {listing: Accepted(listing)}
    assert catalogue.stock == {"11": 5}


@pytest.mark.parametrize("listing", ["", "MUG", "0", "-1", "1" * 40])
async def test_a_listing_that_names_no_product_is_refused(listing: str, catalogue: Catalogue, push: Push) -> None:
    outcomes = await push(StockChanges(None, (StockChange(listing, "S", Decimal(5)),)), alone(12))
    assert isinstance(outcomes[listing], Refused)
    assert outcomes["12"] == Accepted("12")


async def test_one_product_that_fails_is_refused_and_the_others_are_told(catalogue: Catalogue, push: Push) -> None:
    catalogue.odd["13"] = error("13", "404", "Product not found")
    catalogue.odd["14"] = error("14", 422, "Stock is\n\x1b[1m odd. ")
    outcomes = await push(*map(alone, range(11, 16)))
    assert outcomes["13"] == Refused("13", "3DCart has no product 13 any more; read the listings again.")
    assert outcomes["14"] == Refused(
        "14", "3DCart does not take 5 for product 14: Stock is [1m odd (422). Look at the product in the shop."
    )
    assert [one for one, outcome in outcomes.items() if outcome == Accepted(one)] == ["11", "12", "15"]
    assert len(catalogue.calls) == 1


@pytest.mark.parametrize(
    ("result", "kind"),
    [
        ({"Key": "CatalogID", "Value": "11", "Status": "200"}, Accepted),
        ({"Key": "CatalogID", "Value": 11, "Status": 200, "Message": None}, Accepted),
        ({"Key": "CatalogID", "Value": " 11 ", "Status": "204"}, Accepted),
        ({"Value": "11", "Status": "200"}, Accepted),
        ({"Key": "Error", "Value": "11", "Status": "200"}, Refused),
        ({"Key": "error", "Value": "11", "Status": "200"}, Refused),
        ({"Key": "Error", "Value": "11"}, Refused),
        ({"Key": "CatalogID", "Value": "11", "Status": "400"}, Refused),
        ({"Key": "CatalogID", "Value": "11", "Status": "304"}, Refused),
        ({"Key": "Error", "Value": "11", "Status": "500"}, RetryLater),
        ({"Key": "Error", "Value": "11", "Status": 503}, RetryLater),
        ({"Key": "Error", "Value": "11", "Status": "429"}, RetryLater),
    ],
    ids=range(12),
)
@pytest.mark.parametrize("status", [200, 206])
async def test_only_a_result_without_error_and_with_a_good_status_is_good(
    status: int, result: dict[str, Any], kind: type, api: respx.MockRouter, push: Push
) -> None:
    api.put(f"{API}/Products").respond(status, json=[result])
    outcomes = await push(alone(11))
    assert type(outcomes["11"]) is kind


async def test_results_are_matched_by_their_value_in_whatever_order(api: respx.MockRouter, push: Push) -> None:
    results = [error("12"), {"Key": "CatalogID", "Value": "11", "Status": "200"}]
    api.put(f"{API}/Products").respond(206, json=results)
    outcomes = await push(alone(11), alone(12))
    assert (type(outcomes["11"]), type(outcomes["12"])) == (Accepted, Refused)


async def test_of_two_results_for_one_product_the_bad_one_counts(api: respx.MockRouter, push: Push) -> None:
    good = {"Key": "CatalogID", "Value": "11", "Status": "200"}
    for results in ([good, error("11")], [error("11"), good]):
        api.put(f"{API}/Products").respond(206, json=results)
        assert isinstance((await push(alone(11)))["11"], Refused)


# A request that fails as a whole


@pytest.mark.parametrize("status", [400, 404, 413, 500])
@pytest.mark.parametrize("place", [1, 37, 100])
async def test_one_bad_product_of_a_hundred_is_found_by_halving(
    place: int, status: int, catalogue: Catalogue, push: Push
) -> None:
    catalogue.bad[str(place)] = status
    outcomes = await push(*map(alone, range(1, 101)))
    failed = {one: outcome for one, outcome in outcomes.items() if outcome != Accepted(one)}
    assert {one: type(outcome) for one, outcome in failed.items()} == {
        str(place): RetryLater if status == 500 else Refused
    }
    assert len(catalogue.calls) <= 1 + 2 * 7
    assert len(catalogue.stock) == 99


async def test_the_reason_of_a_refusal_is_told(api: respx.MockRouter, push: Push) -> None:
    api.put(f"{API}/Products").respond(400, json=[error("", "400", "Stock is not a number")])
    assert await push(alone(11)) == {
        "11": Refused(
            "11", "3DCart does not take 5 for product 11: Stock is not a number (400). Look at the product in the shop."
        )
    }


async def test_without_a_reason_the_status_is_told(api: respx.MockRouter, push: Push) -> None:
    api.put(f"{API}/Products").respond(413, html="<html><title>Request Entity Too Large</title></html>")
    (outcome,) = (await push(alone(11))).values()
    assert outcome.reason == "3DCart does not take 5 for product 11: status 413. Look at the product in the shop."


async def test_a_server_that_fails_at_everything_is_not_asked_for_every_product(
    api: respx.MockRouter, push: Push
) -> None:
    route = api.put(f"{API}/Products").respond(500, html="<html>Server Error</html>")
    outcomes = await push(*map(alone, range(1, 101)))
    assert {type(outcome) for outcome in outcomes.values()} == {RetryLater}
    assert len(outcomes) == 100
    assert route.call_count <= 11


async def test_a_server_that_fails_at_some_products_is_still_told_all_others(catalogue: Catalogue, push: Push) -> None:
    catalogue.bad = dict.fromkeys(("10", "30", "50", "70", "90"), 500)
    outcomes = await push(*map(alone, range(1, 101)))
    assert {one for one, outcome in outcomes.items() if isinstance(outcome, RetryLater)} == set(catalogue.bad)
    assert len(catalogue.stock) == 95


async def test_an_error_under_200_that_names_no_product_counts_for_the_whole_request(
    api: respx.MockRouter, example: Callable[[str], Any], push: Push
) -> None:
    (case,) = (one for one in example("errors") if one["case"] == "error_array_on_success_status")
    route = api.put(f"{API}/Products").mock(return_value=httpx.Response(case["status"], content=case["body"]))
    outcomes = await push(alone(11), alone(12))
    assert [type(one) for one in outcomes.values()] == [Refused, Refused]
    assert route.call_count == 3


async def test_results_under_a_failing_status_are_believed_and_the_rest_is_sent_again(
    api: respx.MockRouter, push: Push
) -> None:
    good = [{"Key": "CatalogID", "Value": str(one), "Status": "200"} for one in (11, 13)]
    route = api.put(f"{API}/Products").mock(
        side_effect=[httpx.Response(400, json=[good[0], error("12")]), httpx.Response(200, json=[good[1]])]
    )
    outcomes = await push(alone(11), alone(12), alone(13))
    assert [type(outcomes[one]) for one in ("11", "12", "13")] == [Accepted, Refused, Accepted]
    assert json.loads(route.calls.last.request.content) == [sku_info(13, 5)]


# A result that is missing


async def test_a_product_that_is_not_spoken_of_is_read_back(catalogue: Catalogue, push: Push) -> None:
    catalogue.silent, catalogue.lost = {"11", "12", "13"}, {"12", "13"}
    catalogue.stock = {"12": 3}
    outcomes = await push(*map(alone, range(10, 14)))
    assert [type(outcomes[str(one)]) for one in range(10, 14)] == [Accepted, Accepted, RetryLater, Refused]
    assert catalogue.calls == ["PUT Products", *(f"GET Products/{one}/skuinfo" for one in (11, 12, 13))]


async def test_an_empty_answer_says_nothing_so_the_store_is_asked(api: respx.MockRouter, push: Push) -> None:
    api.put(f"{API}/Products").respond(200)
    api.get(f"{API}/Products/11/skuinfo").respond(json=[{"CatalogID": 11, "Stock": 5.0}])
    assert await push(alone(11)) == {"11": Accepted("11")}


@pytest.mark.parametrize("row", [{"CatalogID": 11}, {"CatalogID": 11, "Stock": None}, {"CatalogID": 11, "Stock": "6"}])
async def test_what_the_store_does_not_clearly_have_is_told_again_later(
    row: dict[str, Any], api: respx.MockRouter, push: Push
) -> None:
    api.put(f"{API}/Products").respond(200, json=[])
    api.get(f"{API}/Products/11/skuinfo").respond(json=[row])
    assert isinstance((await push(alone(11)))["11"], RetryLater)


async def test_what_the_store_has_of_another_product_says_nothing(api: respx.MockRouter, push: Push) -> None:
    api.put(f"{API}/Products").respond(200)
    api.get(f"{API}/Products/11/skuinfo").respond(json=[{"CatalogID": 11, "Stock": 4}, {"CatalogID": 12, "Stock": 5}])
    assert isinstance((await push(alone(11)))["11"], RetryLater)


async def test_a_result_whose_status_cannot_be_read_is_none(api: respx.MockRouter, push: Push) -> None:
    api.put(f"{API}/Products").respond(200, json=[{"Key": "CatalogID", "Value": "11", "Status": "done"}])
    api.get(f"{API}/Products/11/skuinfo").respond(json=[{"CatalogID": 11, "Stock": 5}])
    assert await push(alone(11)) == {"11": Accepted("11")}


# Variants


async def test_variants_are_told_in_one_request_and_then_the_sum_of_their_product(
    catalogue: Catalogue, push: Push
) -> None:
    catalogue.variants["11"] = {"5": 10, "6": 42, "7": 8}
    outcomes = await push(family(11, {"5": 9, "6": 40}, v7=8))
    assert outcomes == {"11/5": Accepted("11/5"), "11/6": Accepted("11/6")}
    assert catalogue.calls == ["PUT Products/11/AdvancedOptions", "PUT Products"]
    assert catalogue.puts == [
        [
            {"AdvancedOptionCode": "5", "AdvancedOptionStock": 9},
            {"AdvancedOptionCode": "6", "AdvancedOptionStock": 40},
        ],
        [sku_info(11, 57)],
    ]


async def test_the_sums_of_many_products_share_one_request_with_products_alone(
    catalogue: Catalogue, push: Push
) -> None:
    for catalog in (11, 12, 13):
        catalogue.variants[str(catalog)] = {"5": 0}
    outcomes = await push(alone(14), family(11, {"5": 1}), family(12, {"5": 2}), family(13, {"5": 3}), alone(15))
    assert set(outcomes) == {"14", "15", "11/5", "12/5", "13/5"}
    assert catalogue.calls[:3] == [f"PUT Products/{one}/AdvancedOptions" for one in (11, 12, 13)]
    assert catalogue.calls[3:] == ["PUT Products"]
    assert catalogue.stock == {"14": 5, "15": 5, "11": 1, "12": 2, "13": 3}


async def test_variants_are_accepted_only_when_the_sum_is_written(catalogue: Catalogue, store: Store) -> None:
    catalogue.variants["11"] = {"5": 0}
    told = [(len(catalogue.puts), list(page)) async for page in push_stock(store, [family(11, {"5": 1})])]
    assert told == [(1, []), (2, [Accepted("11/5")])]


@pytest.mark.parametrize(
    ("fault", "reason"),
    [({"bad": {"11": 500}}, "500"), ({"bad": {"11": 400}}, "400"), ({"odd": {"11": error("11")}}, "no product 11")],
    ids=range(3),
)
async def test_variants_whose_sum_is_not_taken_are_told_again_later(
    fault: dict[str, Any], reason: str, catalogue: Catalogue, push: Push
) -> None:
    catalogue.variants["11"] = {"5": 0, "6": 0}
    for name, value in fault.items():
        setattr(catalogue, name, value)
    outcomes = await push(family(11, {"5": 1, "6": 2}), alone(12))
    assert isinstance(outcomes["11/5"], RetryLater)
    assert isinstance(outcomes["11/6"], RetryLater)
    assert reason in outcomes["11/5"].reason
    assert outcomes["12"] == Accepted("12")


async def test_unknown_siblings_are_asked_for_and_all_that_the_store_has_is_summed(
    catalogue: Catalogue, push: Push
) -> None:
    catalogue.variants["11"] = {"5": 10, "6": 42, "7": 8, "99": 1}
    await push(family(11, {"5": 9}, v6=None, v7=8))
    assert catalogue.calls == ["PUT Products/11/AdvancedOptions", "GET Products/11/AdvancedOptions", "PUT Products"]
    assert catalogue.stock == {"11": 9 + 42 + 8 + 1}


async def test_a_variant_that_changes_counts_once_though_it_is_named_a_sibling(
    catalogue: Catalogue, push: Push
) -> None:
    catalogue.variants["11"] = {"5": 0, "6": 0}
    await push(family(11, {"5": 9}, v5=3, v6=4), family(11, {"6": 1}))
    assert catalogue.stock == {"11": 10}


async def test_an_oversold_variant_takes_nothing_from_the_sum_of_the_others(catalogue: Catalogue, push: Push) -> None:
    catalogue.variants["11"] = {"5": 0, "6": -1711}
    await push(family(11, {"5": 9}, v6=-1711))
    assert catalogue.stock == {"11": 9}
    await push(family(11, {"5": 8}, v6=None))
    assert catalogue.stock == {"11": 8}


async def test_variants_are_told_whole_units(catalogue: Catalogue, push: Push) -> None:
    catalogue.variants["11"] = {"5": 0, "6": 0}
    await push(family(11, {"5": "2.75", "6": "3.0"}))
    assert catalogue.variants["11"] == {"5": 2, "6": 3}
    assert catalogue.stock == {"11": 5}


async def test_a_merchant_who_keeps_the_sum_otherwise_can_switch_it_off(catalogue: Catalogue, push: Push) -> None:
    catalogue.variants["11"] = {"5": 0, "6": 0}
    outcomes = await push(family(11, {"5": 1}, v6=None), write_parent_stock=False)
    assert outcomes == {"11/5": Accepted("11/5")}
    assert catalogue.calls == ["PUT Products/11/AdvancedOptions"]


async def test_a_variant_that_is_not_taken_is_refused_and_the_sum_is_what_the_store_has(
    catalogue: Catalogue, push: Push
) -> None:
    catalogue.variants["11"] = {"5": 10, "6": 42}
    catalogue.odd["6"] = error("6", "400", "no such option")
    outcomes = await push(family(11, {"5": 9, "6": 40}))
    assert (type(outcomes["11/5"]), type(outcomes["11/6"])) == (Accepted, Refused)
    assert "variant 6 of product 11" in outcomes["11/6"].reason
    assert catalogue.stock == {"11": 9 + 42}


async def test_where_no_variant_is_taken_no_sum_is_written(catalogue: Catalogue, push: Push) -> None:
    catalogue.variants["11"] = {"5": 1, "6": 1}
    catalogue.bad = {"5": 404, "6": 404}
    outcomes = await push(family(11, {"5": 9, "6": 40}))
    assert [type(one) for one in outcomes.values()] == [Refused, Refused]
    assert "PUT Products" not in catalogue.calls


async def test_a_sum_that_cannot_be_known_is_not_written(catalogue: Catalogue, push: Push) -> None:
    catalogue.variants["11"] = {"5": 0, "6": None}
    outcomes = await push(family(11, {"5": 9}, v6=None))
    assert isinstance(outcomes["11/5"], RetryLater)
    assert "PUT Products" not in catalogue.calls


async def test_a_variant_that_is_not_spoken_of_is_read_back(catalogue: Catalogue, push: Push) -> None:
    catalogue.variants["11"] = {"5": 0, "6": 0}
    catalogue.silent, catalogue.lost = {"5", "6", "7"}, {"6", "7"}
    outcomes = await push(family(11, {"5": 1, "6": 2, "7": 3}))
    assert [type(one) for one in outcomes.values()] == [RetryLater, Refused, Accepted]
    assert [call for call in catalogue.calls if call.startswith("GET")] == ["GET Products/11/AdvancedOptions"] * 2


async def test_a_product_that_has_variants_now_is_not_told_a_figure_of_its_own(
    catalogue: Catalogue, push: Push
) -> None:
    catalogue.variants["11"] = {"5": 0}
    outcomes = await push(alone(11, 77), family(11, {"5": 1}))
    assert (type(outcomes["11"]), outcomes["11/5"]) == (Refused, Accepted("11/5"))
    assert catalogue.stock == {"11": 1}


async def test_more_variants_than_a_request_may_bear_are_told_in_several(catalogue: Catalogue, push: Push) -> None:
    catalogue.variants["11"] = {}
    await push(family(11, {str(code): 1 for code in range(1, 151)}))
    assert [len(put) for put in catalogue.puts] == [100, 50, 1]
    assert catalogue.stock == {"11": 150}


async def test_products_are_told_though_the_store_falls_silent_at_some_variants(
    api: respx.MockRouter, catalogue: Catalogue, store: Store
) -> None:
    catalogue.variants["11"] = {"5": 0}
    api.routes.clear()
    api.put(f"{API}/Products/12/AdvancedOptions").mock(side_effect=httpx.ReadTimeout)
    api.route(url__regex=rf"{API}/Products.*").mock(side_effect=catalogue._answer)
    told: list[Any] = []

    async def push() -> None:
        async for page in push_stock(store, [alone(14), family(11, {"5": 1}), family(12, {"5": 2})]):
            told.extend(page)

    with pytest.raises(UnavailableError, match="did not answer in time"):
        await push()
    assert told == [Accepted("14"), Accepted("11/5")]


# A store that does not answer, or not as it should


@pytest.mark.parametrize("fault", [httpx.ReadTimeout, httpx.RemoteProtocolError, httpx.ConnectError])
async def test_a_lost_reply_is_not_followed_by_the_same_request(
    fault: type[Exception], api: respx.MockRouter, push: Push
) -> None:
    route = api.put(f"{API}/Products").mock(side_effect=fault)
    with pytest.raises(UnavailableError):
        await push(alone(11))
    assert route.call_count == 1


@pytest.mark.parametrize("status", [429, 503])
async def test_a_store_that_is_asked_too_much_is_left_alone(
    status: int, api: respx.MockRouter, push: Push, budget: Any
) -> None:
    route = api.put(f"{API}/Products").respond(status, headers={"retry-after": "9"})
    with pytest.raises(UnavailableError) as caught:
        await push(alone(11), alone(12))
    assert (caught.value.retry_after, route.call_count, budget.closures) == (9, 1, [("default", 9)])


@pytest.mark.parametrize("status", [200, 400, 500])
async def test_a_refusal_for_asking_too_often_may_be_said_in_words(
    status: int, api: respx.MockRouter, push: Push, budget: Any
) -> None:
    api.put(f"{API}/Products").respond(status, json=[error("", "400", "API rate limit reached")])
    with pytest.raises(UnavailableError, match="asked too often"):
        await push(alone(11), alone(12))
    assert budget.closures == [("default", 5)]


async def test_words_about_one_product_are_not_taken_for_such_a_refusal(
    catalogue: Catalogue, push: Push, budget: Any
) -> None:
    catalogue.odd["12"] = error("12", "400", "Stock exceeds the limit")
    outcomes = await push(alone(11), alone(12))
    assert (type(outcomes["11"]), type(outcomes["12"])) == (Accepted, Refused)
    assert not budget.closures


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(200, html="<html><title>Under maintenance</title></html>"),
        httpx.Response(404, html="<html><title>Not found</title></html>"),
        httpx.Response(400, html="<html><title>Bad request</title></html>"),
        httpx.Response(200, json="done"),
        httpx.Response(200, json=[7]),
        httpx.Response(200, content=b'[{"Key":', headers={"content-type": "application/json"}),
        httpx.Response(415),
    ],
    ids=range(7),
)
async def test_an_answer_without_results_is_not_understood_and_nothing_is_said_of_the_changes(
    answer: httpx.Response, api: respx.MockRouter, push: Push
) -> None:
    route = api.put(f"{API}/Products").mock(return_value=answer)
    with pytest.raises(ResponseError):
        await push(alone(11), alone(12))
    assert route.call_count == 1


async def test_a_store_that_refuses_everything_needs_new_credentials(api: respx.MockRouter, push: Push) -> None:
    api.route(url__startswith=API).respond(401)
    with pytest.raises(AuthorizationError):
        await push(alone(11))


@pytest.mark.parametrize("status", [401, 403])
async def test_a_store_that_lets_the_hub_in_but_not_write_lacks_a_right(
    status: int, api: respx.MockRouter, push: Push
) -> None:
    api.put(f"{API}/Products").respond(status)
    api.get(f"{API}/StoreSettings").respond(401)
    api.get(f"{API}/Products").respond(json={"TotalCount": 1})
    with pytest.raises(PermissionMissingError, match="'Products: write'"):
        await push(alone(11))
