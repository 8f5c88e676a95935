"""`hub sync` and `hub listings` for a store that is told stock and prices."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from hub_core.domain.errors import UnavailableError
from tests.cli.conftest import HubCommand
from tests.stockshop.shop import StockShop, open_stock_shop


@pytest.fixture(autouse=True)
def stock_shop(installed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Install the stock shop too."""
    (points,) = installed.glob("*/entry_points.txt")
    points.write_text(f"{points.read_text()}stockshop = tests.stockshop.channel\n")
    monkeypatch.setenv("HUB_CHANNELS", "toyshop,stockshop")


def _open(hub: HubCommand, password: Path, name: str, *rules: str) -> StockShop:
    shop = open_stock_shop(name)
    for article in ("a", "b", "c"):
        shop.offer(article, stock=10)
    added = hub(
        *("integrations", "add", "stockshop", "--name", name, "--set", f"shop={name}", *rules),
        *("--credentials-file", password),
    )
    assert added.code == 0, added.err
    return shop


@pytest.fixture
def north(hub: HubCommand, password: Path) -> StockShop:
    """A shop that offers ten each of A, B and C, connected as north and read."""
    shop = _open(hub, password, "north")
    assert hub("sync").code == 0
    return shop


@pytest.fixture
def south(hub: HubCommand, password: Path) -> StockShop:
    """Another such shop."""
    return _open(hub, password, "south")


def test_all_is_done_that_a_store_can_do_in_order(hub: HubCommand, password: Path) -> None:
    _open(hub, password, "north")
    ended = hub("sync")
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.splitlines() == [
        "north: 0 orders read in 0 pages: 0 new, 0 changed, 0 as before",
        "north: 3 listings read in 1 page: 3 new, 0 changed, 0 as before",
        "north: no stock figure to tell",
        "north: no price to tell",
        "north: no parcel to tell",
    ]
    assert [run["kind"] for run in hub("runs", "--json").json] == [
        *("fulfilment", "prices", "stock", "listings", "orders")
    ]


def test_only_the_kinds_that_are_named_are_done(hub: HubCommand, north: StockShop) -> None:
    told = hub("sync", "--prices", "--listings", "--json").json
    assert [run["kind"] for run in told] == ["listings", "prices"]


def test_a_kind_is_left_out_for_stores_that_cannot_do_it(hub: HubCommand, north: StockShop, connected: object) -> None:
    ended = hub("sync", "--stock", "--json")
    assert (ended.code, len(ended.json)) == (0, 1)
    named = hub("sync", "Corner", "--stock")
    assert (named.code, named.out) == (1, "")
    assert "'toyshop' of 'Corner' cannot do this: it has no stock" in named.err


def test_lowered_stock_is_told_and_confirmed(hub: HubCommand, north: StockShop) -> None:
    assert hub("stock", "set", "A", "7").out == "A: 7 available. 1 listing of it to be told.\n"
    assert hub("sync", "--stock").out == "north: 1 stock figure sent, 1 accepted\n"
    assert north.stock("a") == 7
    assert hub("stock", "explain", "A").out.splitlines()[-1].endswith("it has confirmed that.")


def test_only_listings_that_are_linked_are_said_to_be_told(hub: HubCommand, north: StockShop) -> None:
    (listing,) = hub("listings", "--sku", "A", "--json").json
    hub("listings", "unlink", listing["id"])
    assert hub("stock", "set", "A", "7").out == "A: 7 available. No listing is linked with it yet.\n"


def test_raised_stock_gets_the_orders_read_that_it_waits_for(hub: HubCommand, north: StockShop) -> None:
    hub("sync", "--orders")
    hub("stock", "set", "A", "12")
    north.sell("S-1", "a", 2, datetime.now(UTC))
    ended = hub("sync", "--stock")
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.startswith("north: 1 stock figure sent, 1 accepted")
    assert north.stock("a") == 10


