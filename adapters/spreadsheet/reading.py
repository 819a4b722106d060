"""The cells of an .xlsx workbook (ISO/IEC 29500) as text, by ``openpyxl`` in read-only mode.

A workbook is a ZIP of XML, and a small one can unpack to anything: what it would unpack to is bounded before a parser
sees it, a document type declaration is refused, and rows are counted as they come, whatever size the sheet claims.
"""

import warnings
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from io import BytesIO
from typing import Any, Final

from openpyxl import load_workbook

from schemas.errors import Fault

WORKBOOK_MAX_BYTES: Final = 1024 * 1024
_UNPACKED_MOST: Final = 4 * 1024 * 1024
_PARTS_MOST: Final = 500
_SHEETS_MOST: Final = 50
_ROWS_MOST: Final = 1000
_COLUMNS_MOST: Final = 50
_TEXT_MOST: Final = 200  # characters of one cell; more is cut, and is no heading, value or count anyway
_EXACT_MOST: Final = 2**53
_FORMULA: Final = "f"
_DTD: Final = tuple("<!DOCTYPE".encode(encoding) for encoding in ("utf-8", "utf-16-le", "utf-16-be"))


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet.

    Attributes:
        name: As on its tab.
        rows: Those that are not empty, each with its number from 1 and its cells as text, all as long as the longest.
        unvalued: Row and column, from 1, of each formula whose result is not stored.
    """

    name: str
    rows: tuple[tuple[int, tuple[str, ...]], ...]
    unvalued: tuple[tuple[int, int], ...]


def read_workbook(data: bytes, name: str) -> tuple[Sheet, ...] | Fault:
    """Return the sheets of a workbook, charts left out.

    A formula counts as what the programme that saved the file had computed; a date as ISO 8601; a whole number without
    a point; of merged cells the first has the text and the others are empty.

    Args:
        data: At most ``WORKBOOK_MAX_BYTES``.
        name: Of the file, first in every field.
    """
    if len(data) > WORKBOOK_MAX_BYTES:
        return Fault(
            "workbook.too_large", name, f"keep it under {WORKBOOK_MAX_BYTES} bytes: copy the table to a new file"
        )
    try:
        refused = _refused_parts(data, name)
        if refused is not None:
            return refused
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of extensions and styles that nobody asks for
            return _sheets(data, name)
    except Exception:  # noqa: BLE001 - of a file that is none the library raises whatever then happens to it
        return Fault("workbook.malformed", name, "it is no .xlsx workbook; save it as .xlsx once more, or as CSV")


def _refused_parts(data: bytes, name: str) -> Fault | None:
    """Judge the parts by what the directory of the ZIP says; ``zipfile`` never unpacks more of one than that."""
    with zipfile.ZipFile(BytesIO(data)) as archive:
        parts = archive.infolist()
        if len(parts) > _PARTS_MOST or sum(one.file_size for one in parts) > _UNPACKED_MOST:
            mend = f"it would unpack to over {_UNPACKED_MOST} bytes: copy the table alone to a new file"
            return Fault("workbook.too_large", name, mend)
        if any(word in archive.read(one) for one in parts for word in _DTD):
            return Fault("workbook.dtd", name, "it bears a document type declaration (DTD), which is never taken")
    return None


def _sheets(data: bytes, name: str) -> tuple[Sheet, ...] | Fault:
    values = load_workbook(BytesIO(data), read_only=True, data_only=True, keep_links=False)
    formulas = load_workbook(BytesIO(data), read_only=True, data_only=False, keep_links=False)
    if len(values.worksheets) > _SHEETS_MOST:
        return Fault("workbook.too_large", name, f"keep at most {_SHEETS_MOST} sheets in it")
    found: list[Sheet] = []
    for shown, written in zip(values.worksheets, formulas.worksheets, strict=True):
        sheet = _sheet(shown, written, name)
        if isinstance(sheet, Fault):
            return sheet
        found.append(sheet)
    return tuple(found)


def _sheet(shown: Any, written: Any, name: str) -> Sheet | Fault:  # noqa: ANN401 - openpyxl ships no types
    rows: list[tuple[int, tuple[str, ...]]] = []
    for number, cells in enumerate(_rows(shown), 1):
        texts = [_text(one.value) for one in cells]
        del texts[max((column for column, text in enumerate(texts, 1) if text), default=0) :]
        if number > _ROWS_MOST or len(texts) > _COLUMNS_MOST:
            where = f"{name} sheet {shown.title[:_TEXT_MOST]} row {number}"
            mend = f"a table has at most {_ROWS_MOST} rows and {_COLUMNS_MOST} columns; delete what stands beside it"
            return Fault("workbook.too_large", where, mend)
        if texts:
            rows.append((number, tuple(texts)))
    values = dict(rows)
    unvalued = [
        (row, column)
        for row, cells in enumerate(_rows(written), 1)
        for column, one in enumerate(cells, 1)
        if one.data_type == _FORMULA and not "".join(values.get(row, ())[column - 1 : column])
    ]
    width = max((len(texts) for _, texts in rows), default=0)
    return Sheet(
        shown.title, tuple((number, texts + ("",) * (width - len(texts))) for number, texts in rows), tuple(unvalued)
    )


def _rows(sheet: Any) -> Iterator[Any]:  # noqa: ANN401 - openpyxl ships no types
    sheet.reset_dimensions()  # the claimed size cuts off rows, or adds a million
    return iter(sheet.iter_rows())


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer() and abs(value) < _EXACT_MOST:
        return str(int(value))
    if isinstance(value, (datetime, date, time)):
        return value.isoformat()
    return str(value).strip()[:_TEXT_MOST]
