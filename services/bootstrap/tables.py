"""A county's own table out of a workbook: what reads one is imported when the first is read."""

from collections.abc import Sequence

from schemas.errors import Fault
from services.domain.flow_tables import Sheet


def read_sheets(data: bytes, name: str) -> Sequence[Sheet] | Fault:
    """Return the sheets of an .xlsx workbook, or why it is refused; ``name`` of the file begins every field."""
    from adapters.spreadsheet.reading import read_workbook  # noqa: PLC0415

    return read_workbook(data, name)