def test_where_the_orders_cannot_be_read_it_ends_with_the_reason(hub: HubCommand, north: StockShop) -> None:
    hub("stock", "set", "A", "12")
    north.orders_fail = UnavailableError("The stock shop is closed.")
    ended = hub("sync", "--stock")
    assert ended.code == 1
    assert "the store's orders could not be read before. The stock shop is closed." in ended.err
    assert north.told == []


def test_an_order_in_one_store_lowers_the_other_in_one_sync(
    hub: HubCommand, north: StockShop, south: StockShop
) -> None:
    hub("stock", "set", "A", "10")
    hub("sync")
    south.sell("S-1", "a", 3, datetime.now(UTC))
    ended = hub("sync")
    assert "north: 1 stock figure sent, 1 accepted" in ended.out
    assert (north.stock("a"), south.stock("a")) == (7, 7)


def test_what_a_store_refuses_is_told_with_its_reason(hub: HubCommand, north: StockShop) -> None:
    north.refuses = {"a"}
    hub("stock", "set", "A", "7")
    hub("stock", "set", "B", "7")
    ended = hub("sync", "--stock")
    assert (ended.code, ended.out) == (1, "north: 2 stock figures sent, 1 accepted, 1 refused\n")
    (listing,) = hub("listings", "--sku", "A", "--json").json
    assert ended.err == f"north: Listing {listing['id']} (A): The stock shop does not like it.\n"
    assert listing["state"] == "refused"


def test_a_price_that_changes_by_much_waits_for_a_person(hub: HubCommand, north: StockShop) -> None:
    hub("prices", "set", "A", "20", "USD")
    ended = hub("sync", "--prices")
    (listing,) = hub("listings", "--state", "held", "--json").json
    confirm = f"hub listings confirm {listing['id']}"
    assert (ended.code, ended.out) == (0, "north: no price sent, 1 waiting\n")
    assert ended.err.endswith(f"confirm it. To send it: {confirm}\n")
    assert hub(*confirm.split()[1:]).code == 0
    assert hub("sync", "--prices").out == "north: 1 price sent, 1 accepted\n"
    assert north.articles["a"].price == 20


def test_a_price_beyond_a_limit_is_not_to_be_confirmed(hub: HubCommand, north: StockShop) -> None:
    hub("integrations", "set", "north", "--rule", "price_floor=5")
    hub("prices", "set", "A", "4", "USD")
    ended = hub("sync", "--prices")
    assert "4.00 USD is below the floor of 5.00; change the price or the rule." in ended.err
    assert "confirm" not in ended.err


def test_a_dry_run_says_what_would_be_sent_and_sends_nothing(hub: HubCommand, north: StockShop) -> None:
    hub("stock", "set", "A", "7")
    hub("stock", "set", "B", "12")
    hub("prices", "set", "C", "11", "USD")
    hub("prices", "set", "B", "99", "USD")
    ended = hub("sync", "--dry-run")
    heading, *rows = [line.split() for line in ended.out.splitlines()]
    assert heading == ["INTEGRATION", "LISTING", "SKU", "WHAT", "FROM", "TO", "WAITS"]
    assert sorted(row[:8] for row in rows) == [
        ["north", "a", "A", "stock", "10", "7"],
        ["north", "b", "B", "price", "10.00", "USD", "99.00", "USD"],
        ["north", "b", "B", "stock", "10", "12", "A", "higher"],
        ["north", "c", "C", "price", "10.00", "USD", "11.00", "USD"],
    ]
    assert ended.err == "Nothing was sent or read: this was a dry run.\n"
    assert (north.told, north.reads) == ([], 1)
    assert len(hub("sync", "--dry-run", "--stock", "--json").json) == 2


def test_a_dry_run_with_nothing_to_tell_says_so(hub: HubCommand, north: StockShop) -> None:
    ended = hub("sync", "--dry-run")
    assert (ended.code, ended.out, ended.err) == (0, "", "The stores have all that they are to be told.\n")


