"""`hub stock import` and `hub prices import`."""

from pathlib import Path

import pytest

from tests.cli.conftest import HubCommand
from tests.cli.terminal import Terminal


@pytest.fixture
def levels(tmp_path: Path) -> Path:
    file = tmp_path / "levels.csv"
    file.write_text("Artikel;Bestand;Farbe\nA;7,5;rot\nB;3;blau\nC;5;grün\n")
    return file


def _levels(hub: HubCommand) -> dict[str, str]:
    return {level["sku"]: level["available"] for level in hub("stock", "--json").json}


def test_it_shows_what_changes_and_changes_it(hub: HubCommand, levels: Path) -> None:
    hub("stock", "set", "A", "5")
    hub("stock", "set", "C", "5")
    ended = hub("stock", "import", levels, "--yes")
    assert (ended.code, ended.err.splitlines()) == (
        0,
        ["New to the hub, and no store lists them: B.", "These columns are not read: Farbe."],
    )
    assert [line.split() for line in ended.out.splitlines()[:3]] == [
        ["SKU", "FROM", "TO"],
        ["A", "5", "7.5"],
        ["B", "-", "3"],
    ]
    assert ended.out.splitlines()[3:] == [
        "2 levels to change (1 of them new), 1 as before.",
        "2 levels changed, 1 as before.",
    ]
    assert _levels(hub) == {"A": "7.5", "B": "3", "C": "5"}


def test_a_dry_run_changes_nothing(hub: HubCommand, levels: Path) -> None:
    ended = hub("stock", "import", levels, "--dry-run")
    assert (ended.code, ended.out.splitlines()[-1]) == (0, "Nothing was changed: this was a dry run.")
    assert _levels(hub) == {}


def test_where_all_is_so_already_nothing_is_asked(hub: HubCommand, levels: Path) -> None:
    hub("stock", "import", levels, "--yes")
    ended = hub("stock", "import", levels, "--yes")
    assert (ended.code, ended.out) == (0, "Nothing is to be changed: 3 levels as before.\n")


def test_as_json_it_is_one_document(hub: HubCommand, levels: Path) -> None:
    told = hub("stock", "import", levels, "--yes", "--json").json
    assert told["changes"][0] == {"sku": "A", "currency": None, "before": None, "after": "7.5"}
    assert told["written"] == {"changed": 3, "unchanged": 0, "event": 3}
    assert told["ignored_columns"] == ["Farbe"]
    assert hub("stock", "import", levels, "--dry-run", "--json").json["written"] is None


def test_of_many_skus_that_nobody_has_heard_of_five_are_named(hub: HubCommand, tmp_path: Path) -> None:
    hub("stock", "set", "A0", "5")
    (tmp_path / "l.csv").write_text("sku,qty\n" + "".join(f"A{number},7\n" for number in range(1500)))
    ended = hub("stock", "import", tmp_path / "l.csv", "--dry-run")
    assert ended.err == "New to the hub, and no store lists them: A1, A2, A3, A4, A5 and 1,494 more.\n"


@pytest.mark.parametrize("noun", ["stock", "prices"])
def test_a_file_that_is_not_there_is_told_before_anything_is_asked_for(
    hub: HubCommand, tmp_path: Path, noun: str
) -> None:
    ended = hub(noun, "import", tmp_path / "none.csv")
    assert (ended.code, "none.csv cannot be read" in ended.err, "--yes" in ended.err) == (1, True, False)


@pytest.mark.parametrize("noun", ["stock", "prices"])
def test_where_nobody_can_be_asked_it_is_wrong_usage(hub: HubCommand, tmp_path: Path, noun: str) -> None:
    levels = tmp_path / "figures.csv"
    levels.write_text("sku,qty,price,currency\nA,1,2.50,EUR\n")
    ended = hub(noun, "import", levels)
    assert (ended.code, ended.out) == (2, "")
    assert "--yes: it is needed where nobody can be asked; with --dry-run you see what would change." in ended.err
    assert _levels(hub) == {}


