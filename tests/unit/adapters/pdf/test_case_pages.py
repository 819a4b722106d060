"""A case on paper, looked at as an image: the agreement that everybody signs, and the whole file."""

import asyncio
import io
import shutil
import subprocess
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from PIL import Image, ImageDraw
from pypdf import PdfReader

from schemas.base import Status
from schemas.cases import CaseStage, Confirmation
from schemas.governance.mediation_parts import AgreementForm, AgreementText
from services.domain.case_sheets import FiledCase, FiledEntry, agreement_markup, file_markup
from tests import case_contents as written
from tests import printed
from tests.cases import DUSHAN, NANDAN, named

try:
    from adapters.pdf.printer import NoChineseFontError, PdfPrinter
except OSError as exc:
    pytest.skip(f"pango is not installed: {exc}", allow_module_level=True)

TODAY = date(2026, 3, 9)
DPI = 72
FIVE_MM = 14  # pixels at that resolution


def agreement() -> str:
    """The text with its digest and the places to sign."""
    text = written.agreement(TODAY)
    document = AgreementText.model_validate(text, strict=False)
    counties = (NANDAN, DUSHAN)
    return agreement_markup(
        document, written.digest_of(text), AgreementForm.WRITTEN, counties=counties, status=Status.ACTUAL
    )


def file() -> str:
    """A registration, an agreement, and a long record that runs over pages."""
    now = datetime(2026, 3, 9, 1, tzinfo=UTC)
    contents = (
        written.registration(TODAY),
        {"document": written.agreement(TODAY)},
        {"record": "双方陈述了意见。" * 500},
    )
    entries = [FiledEntry(named(number), NANDAN, "登记", now, "", one) for number, one in enumerate(contents)]
    return file_markup(
        FiledCase(
            case_id=named("case"),
            counties=(NANDAN, DUSHAN),
            lead=NANDAN,
            stage=CaseStage.IN_FORCE,
            confirmation=Confirmation.FILED,
            due_on=TODAY,
            agreement_digest="0f" * 32,
            entries=entries,
            printed_at=now,
        )
    )


def drawn(program: str, pdf: bytes, folder: Path) -> list[Path]:
    """Draw each page as an image."""
    (folder / "case.pdf").write_bytes(pdf)
    words = [program, "-r", str(DPI), "-gray", "-png", "case.pdf", "page"]
    subprocess.run(words, cwd=folder, check=True, timeout=60)
    return sorted(folder.glob("page*.png"))


@pytest.mark.parametrize("markup", [agreement(), file()], ids=["agreement", "file"])
async def test_a_page_looks_blank_or_runs_over_its_edge(markup: str, tmp_path: Path) -> None:
    """A4 upright, ink on every page and none within 5 mm of an edge; no letter that the font lacks."""
    program = shutil.which("pdftoppm")
    if program is None:
        pytest.skip("poppler is not installed")
    try:
        pdf = await PdfPrinter().render(markup)
    except NoChineseFontError as exc:
        pytest.skip(str(exc))
    pages = PdfReader(io.BytesIO(pdf)).pages
    assert {(round(float(one.mediabox.width)), round(float(one.mediabox.height))) for one in pages} == {(595, 842)}
    assert not {"\ufffd", "\u25a1"} & set("".join(one.extract_text() for one in pages))
    images = await asyncio.to_thread(drawn, program, pdf, tmp_path)
    assert len(images) == len(pages)
    for one in images:
        with Image.open(one) as image:
            ink = image.point(lambda shade: 255 if shade < 128 else 0).getbbox()
            assert ink is not None, one.name
            left, top, right, bottom = ink
            width, height = image.size
        assert min(left, top, width - right, height - bottom) > FIVE_MM, (one.name, ink)


def test_boxes_pass_for_characters() -> None:
    """What a font draws for letters that it lacks: the look at the printed page must be able to fail."""
    boxes = []
    for number in range(40):
        image = Image.new("L", (24, 24), 255)
        ImageDraw.Draw(image).rectangle((2 + number % 3, 1 + number % 2, 20 + number % 3, 21 + number % 2), outline=0)
        boxes.append(printed.Drawn(chr(0x4E00 + number), image))
    assert printed.variety(boxes) < 0.15
    assert min(printed.ink_of(one) for one in boxes) > 0.03
