"""The tests try the same examples each time, so that one fails only by what was changed."""

import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st


def examples() -> list[int]:
    found = []

    @given(number=st.integers())
    def note(number: int) -> None:
        found.append(number)

    note()
    return found


def test_the_same_examples_are_tried_whatever_code_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = examples()
    file = tmp_path / "more_code.py"
    file.write_text(f"FIGURES = {[1_000 + number for number in range(200)]}")
    spec = spec_from_file_location("more_code", file)
    assert spec is not None
    monkeypatch.setitem(sys.modules, "more_code", module_from_spec(spec))
    assert examples() == first
