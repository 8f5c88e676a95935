"""`hub runs`, `hub events` and `hub report`."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import get_args

import pytest

from hub_core.cli.report import By
from hub_core.domain.events import Event
from hub_core.domain.reports import ReportBy
from hub_core.domain.runs import Spent
from hub_core.services.events import Events
from hub_core.services.flow_run import FlowRun
from tests.cli.conftest import HubCommand
from tests.toyshop.shop import Shop

NOW = datetime.now(UTC).replace(microsecond=0)


def test_runs_are_listed_newest_first_with_what_went_wrong(hub: HubCommand, connected: Shop) -> None:
    hub("sync")
    connected.password = "changed"
    hub("sync")
    newest, older = hub("runs", "--integration", "Corner", "--json").json
    assert (newest["state"], older["state"]) == ("failed", "succeeded")
    _, row, _ = hub("runs").out.splitlines()
    assert row.endswith("The toy shop does not know this password.")


def test_what_runs_waited_for_is_a_column_once_any_has_waited(
    hub: HubCommand, connected: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub("sync")
    assert "WAITED" not in hub("runs").out
    monkeypatch.setattr(FlowRun, "spent", Spent(3, 75.25))
    hub("sync")
    heading, newest, *_ = hub("runs").out.splitlines()
    assert newest[heading.index("WAITED") :].startswith("75.2 s")
    assert hub("runs", "--json").json[0]["waited_seconds"] == 75.25


def test_without_runs_it_says_how_to_start_one(hub: HubCommand) -> None:
    assert hub("runs").err == "No run yet; start one with: hub sync\n"


def test_events_after_a_number_are_listed_oldest_first(hub: HubCommand, connected: Shop) -> None:
    found = hub("events", "--after", 0, "--json").json
    assert [event["type"] for event in found] == ["integration.added", "integration.connected"]
    assert [event["id"] for event in hub("events", "--after", 1, "--json").json] == [2]
    assert "integration 1" in hub("events").out


def test_without_a_number_the_last_events_are_listed(hub: HubCommand, connected: Shop) -> None:
    for name in ("A", "B", "C"):
        hub("integrations", "rename", 1, name)
    assert [event["id"] for event in hub("events", "--limit", 2, "--json").json] == [4, 5]


def test_the_last_events_of_one_integration_are_found_behind_those_of_others(hub: HubCommand, connected: Shop) -> None:
    hub("integrations", "add", "keyshop", "--name", "Cave", "--set", "shop=x")
    for name in ("A", "B", "C"):
        hub("integrations", "rename", 2, name)
    found = hub("events", "--integration", "Corner", "--limit", 1, "--json").json
    assert [event["type"] for event in found] == ["integration.connected"]


def test_following_prints_a_document_per_line_until_ctrl_c(
    hub: HubCommand, connected: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    follow = Events.follow

    async def until_ctrl_c(events: Events, number: int = 0) -> AsyncIterator[Event]:
        async for event in follow(events, number):
            yield event
            if event.id == 2:
                raise KeyboardInterrupt

    monkeypatch.setattr(Events, "follow", until_ctrl_c)
    ended = hub("events", "--follow", "--after", 0, "--json")
    assert (ended.code, ended.err) == (130, "")
    assert [json.loads(line)["id"] for line in ended.out.splitlines()] == [1, 2]
    assert len(hub("events", "--follow", "--after", 0).out.splitlines()) == 2


def test_following_begins_with_what_comes_next(
    hub: HubCommand, connected: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    async def nothing_more(events: Events, number: int = 0) -> AsyncIterator[Event]:
        asked.append(number)
        await asyncio.sleep(0)
        for event in await events.after(number):
            yield event

    monkeypatch.setattr(Events, "follow", nothing_more)
    assert hub("events", "--follow").out == ""
    assert asked == [2]


@pytest.fixture
def sold(hub: HubCommand, connected: Shop) -> Shop:
    for number in range(3):
        connected.put(str(number), NOW - timedelta(days=number))
    connected.put("x", NOW, status="cancelled")
    hub("sync")
    return connected


def test_sales_are_summed_up_by_integration(hub: HubCommand, sold: Shop) -> None:
    _, row = hub("report").out.splitlines()
    assert row.split("  ")[0] == "Corner (id 1)"
    assert row.endswith("30.00 USD")


@pytest.mark.parametrize(("by", "rows"), [("day", 3), ("sku", 1), ("integration", 1)])
def test_sales_are_summed_up_by_what_is_asked(hub: HubCommand, sold: Shop, by: str, rows: int) -> None:
    found = hub("report", "--by", by, "--json").json
    assert len(found) == rows
    assert sum(row["orders"] for row in found) == 3
    assert len(hub("report", "--by", by).out.splitlines()) == rows + 1


def test_sales_are_those_of_the_time_asked_for(hub: HubCommand, sold: Shop) -> None:
    (row,) = hub("report", "--since", "36h", "--until", "12h", "--json").json
    assert row["orders"] == 1
    assert hub("report", "--until", "2001-01-01").err == "No orders in that time.\n"


def test_a_removed_integration_is_named_as_such(hub: HubCommand, sold: Shop) -> None:
    hub("integrations", "remove", "Corner", "--yes")
    assert "Corner (removed) (id 1)" in hub("report").out


def test_every_kind_of_report_can_be_asked_for() -> None:
    assert get_args(By) == tuple(ReportBy)
