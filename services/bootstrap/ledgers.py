"""A ledger as files: what makes them is imported by the command that asks for one alone."""

from schemas.ledgers import Ledger
from services.domain.ledger_markup import ledger_markup
from services.domain.ledger_sheets import sheets_of, title_of


def ledger_xlsx(ledger: Ledger) -> bytes:
    """Return a ledger as a workbook."""
    from adapters.spreadsheet.workbook import write_workbook  # noqa: PLC0415

    return write_workbook(sheets_of(ledger), title=title_of(ledger), made_at=ledger.made_at)


async def ledger_pdf(ledger: Ledger) -> bytes:
    """Return a ledger as PDF.

    Raises:
        UnavailableError: The fonts installed here lack Chinese.
    """
    from adapters.pdf.printer import PdfPrinter  # noqa: PLC0415

    return await PdfPrinter().render(ledger_markup(ledger))