def test_a_dry_run_for_a_store_that_cannot_be_asked_says_why(hub: HubCommand, north: StockShop) -> None:
    hub("integrations", "disable", "north")
    ended = hub("sync", "north", "--dry-run")
    assert (ended.code, ended.out) == (1, "")
    assert ended.err == "'north' is disabled; run: hub integrations enable 'north'\n"


def test_first_levels_are_taken_from_a_store(hub: HubCommand, north: StockShop) -> None:
    north.offer("d", sku="")
    north.offer("e", sku=None, stock=3)
    hub("stock", "set", "A", "4")
    dry = hub("stock", "adopt", "north", "--dry-run")
    assert (dry.code, dry.out.splitlines()[-1]) == (
        0,
        "3 levels would be taken from 'north'. Nothing was changed: this was a dry run.",
    )
    assert len(hub("stock", "--json").json) == 1
    ended = hub("stock", "adopt", "north")
    assert ended.out.splitlines()[-1] == "3 levels taken from 'north'."
    assert "The hub has a level for A already." in ended.err
    assert "It is not linked with a SKU of the hub." in ended.err
    assert [level["available"] for level in hub("stock", "--json").json] == ["4", "10", "10", "0"]
    assert hub("stock", "adopt", "north", "--json").json["levels"] == {}


def test_listings_are_listed_linked_and_unlinked(hub: HubCommand, north: StockShop) -> None:
    hub("stock", "set", "A", "7")
    heading, *rows = hub("listings").out.splitlines()
    assert heading.split() == ["ID", "INTEGRATION", "LISTING", "NAME", "SKU", "STATE", "STOCK", "PRICE"]
    (row,) = [row for row in rows if " a " in row]
    assert "pending" in row
    assert "10 → 7" in row
    assert row.endswith("10.00 USD")
    number = row.split()[0]
    assert hub("listings", "unlink", number).out.endswith("is linked with no SKU now and told nothing.\n")
    unmatched = hub("listings", "--unmatched")
    assert "(A)" in unmatched.out
    assert unmatched.err.startswith(f"Listing {number}: It is linked with no SKU of the hub")
    assert hub("listings", "link", number, " A ").out.endswith("is linked with A now.\n")
    assert hub("listings", "--unmatched", "--json").json == []
    assert hub("listings", "link", number, "B", "--json").json["sku"] == "B"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("link", "99", "A"), "There is no listing 99"),
        (("link", "1", " "), "A SKU is empty"),
        (("unlink", "99"), "There is no listing 99"),
        (("confirm", "1"), "No price of listing 1 waits for a confirmation"),
    ],
)
def test_what_cannot_be_done_to_a_listing_is_said(
    hub: HubCommand, north: StockShop, arguments: tuple[str, ...], said: str
) -> None:
    ended = hub("listings", *arguments)
    assert (ended.code, ended.out) == (1, "")
    assert said in ended.err


def test_listings_that_are_gone_are_shown_where_that_is_asked(hub: HubCommand, north: StockShop) -> None:
    del north.articles["a"]
    hub("sync", "--listings")
    assert [one["external_id"] for one in hub("listings", "--json").json] == ["c", "b"]
    assert "gone" in hub("listings", "--gone", "--sku", "A").out


def test_without_listings_it_says_how_to_read_them(hub: HubCommand) -> None:
    assert "hub sync --listings" in hub("listings").err


def test_an_integration_is_shown_with_its_flows(hub: HubCommand, north: StockShop) -> None:
    out = hub("integrations", "show", "north").out
    for flow in ("orders", "listings", "stock", "prices"):
        assert f"flow {flow}" in out
    assert "last done" in out


def test_runs_say_in_words_what_was_told(hub: HubCommand, north: StockShop) -> None:
    hub("stock", "set", "A", "7")
    hub("sync", "--stock")
    assert "1 stock figure sent, 1 accepted" in hub("runs", "--limit", "1").out
