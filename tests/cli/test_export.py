"""`hub orders export`."""

import csv
import json
import stat
import sys
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow.parquet
import pytest

from hub_core.cli.orders.columns import COLUMNS
from hub_core.cli.orders.sheets import KINDS, Sheet
from tests.cli.conftest import HubCommand
from tests.toyshop.shop import Shop

NOW = datetime.now(UTC).replace(microsecond=0)
TWO_LINES = [
    {"id": "1", "sku": "=cmd|x", "name": "Line\nbreak", "quantity": "2", "price": "1.50"},
    {"id": "2", "sku": "-5", "name": "plain", "quantity": "1.5", "price": "-3.00"},
]


@pytest.fixture
def two(hub: HubCommand, connected: Shop) -> Shop:
    connected.put("1", NOW - timedelta(hours=2), buyer="@Ann", lines=TWO_LINES)
    connected.put("2", NOW - timedelta(hours=1), buyer="Bob", lines=[])
    assert hub("sync").code == 0
    return connected


def _csv(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_csv_has_a_row_per_line_item(hub: HubCommand, two: Shop, tmp_path: Path) -> None:
    file = tmp_path / "o.csv"
    ended = hub("orders", "export", file)
    assert (ended.code, ended.out) == (0, f"2 orders written into {file}.\n")
    rows = _csv(file)
    assert tuple(rows[0]) == COLUMNS
    assert [(row["number"], row["line_number"], row["line"]) for row in rows] == [
        ("2", "1", ""),
        ("1", "1", "1"),
        ("1", "2", "2"),
    ]
    assert {row["order_total"] for row in rows[1:]} == {"-1.50"}
    assert rows[1]["placed_at"] == f"{NOW - timedelta(hours=2):%Y-%m-%dT%H:%M:%S}Z"
    assert rows[1]["name"] == "Line\nbreak"


def test_no_text_of_a_shopper_becomes_a_formula_and_numbers_stay_numbers(
    hub: HubCommand, two: Shop, tmp_path: Path
) -> None:
    hub("orders", "export", tmp_path / "o.csv")
    rows = _csv(tmp_path / "o.csv")
    assert [row["sku"] for row in rows[1:]] == ["'=cmd|x", "'-5"]
    assert rows[1]["buyer_name"] == "'@Ann"
    assert rows[2]["unit_price"] == "-3.00"


def test_json_lines_hold_whole_orders(hub: HubCommand, two: Shop, tmp_path: Path) -> None:
    file = tmp_path / "o.jsonl"
    assert hub("orders", "export", file).code == 0
    lines = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    assert lines == hub("orders", "--json").json


def test_parquet_has_exact_decimals_and_times(hub: HubCommand, two: Shop, tmp_path: Path) -> None:
    file = tmp_path / "o.parquet"
    assert hub("orders", "export", file).code == 0
    rows: list[dict[str, Any]] = pyarrow.parquet.read_table(file).to_pylist()
    assert tuple(rows[0]) == COLUMNS
    assert rows[2]["unit_price"] == Decimal("-3.00")
    assert rows[2]["quantity"] == Decimal("1.5")
    assert rows[2]["sku"] == "-5"
    assert rows[0]["placed_at"] == NOW - timedelta(hours=1)
    assert rows[0]["sku"] is None


def test_filters_choose_what_is_written(hub: HubCommand, two: Shop, tmp_path: Path) -> None:
    ended = hub("orders", "export", tmp_path / "o.jsonl", "--since", "90m", "--json")
    assert ended.json == {"file": str(tmp_path / "o.jsonl"), "orders": 1}


def test_only_the_owner_may_read_the_file(hub: HubCommand, two: Shop, tmp_path: Path) -> None:
    hub("orders", "export", tmp_path / "o.csv")
    assert stat.S_IMODE((tmp_path / "o.csv").stat().st_mode) == 0o600


def test_without_orders_the_file_has_its_heading(hub: HubCommand, tmp_path: Path) -> None:
    assert hub("orders", "export", tmp_path / "o.csv").code == 0
    assert (tmp_path / "o.csv").read_text().strip() == ",".join(COLUMNS)


def test_parquet_without_its_library_says_what_to_install_and_leaves_nothing(
    hub: HubCommand, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    target = tmp_path / "out" / "o.parquet"
    target.parent.mkdir()
    ended = hub("orders", "export", target)
    assert ended.code == 1
    assert "pip install 'hub-core[parquet]'" in ended.err
    assert list(target.parent.iterdir()) == []


@pytest.mark.parametrize("failure", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_a_file_that_was_there_stays_whole_where_the_export_fails(
    hub: HubCommand, two: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failure: BaseException
) -> None:
    target = tmp_path / "out" / "o.csv"
    target.parent.mkdir()
    target.write_text("before")

    def fail(sheet: Sheet, order: object) -> None:
        raise failure

    monkeypatch.setattr(KINDS[".csv"], "add", fail)
    ended = hub("orders", "export", target)
    assert ended.code == (1 if isinstance(failure, OSError) else 130)
    assert "Traceback" not in ended.err
    assert [path.name for path in target.parent.iterdir()] == ["o.csv"]
    assert target.read_text() == "before"


def test_a_folder_that_is_not_there_is_said_in_a_sentence(hub: HubCommand, tmp_path: Path) -> None:
    ended = hub("orders", "export", tmp_path / "none" / "o.csv")
    assert ended.code == 1
    assert "cannot be written (No such file or directory)" in ended.err


def test_another_ending_is_wrong_usage(hub: HubCommand, tmp_path: Path) -> None:
    ended = hub("orders", "export", tmp_path / "o.xlsx")
    assert ended.code == 2
    assert ".csv, .jsonl, .parquet" in ended.err
