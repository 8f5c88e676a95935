"""`hub orders` and `hub orders show`."""

from datetime import UTC, datetime, timedelta
from typing import get_args

import pytest

from hub_core.cli.orders.filters import Status
from hub_core.domain.orders import OrderStatus
from tests.cli.conftest import HubCommand
from tests.toyshop.shop import Shop

NOW = datetime.now(UTC).replace(microsecond=0)


@pytest.fixture
def three(hub: HubCommand, connected: Shop) -> Shop:
    """Three orders, the newest first: C, B, A."""
    connected.put("A", NOW - timedelta(days=3), status="shipped", buyer="Ann")
    connected.put("B", NOW - timedelta(days=2), buyer="Bob\x1b[31m")
    connected.put("C", NOW - timedelta(hours=1), buyer="Čeněk")
    assert hub("sync").code == 0
    return connected


def test_orders_are_listed_newest_first(hub: HubCommand, three: Shop) -> None:
    heading, *rows = hub("orders").out.splitlines()
    assert heading.split() == ["ID", "PLACED", "INTEGRATION", "NUMBER", "STATUS", "TOTAL", "BUYER"]
    assert [row.split()[-1] for row in rows] == ["Čeněk", r"Bob\x1b[31m", "Ann"]
    assert "10.00 USD" in rows[0]
    assert "Corner" in rows[0]


@pytest.mark.parametrize(
    ("options", "numbers"),
    [
        (("--limit", "2"), ["C", "B"]),
        (("--status", "shipped"), ["A"]),
        (("--since", "1d"), ["C"]),
        (("--since", "60h", "--until", "1d"), ["B"]),
        (("--integration", "corner shop"), None),
        (("--integration", "1"), ["C", "B", "A"]),
    ],
)
def test_options_choose_among_them(
    hub: HubCommand, three: Shop, options: tuple[str, ...], numbers: list[str] | None
) -> None:
    ended = hub("orders", *options, "--json")
    if numbers is None:
        assert ended.code == 1
        assert "There is no integration 'corner shop'" in ended.err
    else:
        assert [order["number"] for order in ended.json] == numbers


def test_one_order_is_shown_with_its_lines(hub: HubCommand, three: Shop) -> None:
    (order,) = hub("orders", "--status", "shipped", "--json").json
    out = hub("orders", "show", order["id"]).out
    assert "buyer        Ann" in out
    assert "total        10.00 USD" in out
    assert "SKU-1" in out


def test_as_json_it_is_the_whole_order(hub: HubCommand, three: Shop) -> None:
    (order,) = hub("orders", "--status", "shipped", "--json").json
    assert hub("orders", "show", order["id"], "--json").json == order
    assert order["total"] == {"amount": "10.00", "currency": "USD"}
    assert order["placed_at"].endswith("Z")


def test_its_history_tells_what_changed(hub: HubCommand, three: Shop) -> None:
    (order,) = hub("orders", "--since", "1d", "--json").json
    three.put("C", NOW - timedelta(hours=1), status="shipped", updated_at=NOW)
    assert "1 changed" in hub("sync").out
    history = hub("orders", "show", order["id"], "--history", "--json").json
    assert [revision["revision"] for revision in history][-1] == 2
    told = hub("orders", "show", order["id"], "--history").out
    assert "status: open → shipped" in told
    assert "{" not in told


def test_an_unknown_order_is_said_in_a_sentence(hub: HubCommand) -> None:
    ended = hub("orders", "show", 7)
    assert (ended.code, ended.out) == (1, "")
    assert ended.err == "There is no order 7; 'hub orders' lists them.\n"


def test_a_status_that_is_unknown_is_refused_with_those_there_are(hub: HubCommand) -> None:
    ended = hub("orders", "--status", "foo")
    assert (ended.code, ended.out) == (2, "")
    assert "'--status': 'foo' is not one of 'pending', 'open'," in ended.err


def test_every_status_can_be_asked_for() -> None:
    assert get_args(Status) == tuple(OrderStatus)