@pytest.mark.parametrize(("answer", "code", "after"), [("y\n", 0, 3), ("n\n", 1, 0), ("\n", 1, 0)])
def test_on_a_terminal_it_asks_first(hub: HubCommand, levels: Path, answer: str, code: int, after: int) -> None:
    with Terminal("stock", "import", str(levels)) as terminal:
        terminal.until("Change 3 levels?")
        terminal.enter(answer)
        assert terminal.end() == code
    assert len(_levels(hub)) == after


def test_a_faulty_line_stops_all_of_it_and_is_named(hub: HubCommand, tmp_path: Path) -> None:
    (tmp_path / "l.csv").write_text("sku,qty\nA,1\nB,x\nA,2\n")
    ended = hub("stock", "import", tmp_path / "l.csv", "--yes")
    assert (ended.code, ended.out) == (1, "")
    assert ended.err.splitlines() == [
        "2 things in the file are wrong, so nothing was changed.",
        "  line 3: The quantity 'x' of 'B' is no number.",
        "  line 4: The SKU 'A' stands in line 2 already; leave out one.",
    ]
    assert _levels(hub) == {}


def test_a_person_says_what_a_mark_means(hub: HubCommand, tmp_path: Path) -> None:
    (tmp_path / "l.csv").write_text("sku;qty\nA;1.000\n")
    ended = hub("stock", "import", tmp_path / "l.csv", "--yes")
    assert (ended.code, ended.err.split(": ")[0]) == (1, "Line 2")
    assert "--decimal comma" in ended.err
    hub("stock", "import", tmp_path / "l.csv", "--yes", "--decimal", "comma")
    assert _levels(hub) == {"A": "1000"}
    hub("stock", "import", tmp_path / "l.csv", "--yes", "--decimal", "point")
    assert _levels(hub) == {"A": "1"}


def test_a_file_says_up_to_which_event_it_is_true(hub: HubCommand, levels: Path) -> None:
    hub("stock", "set", "B", "1")
    hub("stock", "adjust", "B", "-1")
    ended = hub("stock", "import", levels, "--yes", "--after-event", "1")
    assert ended.code == 0, ended.err
    assert _levels(hub)["B"] == "2"


def test_of_very_many_changes_the_first_are_shown(hub: HubCommand, tmp_path: Path) -> None:
    (tmp_path / "l.csv").write_text("sku,qty\n" + "".join(f"SKU-{number},1\n" for number in range(10_200)))
    ended = hub("stock", "import", tmp_path / "l.csv", "--yes")
    assert ended.code == 0, ended.err
    assert ended.out.splitlines()[101:] == [
        "… and 10,100 more changes",
        "10,200 levels to change (10,200 of them new), 0 as before.",
        "10,200 levels changed, 0 as before.",
    ]


def test_prices_are_imported_likewise(hub: HubCommand, tmp_path: Path) -> None:
    hub("prices", "set", "A", "12.5", "USD")
    (tmp_path / "p.csv").write_text("sku,price\nA,13\nB,2.50\n")
    refused = hub("prices", "import", tmp_path / "p.csv", "--yes")
    assert (refused.code, refused.out) == (1, "")
    assert "no column for the currency" in refused.err
    ended = hub("prices", "import", tmp_path / "p.csv", "--yes", "--currency", "usd")
    assert [line.split() for line in ended.out.splitlines()[:3]] == [
        ["SKU", "CURRENCY", "FROM", "TO"],
        ["A", "USD", "12.50", "13.00"],
        ["B", "USD", "-", "2.50"],
    ]
    assert ended.out.splitlines()[-1] == "2 prices changed, 0 as before."
    found = [(one["sku"], one["price"]) for one in hub("prices", "--json").json]
    assert found == [("A", {"amount": "13.00", "currency": "USD"}), ("B", {"amount": "2.50", "currency": "USD"})]
