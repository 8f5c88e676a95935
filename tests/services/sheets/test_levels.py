"""Stock levels from CSV files."""

import csv
import io
import re
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub_core.domain.errors import InputError
from hub_core.services.sheets import read_levels
from hub_core.services.sheets.figures import Mark

# A carriage return ends a line in old files, and Python does not quote it where lines end otherwise.
SKUS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\r"), min_size=1, max_size=20)
LEVELS = st.dictionaries(SKUS.map(str.strip).filter(bool), st.decimals(0, 10**8, places=3), min_size=1, max_size=8).map(
    lambda levels: {sku: units.normalize() + 0 for sku, units in levels.items()}
)


@dataclass(frozen=True)
class Dialect:
    """How a program writes CSV; where *told*, the person says which mark stands before decimals."""

    divider: str
    quoting: int
    end: str
    encoding: str
    mark: Mark
    grouped: bool
    told: bool

    def write(self, levels: dict[str, Decimal]) -> bytes:
        file = io.StringIO()
        writer = csv.writer(file, delimiter=self.divider, quoting=self.quoting, lineterminator=self.end)  # type: ignore[arg-type] # typeshed lists the numbers
        writer.writerow(["Remark", "SKU", "Qty"])
        for sku, units in levels.items():
            writer.writerow(['it\'s; a, "remark"', sku, self._figure(units)])
            writer.writerow([])
        return file.getvalue().encode(self.encoding)

    def _figure(self, units: Decimal) -> str:
        text = f"{units:,f}" if self.grouped else f"{units:f}"
        return text.translate(str.maketrans(",.", ".,")) if self.mark == "," else text


DIALECTS = st.builds(
    Dialect,
    divider=st.sampled_from(",;\t|"),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC]),
    end=st.sampled_from(["\n", "\r\n"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"]),
    mark=st.sampled_from([".", ","]),
)


def _read(text: str, decimal: Mark | None = None) -> dict[str, Decimal]:
    return read_levels(text.encode(), decimal=decimal).levels


def _refused(text: str | bytes) -> InputError:
    with pytest.raises(InputError) as raised:
        read_levels(text if isinstance(text, bytes) else text.encode())
    return raised.value


@given(levels=LEVELS, dialect=DIALECTS)
def test_what_any_dialect_holds_comes_back_or_is_said_to_be_unclear(
    levels: dict[str, Decimal], dialect: Dialect
) -> None:
    content = dialect.write(levels)
    decimal = dialect.mark if dialect.told else None
    if not dialect.told and any(map(_is_unclear, levels.values())):
        with suppress(InputError):
            assert read_levels(content).levels == levels
        return
    sheet = read_levels(content, decimal=decimal)
    assert sheet.levels == levels
    assert sheet.ignored == ("Remark",)


def _is_unclear(units: Decimal) -> bool:
    """Tell whether these units can be written so that a mark may be one for thousands or one before decimals."""
    return bool(re.fullmatch(r"[1-9]\d{0,2}[.,]\d{3}", f"{units:,f}"))


@pytest.mark.parametrize(
    "header",
    [
        "SKU,Quantity",
        "sku,available",
        "Artikelnummer;Bestand",
        "Référence|Quantité",
        "Referencia\tCantidad",
        "Item No.;On hand",
        "stock_code,stock_level",
        '"SKU"; "Qty"',
        "Indeks;Ilość",
        "VARENUMMER;På lager;Antal",
    ],
)
def test_columns_are_known_by_their_usual_names(header: str) -> None:
    divider = next(sign for sign in ";\t|," if sign in header)
    cells = ["A", "4"] if header.count(divider) == 1 else ["A", "no", "4"]
    assert _read(f"{header}\n{divider.join(cells)}\n") == {"A": 4}


def test_the_order_of_columns_is_free_and_others_are_named() -> None:
    sheet = read_levels(b"name,qty,sku,colour\nPot,3,A,red\n")
    assert (sheet.levels, sheet.ignored, sheet.lines) == ({"A": Decimal(3)}, ("name", "colour"), {"A": 2})


def test_sku_goes_before_less_certain_names() -> None:
    sheet = read_levels(b"item,sku,qty\nPot,A,3\n")
    assert (sheet.levels, sheet.ignored) == ({"A": Decimal(3)}, ("item",))


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("sku;qty\nA;1,5", "1.5"),
        ("sku;qty\nA;1.5", "1.5"),
        ("sku;qty\nA;0,500", "0.5"),
        ("sku;qty\nA;1234,500", "1234.5"),
        ("sku;qty\nA;1.234,5", "1234.5"),
        ("sku;qty\nA;1.000.000", "1000000"),
        ("sku;qty\nB;2,5\nA;1.000", "1000"),
        ("sku;qty\nB;2.5\nA;1.000", "1"),
        ("sku;qty\nA;1 234,5", "1234.5"),
        ("sku;qty\nA;1'234.5", "1234.5"),
        ("sku,qty\nB,2.5\nA,1.000", "1"),
        ('sku,qty\nA,"1,234.5"', "1234.5"),
        ("sku,qty\nA,+3", "3"),
        ("sku,qty\nA,.5", "0.5"),
        ("sku,qty\nA,3.", "3"),
        ("sep=;\nsku;qty\nA;3", "3"),
        ("\n\nsku,qty\n,,\nA,3,,\n", "3"),
    ],
)
def test_numbers_are_read_as_they_are_meant(text: str, level: str) -> None:
    assert _read(text)["A"] == Decimal(level)


