"""The measurements themselves, with a store so small that their figures mean nothing."""

import pytest

from benchmarks.__main__ import MEASUREMENTS, main
from benchmarks.figures import Figure, table
from benchmarks.processes import script, shop
from benchmarks.taking_in import statements


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
