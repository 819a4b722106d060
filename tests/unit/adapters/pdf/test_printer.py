"""The printer of documents: nothing is fetched, Chinese comes out as Chinese, and there is an end to everything.

Needs Debian's ``libpangoft2-1.0-0``, ``libharfbuzz-subset0`` and a font with Chinese such as ``fonts-wqy-microhei``.
"""

import asyncio
import io
import re

import pytest
from pypdf import PdfReader
from pypdf.generic import DictionaryObject, IndirectObject

from schemas.base import Status
from schemas.catalogue import parse_new
from schemas.errors import InvariantError
from schemas.information.alerts import AlertIssued
from services.domain.print_markup import markup
from services.domain.printing import sheet_of
from tests.papers import alert_content, as_bytes, header

try:
    from adapters.pdf.printer import HTML_MAX_CHARACTERS, NoChineseFontError, PdfPrinter, TooLongToPrintError
except OSError as exc:
    pytest.skip(f"pango is not installed: {exc}", allow_module_level=True)

SENTENCE = "预计未来三小时樟江流域降雨量达一百毫米以上，下游水位将明显上涨，请沿河各村屯注意。"
LONGEST = (SENTENCE * 60)[:2000]


def page(**changes: object) -> str:
    body = alert_content(**changes)
    event = parse_new(AlertIssued.wire_type, body)
    assert isinstance(event, AlertIssued), event
    head = header(as_bytes(body), type=AlertIssued.wire_type, status=Status.EXERCISE)
    return markup(sheet_of(event, head, "ab12cd34ef560789" * 4, code="37", recipient="环江毛南族自治县联络办"))


def text_of(pdf: bytes) -> str:
    return "".join(one.extract_text() for one in PdfReader(io.BytesIO(pdf)).pages)


def packed(text: str) -> str:
    return re.sub(r"\s", "", text)


def fonts_of(pdf: bytes) -> list[DictionaryObject]:
    found: dict[str, DictionaryObject] = {}
    for one in PdfReader(io.BytesIO(pdf)).pages:
        for font in one["/Resources"]["/Font"].values():  # type: ignore[index]
            descendant = font.get_object()["/DescendantFonts"][0].get_object()
            found[descendant["/BaseFont"]] = descendant["/FontDescriptor"].get_object()
    return list(found.values())


async def rendered(html: str, **options: int) -> bytes:
    try:
        return await PdfPrinter(**options).render(html)
    except NoChineseFontError as exc:
        pytest.skip(str(exc))


async def test_the_paper_says_something_else_than_the_event() -> None:
    """Level, telephone, code, the whole of a description of 2,000 characters: read back from the PDF."""
    areas = [{"desc": f"樟江流域第{number}段", "adcodes": ["522722", "451226"]} for number in range(1, 8)]
    pdf = await rendered(page(description=LONGEST, areas=areas))
    found = packed(text_of(pdf))
    assert "【演练】荔波县气象台发布暴雨红色预警" in found
    assert all(word in found for word in ("1级红色", "0854-3611119", "回复码37", "贵州省黔南布依族苗族自治州荔波县"))
    whole = re.sub(r"【演练】|四互预警发布ab12cd34ef560789第\d页，共\d页", "", found)
    assert LONGEST in whole
    assert all(f"樟江流域第{number}段" in found for number in range(1, 8))
    pages = PdfReader(io.BytesIO(pdf)).pages
    assert 3 <= len(pages) <= 4
    assert all("【演练】" in one.extract_text() for one in pages), "a page that gets lost alone looks real"
    assert "签收人" in pages[0].extract_text(), "the first page alone goes back, signed"


async def test_a_fax_machine_gets_a_font_that_it_lacks() -> None:
    """Every font is embedded, and only the glyphs in use: a fax server has no Chinese fonts."""
    pdf = await rendered(page())
    fonts = fonts_of(pdf)
    assert fonts
    for font in fonts:
        kept = font.get("/FontFile2") or font.get("/FontFile3")
        assert isinstance(kept, IndirectObject), font["/FontName"]
        assert "+" in str(font["/FontName"])


async def test_a_page_is_wider_than_the_paper() -> None:
    """A word without a blank, 2,000 characters long, is broken; nothing runs over the edge."""
    pdf = await rendered(page(description="W" * 2000))
    read = PdfReader(io.BytesIO(pdf))
    found = packed("".join(one.extract_text() for one in read.pages))
    assert found.count("W") == 2000
    assert {(round(float(one.mediabox.width)), round(float(one.mediabox.height))) for one in read.pages} == {(595, 842)}
    longest = max(len(re.findall("W", line)) for one in read.pages for line in one.extract_text().splitlines())
    assert 20 < longest < 60


async def test_two_prints_of_one_event_differ() -> None:
    """No time and no chance in the bytes: a page that is submitted again is the same page. And it stays small."""
    html = page(description=LONGEST)
    first, second = await rendered(html), await rendered(html)
    assert first == second
    assert len(first) < 600_000, len(first)


@pytest.mark.parametrize(
    "outside",
    [
        '<img src="file:///etc/hostname">',
        '<img src="http://127.0.0.1:9/x.png">',
        '<link rel="stylesheet" href="http://127.0.0.1:9/x.css">',
        '<style>@import "file:///etc/hostname";</style>',
        "<style>@font-face { font-family: x; src: url(file:///etc/hostname) } p { font-family: x }</style><p>1</p>",
        '<p style="background: url(data:image/gif;base64,R0lGODlhAQABAAAAACwAAAAAAQABAAA=)">1</p>',
    ],
)
async def test_something_is_fetched(outside: str) -> None:
    """Neither network nor files nor data: a reference is a bug of ours, since every text is escaped."""
    with pytest.raises(InvariantError):
        await PdfPrinter().render(f"<!DOCTYPE html><body>{outside}</body>")


async def test_a_page_has_no_end() -> None:
    """Too many characters, or too many pages: refused, not printed for hours."""
    with pytest.raises(TooLongToPrintError):
        await PdfPrinter().render("x" * (HTML_MAX_CHARACTERS + 1))
    with pytest.raises(TooLongToPrintError):
        await PdfPrinter(pages_max=2).render("<p style='page-break-after: always'>x</p>" * 3)


async def test_a_character_comes_out_as_an_empty_box() -> None:
    """A font that lacks a character of the text is an alarm; the last private one is in none."""
    with pytest.raises(NoChineseFontError, match=r"U\+10FFFD"):
        await PdfPrinter().render("<p>\U0010fffd</p>")


async def test_the_loop_stands_still_while_a_page_is_made() -> None:
    """Rendering is work of half a second: it goes on beside the loop."""
    html = page(description=LONGEST)
    made = asyncio.create_task(PdfPrinter().render(html))
    turns = 0
    while not made.done():
        await asyncio.sleep(0.001)
        turns += 1
    assert turns > 5
