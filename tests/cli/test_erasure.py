"""`hub orders erase`."""

from datetime import UTC, datetime, timedelta

import pytest

from hub_core.cli import fields
from tests.cli.conftest import HubCommand
from tests.toyshop.shop import Shop


@pytest.fixture
def order(hub: HubCommand, connected: Shop) -> int:
    connected.put("A", datetime.now(UTC) - timedelta(hours=1), buyer="Ann Canary")
    assert hub("sync").code == 0
    (one,) = hub("orders", "--json").json
    number: int = one["id"]
    return number


def test_it_says_what_goes_and_what_stays(hub: HubCommand, order: int) -> None:
    ended = hub("orders", "erase", order, "--yes")
    assert ended.out == "Order A is erased of its personal data.\n"
    assert "Order A of 'Corner' loses its buyer" in ended.err
    assert "It is open: whoever sends it must look up the address in the store." in ended.err
    shown = hub("orders", "show", order)
    assert "Ann Canary" not in shown.out
    assert "personal data  erased 20" in shown.out
    assert "10.00 USD" in shown.out
    assert hub("audit", "--json").json[-1]["action"] == "order.erased"


def test_what_is_left_is_printed_as_json(hub: HubCommand, order: int) -> None:
    left = hub("orders", "erase", order, "--yes", "--json").json
    assert (left["id"], left["buyer"]["name"], left["total"]["amount"]) == (order, "", "10.00")
    assert left["erased_at"] is not None


def test_where_nobody_can_be_asked_nothing_is_erased(hub: HubCommand, order: int) -> None:
    ended = hub("orders", "erase", order)
    assert ended.code == 1
    assert f"run: hub orders erase {order} --yes" in ended.err
    assert "Ann Canary" in hub("orders", "show", order).out


@pytest.mark.parametrize("answer", [True, False])
def test_on_a_terminal_it_asks(hub: HubCommand, order: int, monkeypatch: pytest.MonkeyPatch, answer: bool) -> None:
    monkeypatch.setattr(fields, "can_ask", lambda: True)
    monkeypatch.setattr(fields, "confirmed", lambda question: question == "Erase it?" and answer)
    assert hub("orders", "erase", order).code == (0 if answer else 1)
    assert ("Ann Canary" in hub("orders", "show", order).out) is not answer
