"""A sheet as HTML for A4 paper: black on white, as a fax machine sees it.

The box to sign stands on the first page, so that this page alone goes back and still says what was signed for.

No script, no link, no picture: whatever renders it needs neither network nor files. Large type, no grey, no filled
areas, for a fax has two colours and 98 lines to the inch.
"""

from collections.abc import Iterable, Iterator
from html import escape
from typing import Final

from services.domain.printing import Sheet, Table

MARKUP_MAX_CHARACTERS: Final = 512 * 1024
"""No event of 256 KiB makes a longer one by itself; what is longer is cut by nobody, it is refused by who renders."""

_STYLE: Final = """
@page {
  size: A4; margin: 16mm 15mm 18mm 15mm;
  @top-center { content: "BANNER"; font: bold 16pt FAMILY; }
  @bottom-left { content: "FOOT"; font: 8.5pt FAMILY; }
  @bottom-right { content: "第 " counter(page) " 页，共 " counter(pages) " 页"; font: 8.5pt FAMILY; }
}
@page :first { @top-center { content: none; } }
html { font: 12pt/1.5 FAMILY; color: #000; background: #fff; }
body { margin: 0; overflow-wrap: anywhere; }
.banner { border: 3pt solid #000; text-align: center; font-weight: bold; font-size: 22pt; line-height: 1.3;
  letter-spacing: 4pt; margin: 0 0 4mm; padding: 1mm 0; }
.head { display: flex; justify-content: space-between; align-items: flex-end; border-bottom: 2pt solid #000;
  padding-bottom: 1.5mm; }
.kind { font-size: 15pt; font-weight: bold; }
.level { border: 2.5pt solid #000; font-size: 19pt; font-weight: bold; padding: 0.5mm 4mm; line-height: 1.25; }
h1 { font-size: 20pt; line-height: 1.35; margin: 4mm 0 3mm; }
h2 { font-size: 13pt; margin: 5mm 0 1.5mm; break-after: avoid; }
table { border-collapse: collapse; width: 100%; table-layout: fixed; }
th, td { border: 0.8pt solid #000; padding: 1.2mm 2mm; text-align: left; vertical-align: top; }
th { font-weight: bold; }
thead { display: table-header-group; }
.rows th { width: 24mm; }
tr.short { break-inside: avoid; }
.value { white-space: pre-wrap; }
.origin { margin: 0 0 3mm; }
.origin td { border: 0; padding: 0.4mm 0; }
.origin th { border: 0; padding: 0.4mm 0; width: 24mm; }
.code { font-size: 17pt; font-weight: bold; letter-spacing: 2pt; }
.id { font-family: "DejaVu Sans Mono", "Noto Sans Mono", monospace; font-size: 9pt; }
.sign { border: 2pt solid #000; margin: 0 0 4mm; padding: 2mm 4mm 3mm; break-inside: avoid; }
.sign p { margin: 0; }
.sign table td { border: 0; border-bottom: 0.8pt solid #000; height: 8.5mm; vertical-align: bottom; }
.sign table th { border: 0; width: 24mm; vertical-align: bottom; }
"""
FAMILY: Final = '"Noto Sans CJK SC", "Source Han Sans SC", "WenQuanYi Micro Hei", "WenQuanYi Zen Hei", sans-serif'
_SHORT: Final = 400
"""A row with more characters may be broken over two pages."""
_FOOT_DIGITS: Final = 16


def markup(sheet: Sheet) -> str:
    """Return a whole HTML document; every text of the event is escaped."""
    title = f"{sheet.banner}{sheet.title}"
    pieces = (
        *_head(sheet),
        f"<h1>{escape(title)}</h1>",
        *_origin(sheet),
        *_sign(sheet),
        *rows_of(sheet.rows),
        *(piece for table in sheet.tables for piece in table_of(table)),
    )
    foot = f"四互　{sheet.kind}　{sheet.envelope_id[:_FOOT_DIGITS]}"
    return whole(title, pieces, banner=sheet.banner, foot=foot)


def whole(title: str, pieces: Iterable[str], *, banner: str, foot: str) -> str:
    """Return a whole HTML document.

    Args:
        title: Of the document; escaped here.
        pieces: HTML of our own making.
        banner: Printed on every page but the first.
        foot: Printed on every page; neither may hold quotes.
    """
    style = _STYLE.replace("FAMILY", FAMILY).replace("BANNER", banner).replace("FOOT", foot)
    return "".join(
        (
            '<!DOCTYPE html><html lang="zh-CN"><head><meta charset="utf-8">',
            f"<title>{escape(title)}</title><style>{style}</style></head><body>",
            *pieces,
            "</body></html>",
        )
    )


def rows_of(rows: Iterable[tuple[str, str]]) -> Iterator[str]:
    """Yield a table of labels and values."""
    yield '<table class="rows">'
    for label, value in rows:
        yield _row(label, value)
    yield "</table>"


def _head(sheet: Sheet) -> Iterator[str]:
    if sheet.banner:
        yield f'<div class="banner">{escape(sheet.banner)}</div>'
    yield f'<div class="head"><div class="kind">{escape(sheet.kind)}</div>'
    if sheet.level is not None:
        yield f'<div class="level">{sheet.level} 级　{escape(sheet.colour)}</div>'
    yield "</div>"


def _origin(sheet: Sheet) -> Iterator[str]:
    yield '<table class="rows origin">'
    for label, value in (("发自", sheet.source), ("发往", sheet.recipient), ("发出时间", f"{sheet.sent}（北京时间）")):
        if value:
            yield _row(label, value)
    if sheet.phone:
        yield f'<tr class="short"><th>值班电话</th><td class="code">{escape(sheet.phone)}</td></tr>'
    if sheet.code:
        yield f'<tr class="short"><th>回复码</th><td class="code">{escape(sheet.code)}</td></tr>'
    yield f'<tr class="short"><th>信封编号</th><td class="id">{escape(sheet.envelope_id)}</td></tr></table>'


def _row(label: str, value: str) -> str:
    kept = ' class="short"' if len(value) <= _SHORT else ""
    return f'<tr{kept}><th>{escape(label)}</th><td class="value">{escape(value)}</td></tr>'


def table_of(table: Table) -> Iterator[str]:
    """Yield a table under its heading."""
    yield f"<h2>{escape(table.title)}</h2><table><thead><tr>"
    yield from (f"<th>{escape(column)}</th>" for column in table.columns)
    yield "</tr></thead><tbody>"
    for row in table.rows:
        cells = "".join(f'<td class="value">{escape(cell)}</td>' for cell in row)
        yield f'<tr class="short">{cells}</tr>'
    yield "</tbody></table>"


def _sign(sheet: Sheet) -> Iterator[str]:
    back = f"签收后请立即电话告知 {escape(sheet.phone)}" if sheet.phone else "签收后请立即电话告知发文单位"
    yield f'<div class="sign"><p><b>签收</b>　{back}，并将本页签字传真回复。'
    yield f"　回复码 <b>{escape(sheet.code)}</b></p>" if sheet.code else "</p>"
    yield "<table><tr><th>签收单位</th><td></td><th>　签收人</th><td></td></tr>"
    yield "<tr><th>签收时间</th><td></td><th>　职务</th><td></td></tr>"
    yield '<tr><th>处置意见</th><td colspan="3"></td></tr></table></div>'
