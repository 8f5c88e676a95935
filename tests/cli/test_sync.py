"""`hub sync`."""

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from hub_core.cli.progress import bars
from hub_core.cli.syncing.rounds import telling_of_takeover
from hub_core.domain.runs import Counts, Run, RunState
from tests.cli.conftest import HubCommand
from tests.toyshop.shop import Shop, open_shop

NOW = datetime.now(UTC)


def _second(hub: HubCommand, password: Path) -> Shop:
    shop = open_shop("second")
    hub("integrations", "add", "toyshop", "--name", "Second", "--set", "shop=second", "--credentials-file", password)
    return shop


def test_it_reads_the_orders_and_says_how_many(hub: HubCommand, connected: Shop) -> None:
    connected.put("7", NOW - timedelta(hours=1))
    connected.put("8", NOW - timedelta(hours=2))
    ended = hub("sync")
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.startswith("Corner: ")
    assert "2 new, 0 changed" in ended.out
    assert len(hub("orders", "--json").json) == 2


def test_as_json_it_prints_the_runs_and_nothing_else(hub: HubCommand, connected: Shop) -> None:
    ended = hub("sync", "Corner", "--orders", "--json")
    (run,) = ended.json
    assert (run["kind"], run["state"]) == ("orders", "succeeded")


def test_all_enabled_ones_are_synced_where_none_is_named(hub: HubCommand, connected: Shop, password: Path) -> None:
    _second(hub, password)
    hub("integrations", "disable", "Corner")
    assert [line.split(":")[0] for line in hub("sync").out.splitlines()] == ["Second"]
    hub("integrations", "enable", "Corner")
    assert sorted(line.split(":")[0] for line in hub("sync").out.splitlines()) == ["Corner", "Second"]


def test_each_is_told_as_it_ends(
    hub: HubCommand,
    connected: Shop,
    password: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("hub_core.cli.syncing.rounds._AT_ONCE", 1)
    connected.put_raw("8", NOW, b"{}")
    told: list[tuple[str, str]] = []
    _second(hub, password).before_page = lambda shop, start: told.append(capsys.readouterr())
    hub("sync", "Corner", "Second")
    assert told[0][0].startswith("Corner: ")
    assert "could not be used" in told[0][1]


def test_on_a_terminal_all_are_told_after_the_bars(
    hub: HubCommand, connected: Shop, password: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _second(hub, password)
    monkeypatch.setattr("hub_core.cli.progress.watched", lambda: True)
    monkeypatch.setattr("hub_core.cli.syncing.rounds.watched", lambda: True)
    monkeypatch.setenv("TERM", "xterm")
    ended = hub("sync", "Second", "Corner")
    assert [line.split(":")[0] for line in ended.out.splitlines()] == ["Second", "Corner"]


def test_one_named_twice_is_synced_once(hub: HubCommand, connected: Shop) -> None:
    assert len(hub("sync", "Corner", "1", "--json").json) == 1


def test_a_failure_is_told_and_ends_no_other(hub: HubCommand, connected: Shop, password: Path) -> None:
    second = _second(hub, password)
    second.password = "changed"
    connected.put("7", NOW)
    ended = hub("sync")
    assert ended.code == 1
    assert "1 new" in ended.out
    assert "Second: The toy shop does not know this password." in ended.err


def test_rejects_are_counted_with_the_command_that_shows_them(hub: HubCommand, connected: Shop) -> None:
    connected.put("7", NOW)
    connected.put_raw("8", NOW, b"{}")
    ended = hub("sync")
    assert ended.code == 0
    assert "1 that could not be used" in ended.out
    assert ended.err == "Corner: 1 order could not be used; see: hub rejects --integration Corner\n"


def test_one_that_is_not_authorised_says_what_to_do(hub: HubCommand, shop: Shop) -> None:
    hub("integrations", "add", "toyshop", "--name", "Corner", "--set", "shop=corner")
    ended = hub("sync")
    assert ended.code == 1
    assert ended.err == "'Corner' is not authorised; run: hub integrations reauthorise 'Corner'\n"


def test_without_integrations_it_says_how_to_add_one(hub: HubCommand) -> None:
    ended = hub("sync")
    assert ended.code == 1
    assert "hub integrations add" in ended.err


def test_with_all_disabled_it_says_how_to_enable_one(hub: HubCommand, connected: Shop) -> None:
    hub("integrations", "disable", "Corner")
    ended = hub("sync")
    assert ended.code == 1
    assert "hub integrations enable" in ended.err


def test_an_unknown_name_starts_nothing(hub: HubCommand, connected: Shop) -> None:
    ended = hub("sync", "Corner", "Crner")
    assert ended.code == 1
    assert "Crner" in ended.err
    assert hub("runs", "--json").json == []


def test_on_a_terminal_a_bar_shows_orders_pages_and_the_remaining_time(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "100")
    with bars() as start:
        watch = start("[red]Corner\x1b[2J")
        watch(_run(Counts(pages=3, read=1200, expected=5000)))
    told = capsys.readouterr().err
    assert r"[red]Corner\x1b[2J" in told
    assert "1,200 of 5,000 orders, 3 pages" in told
    assert "--:--" in told


def test_a_bar_counts_up_where_the_store_does_not_say_how_many(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setenv("TERM", "xterm")
    with bars() as start:
        start("Corner")(_run(Counts(pages=1, read=1)))
    assert "1 order, 1 page" in capsys.readouterr().err


def test_off_a_terminal_there_is_no_bar(capsys: pytest.CaptureFixture[str]) -> None:
    with bars() as start:
        start("Corner")(_run(Counts(pages=1, read=1)))
    assert capsys.readouterr() == ("", "")


def test_where_another_process_died_it_says_that_it_goes_on(capsys: pytest.CaptureFixture[str]) -> None:
    seen: list[int] = []
    watch = telling_of_takeover("Corner", lambda run: seen.append(run.id))
    for run_id in (7, 7, 8, 8):
        watch(_run(Counts(), run_id))
    told = "Corner: The process that was at it has ended; this one goes on where that stopped.\n"
    assert (capsys.readouterr().err, seen) == (told, [7, 7, 8, 8])


def _run(counts: Counts, run_id: int = 1) -> Run:
    return Run(id=run_id, integration_id=1, kind="orders", state=RunState.RUNNING, counts=counts)
