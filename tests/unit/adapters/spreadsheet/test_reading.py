"""A county's own table as a workbook: written by ``openpyxl``, saved by LibreOffice, broken on purpose."""

import io
import shutil
import subprocess
import zipfile
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from adapters.spreadsheet.reading import WORKBOOK_MAX_BYTES, read_workbook
from schemas.errors import Fault
from services.bootstrap.tables import read_sheets
from services.domain.flow_making import FlowCounts
from services.domain.flow_tables import counts_of_sheets, is_workbook

TABLE: list[list[Any]] = [["年龄段", "人数"], ["0-14岁", 3], ["15-59岁", 90], ["60岁以上", 120]]


def workbook(sheets: dict[str, Sequence[Sequence[Any]]]) -> Any:  # noqa: ANN401 - openpyxl ships no types
    """Return a workbook with these sheets."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    return book


def saved(book: Any) -> bytes:  # noqa: ANN401 - openpyxl ships no types
    """Return the file."""
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def counts(data: bytes, sheet: str | None = None) -> FlowCounts | list[tuple[str, str]]:
    """Read a table as the command does: its counts, or codes and places of what is wrong."""
    sheets = read_sheets(data, "t.xlsx")
    found = (sheets,) if isinstance(sheets, Fault) else counts_of_sheets(sheets, "t.xlsx", sheet)
    return [(one.code, one.field) for one in found] if isinstance(found, tuple) else found


def values(data: bytes, sheet: str | None = None) -> list[int]:
    """Return the counts in order."""
    found = counts(data, sheet)
    assert isinstance(found, FlowCounts), found
    return list(found.values.values())


def test_a_table_has_other_counts_than_its_workbook() -> None:
    """Numbers as numbers, as text, as a whole number with a point; empty rows above, between and below."""
    rows = [[], TABLE[0], ["0-14岁", "3"], [], [" 15-59岁 ", 90.0], TABLE[3], [None, " "]]
    assert values(saved(workbook({"表": rows}))) == [3, 90, 120]
    assert is_workbook(saved(workbook({"表": rows})))


def test_an_empty_sheet_hides_the_filled_one() -> None:
    """The only filled sheet is taken; of several the one that is named."""
    assert values(saved(workbook({"Sheet1": [], "Sheet2": TABLE}))) == [3, 90, 120]
    two = saved(workbook({"一季度": TABLE, "二季度": [TABLE[0], ["0-14岁", 7], *TABLE[2:]]}))
    assert counts(two) == [("flow.which_sheet", "t.xlsx")]
    assert values(two, "二季度") == [7, 90, 120]
    assert counts(two, "三季度") == [("flow.no_sheet", "t.xlsx")]


@pytest.mark.parametrize(
    ("row", "column", "value", "code", "field"),
    [
        (3, 2, 12.5, "flow.not_a_count", "t.xlsx sheet 表 row 3 column 2"),
        (3, 2, -1, "flow.not_a_count", "t.xlsx sheet 表 row 3 column 2"),
        (3, 2, True, "flow.not_a_count", "t.xlsx sheet 表 row 3 column 2"),
        (3, 2, date(2026, 3, 1), "flow.not_a_count", "t.xlsx sheet 表 row 3 column 2"),
        (3, 2, 1e300, "flow.not_a_count", "t.xlsx sheet 表 row 3 column 2"),
        (3, 2, "#REF!", "flow.not_a_count", "t.xlsx sheet 表 row 3 column 2"),
        (3, 2, None, "flow.empty_cell", "t.xlsx sheet 表 row 3 column 2"),
        (4, 1, None, "flow.empty_cell", "t.xlsx sheet 表 row 4 column 1"),
        (4, 1, "申请人甲", "flow.unknown_value", "t.xlsx sheet 表 row 4 column 1"),
        (3, 3, "备注", "flow.unknown_column", "t.xlsx sheet 表 row 1 column 3"),
        (1, 3, "民族", "guard.banned_name", "t.xlsx sheet 表 row 1 column 3"),
        (3, 2, "=SUM(B1:B2)", "flow.formula", "t.xlsx sheet 表 row 3 column 2"),
    ],
)
def test_a_mistake_is_not_named(row: int, column: int, value: object, code: str, field: str) -> None:
    """Sheet, row and column of what is no whole number, of a name, of a note, of a formula that nobody computed."""
    book = workbook({"表": TABLE})
    book["表"].cell(row, column).value = value
    found = counts(saved(book))
    assert isinstance(found, list)
    assert found[0] == (code, field)


def test_merged_cells_lend_their_text_to_a_row() -> None:
    """Only the first of merged cells has the text; the mend says so instead of guessing."""
    book = workbook({"表": TABLE})
    book["表"].merge_cells("A2:A3")
    sheets = read_sheets(saved(book), "t.xlsx")
    assert not isinstance(sheets, Fault)
    found = counts_of_sheets(sheets, "t.xlsx")
    assert isinstance(found, tuple)
    assert (found[0].field, "合并单元格" in found[0].mend) == ("t.xlsx sheet 表 row 3 column 1", True)


def test_a_sheets_name_repeats_a_personal_number() -> None:
    """What was written by mistake is not written once more."""
    found = counts(saved(workbook({"13812345678": [["人数"], ["x"]]})))
    assert found == [("flow.not_a_count", "t.xlsx sheet … row 2 column 1")]


def changed(data: bytes, part: str, old: bytes, new: bytes) -> bytes:
    """Return a workbook with something replaced in one part."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as before, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as after:
        for one in before.namelist():
            text = before.read(one)
            assert one != part or old in text
            after.writestr(one, text.replace(old, new) if one == part else text)
    return out.getvalue()


