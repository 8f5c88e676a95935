"""What is printed: safe on a terminal, one document for programs."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub_core.cli import output

NASTY = "a\x1b[2Jb\x07\r\nc\x9b1m\u202ed\x7f"


def test_what_a_shop_sent_cannot_steer_the_terminal() -> None:
    assert output.plain(NASTY) == r"a\x1b[2Jb\x07\r\nc\x9b1m\u202ed\x7f"


def test_letters_of_all_languages_stay_readable() -> None:
    assert output.plain("Łódź Ünïcode 株式会社\u00a0x") == "Łódź Ünïcode 株式会社 x"


@given(st.text(st.characters(exclude_categories=[])))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_json_document_is_what_was_given_and_shows_nothing_that_a_terminal_obeys(
    capsys: pytest.CaptureFixture[str], text: str
) -> None:
    output.document({"text": text})
    out = capsys.readouterr().out
    assert json.loads(out) == {"text": text}
    assert not {sign for sign in out if ord(sign) < 32 or 127 <= ord(sign) < 160} - {"\n"}


def test_a_table_has_headings_and_columns_that_line_up(capsys: pytest.CaptureFixture[str]) -> None:
    output.table([{"name": "会社", "ok": True, "at": None}, {"name": "abcdef", "ok": False, "at": "x"}], "none")
    assert capsys.readouterr().out.splitlines() == ["NAME    OK   AT", "会社    yes  -", "abcdef  no   x"]


def test_an_empty_table_says_so_on_standard_error_alone(capsys: pytest.CaptureFixture[str]) -> None:
    output.table([], "Nothing is there.")
    assert capsys.readouterr() == ("", "Nothing is there.\n")


def test_facts_leave_out_what_is_not_known(capsys: pytest.CaptureFixture[str]) -> None:
    output.facts({"a": 1, "long name": datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), "gone": None, "empty": ""})
    assert capsys.readouterr().out == "a          1\nlong name  2026-01-02 03:04:05Z\n"


def test_one_is_not_two() -> None:
    assert [output.counted(number, "order") for number in (0, 1, 2, 1000)] == [
        "0 orders",
        "1 order",
        "2 orders",
        "1,000 orders",
    ]
