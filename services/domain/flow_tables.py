"""Read a county's own table of counts, with a column for each dimension and one for the count.

A table is a form with closed columns, so nothing but counts fits in: a third dimension, an area below the county, a
name or a note are refused by row and column. Rows are counted as a spreadsheet does, empty ones too; the first that is
not empty holds the headings.

Source: RFC 4180 (CSV); ISO/IEC 29500 (.xlsx); docs/people.md.
"""

import csv
import io
import re
from collections.abc import Mapping, Sequence
from typing import Final, Protocol, TypeAlias

from schemas.errors import Fault
from schemas.information.margins import Place
from schemas.information.population import (
    VALUES,
    AgeBand,
    Dimension,
    Reason,
    ServiceNeed,
    Sex,
)
from services.domain.banned_names import is_banned_name
from services.domain.flow_making import FlowCounts, combinations
from services.domain.personal_numbers import find_numbers

MAX_BYTES: Final = 64 * 1024
COUNT_COLUMN: Final = "count"
COUNT_MAX: Final = 10_000_000
HEADERS_ZH: Final[Mapping[str, str]] = {
    Dimension.AGE_BAND: "年龄段",
    Dimension.SEX: "性别",
    Dimension.REASON: "原因",
    Dimension.SERVICE_NEED: "服务需求",
    COUNT_COLUMN: "人数",
}
"""What a column may be called in Chinese, beside its own name."""
VALUES_ZH: Final[Mapping[str, Mapping[str, str]]] = {
    Dimension.AGE_BAND: {AgeBand.CHILD: "0-14岁", AgeBand.WORKING: "15-59岁", AgeBand.OLDER: "60岁以上"},
    Dimension.SEX: {Sex.FEMALE: "女", Sex.MALE: "男"},
    Dimension.REASON: {
        Reason.WORK: "务工",
        Reason.SCHOOL: "就学",
        Reason.CARE: "照护",
        Reason.RETURN: "返乡",
        Reason.OTHER: "其他",
    },
    Dimension.SERVICE_NEED: {
        ServiceNeed.SCHOOLING: "入学",
        ServiceNeed.MEDICAL: "就医",
        ServiceNeed.INSURANCE: "社保",
        ServiceNeed.HOUSING: "住房",
        ServiceNeed.WAGES: "工资",
        ServiceNeed.LEGAL_AID: "法律援助",
        ServiceNeed.OTHER: "其他",
    },
}
"""What a value may be called in Chinese, beside its own name."""

_MOST_FAULTS: Final = 20
_MOST_ROWS: Final = 200
_MOST_DIMENSIONS: Final = 2
_NUMBER: Final = re.compile(r"[0-9]{1,8}", re.ASCII)
_SHOWN: Final = 31
_ZIP: Final = b"PK\x03\x04"
_OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


NumberedRow: TypeAlias = tuple[int, Sequence[str]]
"""A row that is not empty: its number in the file, from 1, and its cells as text."""


class Sheet(Protocol):
    """One sheet of a workbook."""

    @property
    def name(self) -> str:
        """As on its tab."""

    @property
    def rows(self) -> Sequence[NumberedRow]:
        """Those that are not empty, all equally long."""

    @property
    def unvalued(self) -> Sequence[tuple[int, int]]:
        """Row and column of each formula whose result is not stored."""


def is_workbook(data: bytes) -> bool:
    """Tell whether this is a ZIP, as an .xlsx is, and no text."""
    return data.startswith(_ZIP)


def read_counts(data: bytes, name: str) -> FlowCounts | tuple[Fault, ...]:
    """Return the counts of a table, or everything that is wrong with it, by row and column.

    Args:
        data: A CSV file: UTF-8 or, as spreadsheets write it, GB 18030.
        name: Of the file, first in every field.
    """
    rows = _rows_of(data, name)
    return (rows,) if isinstance(rows, Fault) else counts_of(rows, name)


def counts_of_sheets(sheets: Sequence[Sheet], name: str, wanted: str | None = None) -> FlowCounts | tuple[Fault, ...]:
    """Return the counts of a workbook's table.

    Args:
        sheets: All of the workbook.
        name: Of the file, first in every field.
        wanted: The sheet's name; needed only if more than one holds something.
    """
    filled = [one for one in sheets if one.rows]
    found = [one for one in filled if wanted is None or one.name == wanted]
    names = "、".join(_shown(one.name) for one in filled[:_MOST_FAULTS])
    if wanted is not None and not found:
        return (Fault("flow.no_sheet", name, f"no sheet of that name holds a table; there is {names or 'none'}"),)
    if len(found) > 1:
        return (Fault("flow.which_sheet", name, f"say which sheet holds the table with --sheet: {names}"),)
    if not found:
        return counts_of([], name)
    sheet = found[0]
    where = f"{name} sheet {_shown(sheet.name)}"
    mend = "this formula has no stored result: open the file in a spreadsheet and save it, or write the number itself"
    faults = [
        Fault("flow.formula", f"{where} row {row} column {column}", mend)
        for row, column in sheet.unvalued[:_MOST_FAULTS]
    ]
    return tuple(faults) or counts_of(sheet.rows, where)


def counts_of(rows: Sequence[NumberedRow], name: str) -> FlowCounts | tuple[Fault, ...]:
    """Return the counts of a table, whatever kind of file it came out of.

    Args:
        rows: The headings first.
        name: Of the file and the sheet, first in every field.
    """
    if not rows or len(rows) > _MOST_ROWS:
        mend = f"write the headings in the first row, and one row a combination, at most {_MOST_ROWS}"
        return (Fault("flow.too_large" if rows else "flow.empty", name, mend),)
    number, headings = rows[0]
    columns, faults = _columns_of(headings, f"{name} row {number}")
    return faults or _read_rows(rows[1:], columns, name)


