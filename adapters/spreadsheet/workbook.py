"""Tables as an .xlsx workbook (ISO/IEC 29500), by ``openpyxl``."""

import unicodedata
from collections.abc import Sequence
from datetime import UTC, datetime
from io import BytesIO
from typing import Any, Final, Protocol, TypeAlias

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter

Cell: TypeAlias = str | int | None

_HEAD_FILL: Final = "FFDDE6F5"
_WIDTH_LEAST: Final = 8
_WIDTH_MOST: Final = 60
_SHEET_NAME_MOST: Final = 31  # characters, by the format
_TEXT: Final = "s"


class Table(Protocol):
    """One sheet."""

    @property
    def name(self) -> str:
        """What the sheet is called; at most 31 characters, all of them letters."""

    @property
    def columns(self) -> Sequence[str]:
        """Headings."""

    @property
    def rows(self) -> Sequence[Sequence[Cell]]:
        """Rows as long as the headings."""


def write_workbook(tables: Sequence[Table], *, title: str, made_at: datetime) -> bytes:
    """Return the file.

    A text never becomes a formula, whatever it begins with.

    Args:
        tables: At least one; each becomes a sheet.
        title: Of the whole, kept in the file's properties.
        made_at: Aware; when the figures were made.
    """
    book = Workbook()
    book.properties.title = title
    book.properties.creator = "Sihu"
    book.properties.created = made_at.astimezone(UTC).replace(tzinfo=None)
    book.remove(book.active)
    for table in tables:
        _fill(book.create_sheet(table.name[:_SHEET_NAME_MOST]), table)
    out = BytesIO()
    book.save(out)
    return out.getvalue()


def _fill(sheet: Any, table: Table) -> None:  # noqa: ANN401 - openpyxl ships no types
    for column, heading in enumerate(table.columns, 1):
        cell = sheet.cell(1, column)
        _put(cell, heading)
        cell.font = Font(bold=True)
        cell.fill = PatternFill("solid", fgColor=_HEAD_FILL)
    for number, row in enumerate(table.rows, 2):
        for column, value in enumerate(row, 1):
            _put(sheet.cell(number, column), value)
    for column in range(1, len(table.columns) + 1):
        texts = [table.columns[column - 1], *(row[column - 1] for row in table.rows)]
        sheet.column_dimensions[get_column_letter(column)].width = _width(texts)
    sheet.freeze_panes = "A2"
    if table.rows:
        sheet.auto_filter.ref = sheet.dimensions
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.paperSize = sheet.PAPERSIZE_A4
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    sheet.print_title_rows = "1:1"


def _put(cell: Any, value: Cell) -> None:  # noqa: ANN401 - openpyxl ships no types
    cell.value = value
    if isinstance(value, str):
        cell.data_type = _TEXT
        cell.alignment = Alignment(wrap_text=True, vertical="top")


def _width(values: Sequence[Cell]) -> int:
    """Return a width in characters of Latin; a Chinese one takes two."""
    widest = max(sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in str(one)) for one in values)
    return max(_WIDTH_LEAST, min(_WIDTH_MOST, widest + 2))