@pytest.mark.parametrize(
    "text",
    ["sku;qty\nA;1.000", "sku;qty\nA;1,000", 'sku,qty\nA,"1,000"', "sku,qty\nB,7\nA,1.000", "sku\tqty\nA\t1.000"],
)
def test_what_may_mean_two_numbers_is_never_guessed(text: str) -> None:
    assert "may mean 1000 or 1; say so with --decimal" in str(_refused(text))


def test_both_numbers_are_named_as_they_are_meant() -> None:
    assert "may mean 1250 or 1.25; say so" in str(_refused("sku,qty\nA,1.250"))


@pytest.mark.parametrize(("mark", "level"), [(".", 1), (",", 1000)])
def test_a_person_decides_what_a_number_means(mark: Mark, level: int) -> None:
    assert _read("sku;qty\nA;1.000", mark) == {"A": level}


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("A,x", "The quantity 'x' of 'A' is no number."),
        ("A,", "The quantity of 'A' is empty; write 0 if that is meant."),
        ("A", "The quantity of 'A' is empty"),
        (",3", "A SKU is empty"),
        ("A,-3", "is below zero"),
        ("A,\u22123", "is below zero"),
        ("A,1.2345", "more than three decimal places"),
        ("A,1e3", "is no number"),
        ("A,nan", "is no number"),
        ("A,1.2.3", "is no number"),
        ("A,99999999999", "no number of units that anybody could mean"),
        ("A,1,5", "It has 3 cells, but the first line names 2 columns"),
        ("B,4", "The SKU 'B' stands in line 2 already"),
        (f"{'A' * 501},3", "has more than 500 characters"),
        ("A\0,3", "holds a character that cannot be stored"),
    ],
)
def test_each_fault_is_a_sentence_that_names_the_line(row: str, said: str) -> None:
    error = _refused(f"sku,qty\nB,1\n\n{row}\n")
    assert str(error).startswith("Line 4: ")
    assert said in str(error)
    assert str(error).endswith("Nothing was changed.")


def test_all_faults_are_told_at_once() -> None:
    error = _refused("sku,qty\nA,x\nB,1\nA,-1\nB,2\n")
    assert str(error) == "3 things in the file are wrong, so nothing was changed."
    assert list(error.fields) == ["line 2", "line 4", "line 5"]


def test_of_very_many_faults_the_first_are_told() -> None:
    error = _refused("sku,qty\n" + "A,x\n" * 1500)
    assert str(error) == "1,500 things in the file are wrong, so nothing was changed. The first 20 are:"
    assert len(error.fields) == 20


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "The file is empty"),
        ("\n\n", "The file is empty"),
        ("sku,qty\n", "no lines below"),
        ("name,qty\nA,3\n", "no column for the SKU: its first line must name one, such as 'SKU', but it has 'name'"),
        ("sku;colour\nA;3\n", "no column for the quantity"),
        ("sku,available,on hand\nA,3,4\n", "Several columns may be the quantity: 'available' and 'on hand'"),
        ('sku,qty\nB,1\nA,"3\n', "Line 3 cannot be read: a quotation mark is not closed well"),
        ('sku,qty\n"A"x,3\n', "Line 2 cannot be read"),
        (f"sku,qty\n{'A' * 200_000},3\n", "Line 2 cannot be read: a cell is longer"),
    ],
)
def test_what_is_no_such_file_is_said_plainly(text: str, said: str) -> None:
    assert said in str(_refused(text))


def test_a_workbook_is_no_csv() -> None:
    assert "is a workbook and no CSV" in str(_refused(b"PK\x03\x04rest"))


def test_windows_1252_is_read_where_it_is_no_utf_8_and_said() -> None:
    sheet = read_levels("sku,qty\nGrün,3\n".encode("cp1252"))
    assert (sheet.levels, sheet.notes) == (
        {"Grün": Decimal(3)},
        ("The file is no UTF-8; it was read as Windows-1252.",),
    )


@pytest.mark.parametrize(
    "content", ["sku,qty\nGrün,3\nB".encode() + b"\xff,1\n", b"sku,qty\nA,3\nB\x81,1\n", b"\xff\xfea\0\n\0\n\0\xd8\xd8"]
)
def test_broken_letters_are_told_with_their_line(content: bytes) -> None:
    assert str(_refused(content)).startswith("Line 3 holds bytes that are no UTF-")


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"cannot be read \(No such file or directory\)"):
        read_levels(tmp_path / "none.csv")


def test_a_file_is_read_from_its_path(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("sku,qty\nA,3\n")
    assert read_levels(tmp_path / "a.csv").levels == {"A": 3}


def test_a_file_of_absurd_size_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hub_core.services.sheets.texts.MOST_BYTES", 5_000_000)
    assert "more than 5 million bytes" in str(_refused(b"x" * 5_000_001))
