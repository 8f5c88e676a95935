"""The measurements themselves, with a store so small that their figures mean nothing."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from benchmarks.__main__ import MEASUREMENTS, main
from benchmarks.figures import Figure, table
from benchmarks.lengths import LONG, length
from benchmarks.polls import share
from benchmarks.probe import starts
from benchmarks.processes import script, shop
from benchmarks.store import environment
from benchmarks.taking_in import statements
from benchmarks.watching import cpu, descriptors, memory_mb, threads, tree
from hub_core import Hub


def test_each_page_costs_a_constant_number_of_statements_and_unchanged_ones_write_nothing() -> None:
    each, more, rows = statements(1200, 1)
    assert 1 <= each.value <= 12
    assert (more.value, rows.value) == (0, 0)


def test_hub_and_plain_script_read_the_same_orders(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("bench")
    with shop(7) as port:
        plain, hub = script("plain", port, folder / "plain.db"), script("intake", port, folder / "hub")
    assert [plain[read]["orders"] for read in ("fresh", "again")] == [7, 7]
    assert (hub["fresh"]["created"], hub["again"]["created"]) == (7, 0)
    assert hub["fresh"]["rows_written"] > 7 * 4


def test_a_goal_that_is_missed_is_marked_and_makes_the_command_fail(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(MEASUREMENTS, "slow", lambda orders, pairs: iter([Figure("slow", 2.5, "x", 2.0, 1.4)]))
    monkeypatch.setitem(MEASUREMENTS, "quick", lambda orders, pairs: iter([Figure("quick", 1.0, "x", 2.0)]))
    assert (main(["quick"]), main(["quick", "slow"])) == (0, 1)
    assert capsys.readouterr().out.count("MISSED") == 1


def test_an_unknown_measurement_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["sped"])
    assert ended.value.code == 2
    assert "there is no measurement sped" in capsys.readouterr().err


def test_a_figure_without_a_goal_is_never_missed() -> None:
    assert "MISSED" not in table([Figure("only told", 99.0, "MB")])


async def test_stores_of_a_fleet_can_be_read_and_each_beginning_is_noted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with shop(0, "still_shop") as port:
        script("fleet", port, tmp_path, 3, 3600)
        for name, value in environment(port, str(tmp_path)).items():
            monkeypatch.setenv(name, value)
        begin = datetime.now(UTC)
        async with Hub.open() as hub:
            runs = [await hub.sync(integration) for integration in (1, 2, 3)]
            end = datetime.now(UTC) + timedelta(seconds=1)
            noted = await hub.parts.database.read(lambda connection: starts(connection, begin, end))
    assert [(run.error, run.counts.read, run.api_calls > 0) for run in runs] == [(None, 0, True)] * 3
    assert [(one.integration_id, one.flow) for one in noted] == [(1, "orders"), (2, "orders"), (3, "orders")]
    assert min(one.late for one in noted) >= 0


def test_a_share_is_what_so_many_values_do_not_exceed() -> None:
    values = [float(number) for number in range(100)]
    assert (share(values, 0.5), share(values, 0.95), share([7.0], 0.95)) == (50.0, 95.0, 7.0)


def test_what_takes_its_time_is_watched_for_longer_where_that_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(LONG, raising=False)
    assert length(1, 9) == 1
    monkeypatch.setenv(LONG, "1")
    assert length(1, 9) == 9


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="only Linux tells it this way")
def test_what_a_process_takes_is_read_from_the_system() -> None:
    pid = os.getpid()
    assert pid in set(tree(pid))
    assert cpu([pid]) > 0
    assert memory_mb(pid) > 10
    assert threads(pid) >= 1
    with Path(__file__).open(encoding="utf-8"):
        assert descriptors(pid) >= 4
