"""The printer, for commands that print; it is tens of MiB, so it is loaded when something is printed."""

from schemas.errors import UnavailableError


async def print_page(html: str, *, pages_max: int) -> bytes:
    """Return a whole HTML document of our own making as PDF.

    Raises:
        UnavailableError: The fonts or libraries that it needs are not installed, or it is too long.
    """
    try:
        from adapters.pdf.printer import PdfPrinter  # noqa: PLC0415
    except OSError as exc:
        raise UnavailableError(f"Pango is not installed, so nothing can be printed: {exc}") from exc
    return await PdfPrinter(pages_max=pages_max).render(html)
