"""The printer, for commands that print; it is tens of MiB, so it is loaded when something is printed."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Final

from schemas.errors import UnavailableError

if TYPE_CHECKING:
    from adapters.pdf.printer import PdfPrinter

FILE_PAGES_MAX: Final = 400
"""Of the whole file of a case, which nobody faxes."""


async def print_page(html: str, *, pages_max: int) -> bytes:
    """Return a whole HTML document of our own making as PDF.

    Raises:
        UnavailableError: The fonts or libraries that it needs are not installed, or it is too long.
    """
    return await _opened(pages_max).render(html)


def node_printer(pages_max: int) -> Callable[[str], Awaitable[bytes]]:
    """Return what prints for a node: one document at a time, the printer loaded in a thread when it is first asked."""
    turn, opened = asyncio.Lock(), list["PdfPrinter"]()

    async def render(html: str) -> bytes:
        async with turn:
            if not opened:
                opened.append(await asyncio.to_thread(_opened, pages_max))
        return await opened[0].render(html)

    return render


def _opened(pages_max: int) -> "PdfPrinter":
    try:
        from adapters.pdf.printer import PdfPrinter  # noqa: PLC0415
    except OSError as exc:
        raise UnavailableError(f"Pango is not installed, so nothing can be printed: {exc}") from exc
    return PdfPrinter(pages_max=pages_max)