def _rows_of(data: bytes, name: str) -> list[NumberedRow] | Fault:
    """Return the rows of a CSV file that are not empty."""
    if len(data) > MAX_BYTES:
        return Fault("flow.too_large", name, f"keep the table under {MAX_BYTES} bytes: it has one row a combination")
    text = None if data.startswith(_OLE) else _text_of(data)
    if text is None:
        return Fault("flow.encoding", name, "save the table as .xlsx without a password, or as CSV in UTF-8")
    try:
        rows = list(enumerate(csv.reader(io.StringIO(text), strict=True), 1))
    except csv.Error as exc:
        return Fault("flow.malformed", name, f"it is no CSV table: {exc}; save it as CSV once more")
    return [(number, row) for number, row in rows if any(cell.strip() for cell in row)]


def _text_of(data: bytes) -> str | None:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    return None


def _columns_of(headings: Sequence[str], where: str) -> tuple[list[str], tuple[Fault, ...]]:
    """Return what each column is, and why they are not those of a table of counts."""
    found = [_column(text, f"{where} column {number}") for number, text in enumerate(headings, 1)]
    faults = [one for one in found if isinstance(one, Fault)]
    columns = [one for one in found if isinstance(one, str)]
    if not faults and len(set(columns)) != len(columns):
        faults.append(Fault("flow.column_twice", where, "give each column once"))
    if not faults and COUNT_COLUMN not in columns:
        faults.append(Fault("flow.no_count", where, f"add the column `{COUNT_COLUMN}` ({HEADERS_ZH[COUNT_COLUMN]})"))
    if not faults and len(columns) - 1 > _MOST_DIMENSIONS:
        mend = "count by at most two dimensions: a third one would show single persons"
        faults.append(Fault("flow.third_dimension", where, mend))
    return columns, tuple(faults[:_MOST_FAULTS])


def _column(text: str, field: str) -> str | Fault:
    plain = text.strip()
    if is_banned_name(plain):
        mend = "take the column out: no ethnicity, religion, belief, political view or party membership is counted"
        return Fault("guard.banned_name", field, mend)
    known = {one: one for one in HEADERS_ZH} | {zh: one for one, zh in HEADERS_ZH.items()}
    found = known.get(plain)
    if found is None:
        headings = f"{', '.join(HEADERS_ZH)} ({'、'.join(HEADERS_ZH.values())})"
        mend = f"take it out, a title above the headings too; the columns of a table of counts are {headings}"
        return Fault("flow.unknown_column", field, mend)
    return str(found)


def _read_rows(rows: Sequence[NumberedRow], columns: Sequence[str], name: str) -> FlowCounts | tuple[Fault, ...]:
    dimensions = tuple(Dimension(one) for one in columns if one != COUNT_COLUMN)
    counts: dict[Place, int] = {}
    faults: list[Fault] = []
    for number, row in rows:
        found = _read_row(row, columns, f"{name} row {number}")
        if isinstance(found, Fault):
            faults.append(found)
        elif found[0] in counts:
            faults.append(
                Fault("flow.row_twice", f"{name} row {number}", "this combination stands above; add the two up")
            )
        else:
            counts[found[0]] = found[1]
    if faults:
        return tuple(faults[:_MOST_FAULTS])
    missing = [place for place in combinations(dimensions) if place not in counts]
    if missing:
        said = "、".join(_spelled(place, dimensions) for place in missing[:3])
        mend = f"add a row for each combination; {len(missing)} are missing, e.g. {said}; nobody is written 0"
        return (Fault("flow.row_missing", name, mend),)
    return FlowCounts(dimensions, {place: counts[place] for place in combinations(dimensions)})


def _read_row(row: Sequence[str], columns: Sequence[str], field: str) -> tuple[Place, int] | Fault:
    if len(row) != len(columns):
        return Fault("flow.row_length", field, f"write {len(columns)} cells, one for each column")
    count = -1
    pairs: list[tuple[str, str]] = []
    for number, (column, text) in enumerate(zip(columns, row, strict=True), 1):
        where, plain = f"{field} column {number}", text.strip()
        if not plain:
            mend = (
                "write something in each cell of a row; of merged cells (合并单元格) only the first has it: split them"
            )
            return Fault("flow.empty_cell", where, mend)
        if column == COUNT_COLUMN:
            if _NUMBER.fullmatch(plain) is None or int(plain) > COUNT_MAX:
                return Fault("flow.not_a_count", where, f"write a whole number of persons from 0 to {COUNT_MAX}")
            count = int(plain)
            continue
        value = _value(column, plain)
        if value is None:
            mend = f"`{_shown(plain)}` is no value of {column}: write {', '.join(VALUES[column])}"
            return Fault("flow.unknown_value", where, mend)
        pairs.append((column, value))
    return frozenset(pairs), count


def _value(column: str, text: str) -> str | None:
    known = {str(one): one for one in VALUES[column]} | {zh: one for one, zh in VALUES_ZH[column].items()}
    return known.get(text)


def _shown(text: str) -> str:
    """Repeat what was written only where it cannot be about somebody."""
    return "…" if any(find_numbers(text)) else "".join(char for char in text[:_SHOWN] if char.isprintable())


def _spelled(place: Place, dimensions: Sequence[Dimension]) -> str:
    values = dict(place)
    return "/".join(values[one] for one in dimensions)
