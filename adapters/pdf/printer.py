"""Renders HTML of our own making to PDF: bounded, in a thread, with nothing fetched."""

import asyncio
from typing import ClassVar, Final, NoReturn

import weasyprint
from weasyprint.urls import FatalURLFetchingError, URLFetcher

from schemas.errors import InvariantError, UnavailableError

HTML_MAX_CHARACTERS: Final = 512 * 1024
PAGES_MAX: Final = 40
"""A fax of more pages blocks a line for longer than an hour."""
PDF_MAX_BYTES: Final = 8 * 1024 * 1024


class NoChineseFontError(UnavailableError):
    """Characters would come out as empty boxes: a font that has them must be installed."""

    code: ClassVar[str] = "pdf.font_missing"


class TooLongToPrintError(UnavailableError):
    """More than a fax can carry."""

    code: ClassVar[str] = "pdf.too_long"


class _Nothing(URLFetcher):  # type: ignore[misc]  # weasyprint ships no types
    """Fetches nothing: a page that asks for anything is none of ours."""

    def fetch(self, *_asked: object, **_options: object) -> NoReturn:
        """Refuse."""
        raise FatalURLFetchingError("nothing may be fetched")


class PdfPrinter:
    """Makes one document at a time."""

    def __init__(self, *, pages_max: int = PAGES_MAX) -> None:
        """Prepare.

        Args:
            pages_max: Refuse a document with more.
        """
        self._pages_max = pages_max
        self._turn = asyncio.Semaphore(1)

    async def render(self, html: str) -> bytes:
        """Return a document as PDF with its fonts embedded.

        The same text makes the same bytes with the same fonts installed. A cancelled caller does not stop the work
        in hand; it only does not wait for it.

        Args:
            html: A whole document, at most 524,288 characters; it may not refer to anything outside itself.

        Raises:
            NoChineseFontError: The fonts installed here lack some of its characters.
            TooLongToPrintError: It has too many characters, pages or bytes.
            InvariantError: It refers to something outside itself, so it is not of our making.
        """
        if len(html) > HTML_MAX_CHARACTERS:
            raise TooLongToPrintError(f"{len(html)} characters of HTML are more than {HTML_MAX_CHARACTERS}")
        async with self._turn:
            return await asyncio.to_thread(_render, html, self._pages_max)


def _render(html: str, pages_max: int) -> bytes:
    try:
        document = weasyprint.HTML(string=html, url_fetcher=_Nothing()).render()
        if len(document.pages) > pages_max:
            raise TooLongToPrintError(f"{len(document.pages)} pages are more than {pages_max}")
        pdf: bytes = document.write_pdf()
    except FatalURLFetchingError as exc:
        raise InvariantError("a page to print refers to something outside itself") from exc
    missing = sorted({point for font in document.fonts.values() for point in font.missing})
    if missing:
        shown = ", ".join(f"U+{point:04X}" for point in missing[:8])
        raise NoChineseFontError(f"no font here has {shown}: install one with Chinese, e.g. fonts-noto-cjk")
    if len(pdf) > PDF_MAX_BYTES:
        raise TooLongToPrintError(f"{len(pdf)} bytes are more than {PDF_MAX_BYTES}")
    return pdf
