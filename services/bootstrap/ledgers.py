"""A ledger as files; what makes them is imported once one is asked for."""

import asyncio
from typing import Final

from schemas.ledgers import Ledger
from services.bootstrap.printing import print_page
from services.domain.ledger_markup import ledger_markup
from services.domain.ledger_sheets import sheets_of, title_of
from services.gateway.gateway import LedgerFiles

_PAGES_MAX: Final = 40


def ledger_xlsx(ledger: Ledger) -> bytes:
    """Return a ledger as a workbook."""
    from adapters.spreadsheet.workbook import write_workbook  # noqa: PLC0415

    return write_workbook(sheets_of(ledger), title=title_of(ledger), made_at=ledger.made_at)


def ledger_files() -> LedgerFiles:
    """Return what a node makes files with: one printed ledger at a time, for each takes memory and seconds."""
    turn = asyncio.Semaphore(1)

    async def paper(ledger: Ledger) -> bytes:
        async with turn:
            return await print_page(ledger_markup(ledger), pages_max=_PAGES_MAX)

    return LedgerFiles(ledger_xlsx, paper)
