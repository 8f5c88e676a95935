"""`hub orders ship`, `hub orders fulfilments` and `hub orders settle`."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.cli.conftest import HubCommand
from tests.stockshop.shop import StockShop, open_stock_shop

LINES = [{"id": "1", "sku": "A", "quantity": "2", "price": "1"}, {"id": "2", "sku": "B", "quantity": "1", "price": "1"}]


@pytest.fixture
def shop(installed: Path, hub: HubCommand, password: Path, monkeypatch: pytest.MonkeyPatch) -> StockShop:
    """A shop that is told what is shipped, with one order that the hub has read."""
    (entry_points,) = installed.glob("*/entry_points.txt")
    entry_points.write_text(f"{entry_points.read_text()}stockshop = tests.stockshop.channel\n")
    monkeypatch.setenv("HUB_CHANNELS", "stockshop")
    password.write_text('{"password": "sesame"}')
    opened = open_stock_shop("north")
    given = ("--set", "shop=north", "--credentials-file", password)
    assert hub("integrations", "add", "stockshop", "--name", "North", *given).code == 0
    opened.put("X", datetime.now(UTC) - timedelta(hours=1), lines=LINES)
    assert hub("sync", "--orders").code == 0
    return opened


@pytest.fixture
def order(hub: HubCommand, shop: StockShop) -> int:
    (one,) = hub("orders", "--json").json
    number: int = one["id"]
    return number


def test_what_is_shipped_is_told_at_once(hub: HubCommand, shop: StockShop, order: int) -> None:
    ended = hub("orders", "ship", order, "--tracking", "T1", "--carrier", "UPS")
    assert (ended.code, ended.err) == (0, "")
    assert ended.out == f"The store knows now that 2 of line 1, 1 of line 2 of order {order} went with T1.\n"
    assert shop.parcels == [("X", "T1")]
    hub("sync", "--orders")
    out = hub("orders", "show", order).out
    assert "status       shipped" in out
    assert "tracking    T1" in out


def test_shipped_twice_it_says_that_all_is_under_way(hub: HubCommand, shop: StockShop, order: int) -> None:
    assert hub("orders", "ship", order, "--tracking", "T1").code == 0
    again = hub("orders", "ship", order, "--tracking", "T1")
    assert (again.code, again.out.startswith("The store knows already that")) == (0, True)
    other = hub("orders", "ship", order, "--tracking", "T2")
    assert (other.code, other.err) == (1, "Everything of order X is under way already.\n")
    assert shop.parcels == [("X", "T1")]


def test_a_part_is_shipped(hub: HubCommand, shop: StockShop, order: int) -> None:
    ended = hub("orders", "ship", order, "--line", "1=1", "--line", "2=1", "--tracking", "T1", "--json")
    assert ended.json["lines"] == [{"external_id": "1", "quantity": "1"}, {"external_id": "2", "quantity": "1"}]
    assert hub("orders", "ship", order, "--line", "1", "--tracking", "T2").code == 2
    too_much = hub("orders", "ship", order, "--line", "1=5", "--tracking", "T2")
    assert (too_much.code, "5 of line 1 cannot be shipped" in too_much.err) == (1, True)
    assert hub("orders", "ship", order, "--tracking", "T3", "--shipped", "yesterday").code == 0
    assert [number for _, number in shop.parcels] == ["T1", "T3"]


def test_what_the_store_refuses_is_said(hub: HubCommand, shop: StockShop, order: int) -> None:
    shop.refuses.add("T1")
    ended = hub("orders", "ship", order, "--tracking", "T1")
    assert (ended.code, ended.err) == (1, "The stock shop knows no such carrier.\n")


def test_of_a_disabled_integration_the_parcel_waits(hub: HubCommand, shop: StockShop, order: int) -> None:
    hub("integrations", "disable", "North")
    ended = hub("orders", "ship", order, "--tracking", "T1")
    assert ended.code == 0
    assert "'North' is disabled" in ended.err
    assert "Fulfilment 1 is kept, and told as soon as that can be." in ended.err
    hub("integrations", "enable", "North")
    dry = hub("sync", "--fulfilment", "--dry-run")
    assert "parcel" in dry.out
    assert hub("sync", "--fulfilment", "--dry-run", "--json").json[0]["tracking_number"] == "T1"
    assert shop.parcels == []
    told = hub("sync", "--fulfilment")
    assert (told.code, told.out) == (0, "North: 1 parcel sent, 1 accepted\n")


def test_a_lost_answer_is_kept_and_looked_up(hub: HubCommand, shop: StockShop, order: int) -> None:
    shop.cuts = {2: "after"}
    ended = hub("orders", "ship", order, "--tracking", "T1")
    assert (ended.code, "It is kept, and tried again." in ended.err) == (1, True)
    assert hub("sync", "--fulfilment").code == 0
    (one,) = hub("orders", "fulfilments", "--json").json
    assert (one["state"], shop.parcels, len(shop.requests)) == ("sent", [("X", "T1")], 3)


def test_lists_and_decisions(hub: HubCommand, shop: StockShop, order: int) -> None:
    assert "No such fulfilment" in hub("orders", "fulfilments").err
    hub("integrations", "disable", "North")
    hub("orders", "ship", order, "--tracking", "T1")
    listed = hub("orders", "fulfilments", "--state", "waiting").out
    assert listed.split("\n", maxsplit=1)[0].split()[:5] == ["INTEGRATION", "FULFILMENT", "ORDER", "LINES", "TRACKING"]
    assert "1=2, 2=1" in listed
    undecided = hub("orders", "settle", 1, "sent")
    assert (undecided.code, "waits to be told" in undecided.err) == (1, True)
    dropped = hub("orders", "settle", 1, "drop")
    assert dropped.out == "Fulfilment 1 is dropped, and its goods are free.\n"
    assert hub("audit", "--json").json[-1]["action"] == "fulfilment.settled"
