"""The ledger as HTML for A4 paper, crosswise: tables only, nothing fetched, every text escaped."""

from collections.abc import Iterator
from html import escape
from typing import Final

from schemas.ledgers import Ledger
from services.domain.ledger_sheets import Cell, LedgerSheet, sheets_of, title_of
from services.domain.print_markup import FAMILY

_STYLE: Final = """
@page { size: A4 landscape; margin: 14mm 12mm 16mm 12mm;
  @bottom-left { content: "FOOT"; font: 8.5pt FAMILY; }
  @bottom-right { content: "第 " counter(page) " 页，共 " counter(pages) " 页"; font: 8.5pt FAMILY; } }
html { font: 10pt/1.45 FAMILY; color: #000; background: #fff; }
body { margin: 0; overflow-wrap: anywhere; }
h1 { font-size: 17pt; margin: 0 0 4mm; text-align: center; }
h2 { font-size: 12pt; margin: 6mm 0 1.5mm; break-after: avoid; }
table { border-collapse: collapse; width: 100%; }
th, td { border: 0.6pt solid #000; padding: 0.8mm 1.5mm; text-align: left; vertical-align: top; }
td.number { text-align: right; }
thead { display: table-header-group; }
tr { break-inside: avoid; }
.sign { margin: 8mm 0 0; break-inside: avoid; }
.sign td { border: 0; border-bottom: 0.6pt solid #000; height: 9mm; vertical-align: bottom; }
.sign th { border: 0; width: 26mm; vertical-align: bottom; font-weight: normal; }
"""
_SIGN: Final = (
    '<table class="sign"><tr><th>制表单位</th><td></td><th>　审核</th><td></td><th>　日期</th><td></td></tr></table>'
)


def ledger_markup(ledger: Ledger) -> str:
    """Return a whole HTML document."""
    title = escape(title_of(ledger))
    style = _STYLE.replace("FAMILY", FAMILY).replace("FOOT", "四互　台账")
    return "".join(
        (
            '<!DOCTYPE html><html lang="zh-CN"><head><meta charset="utf-8">',
            f"<title>{title}</title><style>{style}</style></head><body><h1>{title}</h1>",
            *(piece for sheet in sheets_of(ledger) for piece in _table(sheet)),
            _SIGN,
            "</body></html>",
        )
    )


def _table(sheet: LedgerSheet) -> Iterator[str]:
    yield f"<h2>{escape(sheet.name)}</h2><table><thead><tr>"
    yield from (f"<th>{escape(column)}</th>" for column in sheet.columns)
    yield "</tr></thead><tbody>"
    for row in sheet.rows:
        yield f"<tr>{''.join(map(_cell, row))}</tr>"
    if not sheet.rows:
        yield f'<tr><td colspan="{len(sheet.columns)}">本期无记录</td></tr>'
    yield "</tbody></table>"


def _cell(value: Cell) -> str:
    if value is None:
        return '<td class="number">–</td>'
    return f'<td class="number">{value}</td>' if isinstance(value, int) else f"<td>{escape(value)}</td>"
