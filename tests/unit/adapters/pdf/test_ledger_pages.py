"""The ledger on paper: read back from the PDF, and looked at as an image."""

import asyncio
import io
import re
import shutil
import subprocess
from datetime import date
from pathlib import Path

import pytest
from PIL import Image
from pypdf import PdfReader

from schemas.ledgers import Ledger
from services.domain.ledger import Counted, ledger_of
from services.domain.ledger_markup import ledger_markup
from services.domain.ledger_sheets import sheets_of
from tests.papers import HUANJIANG, NOW
from tests.unit.adapters.spreadsheet.test_workbook import ledger

try:
    from adapters.pdf.printer import NoChineseFontError, PdfPrinter
except OSError as exc:
    pytest.skip(f"pango is not installed: {exc}", allow_module_level=True)


async def printed(found: Ledger) -> bytes:
    try:
        return await PdfPrinter().render(ledger_markup(found))
    except NoChineseFontError as exc:
        pytest.skip(str(exc))


def packed(text: str) -> str:
    return re.sub(r"\s", "", text)


async def test_the_paper_says_other_figures_than_the_workbook() -> None:
    """Every cell of every table stands on the paper."""
    pdf = await printed(ledger())
    found = packed("".join(one.extract_text() for one in PdfReader(io.BytesIO(pdf)).pages))
    for sheet in sheets_of(ledger()):
        for row in sheet.rows:
            assert all(packed(str(cell)) in found for cell in row if cell is not None), row
    assert {(round(float(one.mediabox.width)), round(float(one.mediabox.height)))
            for one in PdfReader(io.BytesIO(pdf)).pages} == {(842, 595)}  # fmt: skip


async def test_an_empty_month_is_an_empty_page() -> None:
    """It says that there was nothing."""
    nothing = ledger_of(Counted([], [], []), county=HUANJIANG, first=date(2026, 3, 1), last=date(2026, 3, 1), now=NOW)
    pdf = await printed(nothing)
    assert packed("".join(one.extract_text() for one in PdfReader(io.BytesIO(pdf)).pages)).count("本期无记录") == 6


async def test_a_page_looks_blank_or_runs_over_its_edge(tmp_path: Path) -> None:
    """As an image: ink on every page, and none within 5 mm of an edge."""
    program = shutil.which("pdftoppm")
    if program is None:
        pytest.skip("pdftoppm is not installed (Debian's poppler-utils)")
    pdf = await printed(ledger())
    pages = await asyncio.to_thread(_drawn, program, pdf, tmp_path)
    assert len(pages) == len(PdfReader(io.BytesIO(pdf)).pages)
    for path in pages:
        with Image.open(path) as image:
            ink = image.point(lambda value: 255 if value < 128 else 0).getbbox()
            assert ink is not None, path.name
            margin = 10  # pixels: 5 mm at 50 to the inch
            left, top, right, bottom = ink
            assert margin <= left < right <= image.width - margin, path.name
            assert margin <= top < bottom <= image.height - margin, path.name


def _drawn(program: str, pdf: bytes, folder: Path) -> list[Path]:
    (folder / "ledger.pdf").write_bytes(pdf)
    subprocess.run([program, "-r", "50", "-gray", "ledger.pdf", "page"], cwd=folder, check=True, timeout=60)
    return sorted(folder.glob("page*.pgm"))