SHEET = "xl/worksheets/sheet1.xml"


@pytest.mark.parametrize("claimed", [b"A1:A1", b"A1:XFD1048576"])
def test_a_claimed_size_adds_or_hides_rows(claimed: bytes) -> None:
    """What the sheet says of its size is not believed."""
    assert values(changed(saved(workbook({"表": TABLE})), SHEET, b'"A1:B4"', b'"' + claimed + b'"')) == [3, 90, 120]


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        (b'r="4"', b'r="99999999999"', "t.xlsx sheet 表 row 1001"),
        (b'r="B4"', b'r="XFD4"', "t.xlsx sheet 表 row 4"),
    ],
)
def test_a_cell_far_away_is_waited_for(old: bytes, new: bytes, field: str) -> None:
    """A row of a thousand million, a column beyond all: refused where the table ends."""
    assert counts(changed(saved(workbook({"表": TABLE})), SHEET, old, new)) == [("workbook.too_large", field)]


def test_a_small_file_unpacks_to_anything() -> None:
    """64 MiB of blanks in 64 KiB, and a part that claims less than it holds."""
    bomb = changed(saved(workbook({"表": TABLE})), SHEET, b"<sheetData>", b"<sheetData>" + b" " * 64 * 1024 * 1024)
    assert len(bomb) < 100_000
    assert counts(bomb) == [("workbook.too_large", "t.xlsx")]
    lying = bomb.replace((64 * 1024 * 1024).to_bytes(4, "little")[2:], b"\0\0")
    assert counts(lying) == [("workbook.malformed", "t.xlsx")]
    assert counts(b"PK\x03\x04" + bytes(WORKBOOK_MAX_BYTES)) == [("workbook.too_large", "t.xlsx")]


@pytest.mark.timeout(60)
def test_a_million_empty_cells_are_looked_at_a_million_times() -> None:
    """What is allowed to unpack is read in a time that grows with it alone."""
    cells = b"<row>" + b"<c/>" * 500_000 + b"</row></sheetData>"
    assert values(changed(saved(workbook({"表": TABLE})), SHEET, b"</sheetData>", cells)) == [3, 90, 120]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_an_entity_is_expanded(encoding: str) -> None:
    """A document type declaration is refused in every encoding that the parser would take."""
    text = f'<?xml version="1.0" encoding="{encoding}"?><!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'
    out = io.BytesIO(saved(workbook({"表": TABLE})))
    with zipfile.ZipFile(out, "a") as parts:
        parts.writestr("xl/extra.xml", text.encode(encoding))
    assert counts(out.getvalue()) == [("workbook.dtd", "t.xlsx")]


@pytest.mark.parametrize("cut", [5, 200, -100, -30])
def test_a_broken_file_raises(cut: int) -> None:
    """A file that was cut off is a fault with its mend."""
    assert counts(saved(workbook({"表": TABLE}))[:cut]) == [("workbook.malformed", "t.xlsx")]


def test_another_zip_raises() -> None:
    """A .docx, an .ods, an .xlsx without its sheets."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as parts:
        parts.writestr("word/document.xml", "<a/>")
    assert counts(out.getvalue()) == [("workbook.malformed", "t.xlsx")]
    assert isinstance(read_workbook(saved(workbook({"表": [[str(n)] for n in range(1001)]})), "t"), Fault)


def test_what_libreoffice_computed_is_lost(tmp_path: Path) -> None:
    """Saved by the office suite of many counties, a formula has a stored result, and that counts."""
    office = shutil.which("soffice") or shutil.which("libreoffice")
    if office is None:
        pytest.skip("LibreOffice is not installed")
    book = workbook({"表": [*TABLE[:3], ["60岁以上", "=SUM(B2:B3)+27"]]})
    (tmp_path / "t.xlsx").write_bytes(saved(book))
    words = [office, f"-env:UserInstallation=file://{tmp_path}/profile", "--headless", "--convert-to", "xlsx"]
    words += ["--outdir", str(tmp_path / "out"), str(tmp_path / "t.xlsx")]
    subprocess.run(words, check=True, capture_output=True, timeout=100)
    data = (tmp_path / "out" / "t.xlsx").read_bytes()
    assert counts(saved(book)) == [("flow.formula", "t.xlsx sheet 表 row 4 column 2")]
    assert values(data) == [3, 90, 120]
