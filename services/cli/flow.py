"""``sihu flow``: a county's own table of counts becomes a report that gives nobody away."""

import json
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from schemas.catalogue import parse_new
from schemas.errors import Fault, RequestError
from schemas.ids import CountyCode
from schemas.information.population import (
    Cell,
    CellState,
    Dimension,
    PeriodKind,
    PopulationFlowReported,
    ServicePlan,
    place_of,
)
from services.bootstrap.cli import read_bytes, write_given
from services.cli import output, words
from services.cli.client import json_of
from services.cli.desk import Desk
from services.cli.options import HERE, AsJson, Dir
from services.cli.sending import only_agreement, post_draft
from services.domain.encoding import parse_strict
from services.domain.flow_making import FlowCounts, FlowFrame, FlowMade, make_report, period_of
from services.domain.flow_tables import HEADERS_ZH, VALUES_ZH, counts_of_sheets, is_workbook, read_counts

app = typer.Typer(help="Counts of people on the move 流动人口.", pretty_exceptions_enable=False)

_TABLE_BYTES: Final = 1024 * 1024
_REPORT_BYTES: Final = 256 * 1024

Table = Annotated[
    Path, typer.Argument(metavar="COUNTS", help="CSV or .xlsx: one column a dimension (at most two), and `count`.")
]
WhichSheet = Annotated[str | None, typer.Option("--sheet", metavar="NAME", help="Needed only if several are filled.")]
Previous = Annotated[
    list[Path] | None,
    typer.Option("--previous", metavar="FILE", help="A report of the same people that is out already."),
]
Draft = Annotated[Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write the report for `sihu send`.")]


@app.callback()
def flow() -> None:
    """Make reports about people on the move."""


@app.command()
def make(  # noqa: PLR0913 - each one is an option of the command line
    counts: Table,
    *,
    period: Annotated[str, typer.Option(metavar="2026Q1|2026-03", help="The quarter or month counted.")],
    origin: Annotated[str, typer.Option("--from", metavar="COUNTY", help="Whose people: code or Chinese name.")],
    destination: Annotated[str, typer.Option("--in", metavar="COUNTY", help="Where they are.")],
    k: Annotated[int, typer.Option("--k", min=5, max=1000, help="Values that every hidden count keeps.")] = 10,
    round_to: Annotated[int, typer.Option(min=1, max=1000, help="Round shown counts; 1 rounds none.")] = 1,
    sheet: WhichSheet = None,
    previous: Previous = None,
    plan: Annotated[list[ServicePlan] | None, typer.Option("--plan", help="What the county offers them.")] = None,
    draft_file: Draft = None,
    send: Annotated[bool, typer.Option("--send", help="Send it; the node judges it beside all it has sent.")] = False,
    agreement: Annotated[str | None, typer.Option(metavar="ID", help="Needed only if there are several.")] = None,
    directory: Dir = HERE,
    as_json: AsJson = False,
) -> None:
    """Turn a table of counts into a report: small counts hidden, and others, until nothing hidden can be computed."""
    table = _table(counts, sheet)
    kind, start = _period(period)
    there, here = (CountyCode(words.county_code(one)) for one in (origin, destination))
    frame = FlowFrame(kind, start, there, here, tuple(plan or ()))
    earlier = [_report(path) for path in previous or ()]
    made = make_report(frame, table, k=k, round_to=round_to, previous=earlier)
    if isinstance(made, Fault):
        raise RequestError(made)
    draft: dict[str, Any] = {"type": PopulationFlowReported.wire_type, "content": json_of(made.report)}
    if draft_file is not None:
        write_given(draft_file, json.dumps(draft, ensure_ascii=False, indent=1).encode() + b"\n")
    accepted = None
    if send:
        desk = Desk(directory)
        draft["agreement"] = agreement or only_agreement(desk)
        accepted = post_draft(desk, draft, desk.county.ids.hex(16))
    if as_json:
        sent = json_of(accepted) if accepted else None
        output.print_json({"report": draft["content"], "hidden": made.small + made.more, "accepted": sent})
        return
    _show(made)
    if accepted is not None:
        output.show(f"[green]已受理 accepted[/]  编号 id  {accepted.envelope_id}")


def _table(path: Path, sheet: str | None) -> FlowCounts:
    data = read_bytes(path, what=path.name, max_bytes=_TABLE_BYTES)
    found: FlowCounts | tuple[Fault, ...]
    if is_workbook(data):
        from services.bootstrap.tables import read_sheets

        sheets = read_sheets(data, path.name)
        found = (sheets,) if isinstance(sheets, Fault) else counts_of_sheets(sheets, path.name, sheet)
    elif sheet is not None:
        found = (Fault("flow.no_sheet", "--sheet", "a CSV file has no sheets; leave it out"),)
    else:
        found = read_counts(data, path.name)
    if isinstance(found, tuple):
        raise RequestError(*found)
    return found


def _period(text: str) -> tuple[PeriodKind, date]:
    found = period_of(text)
    if isinstance(found, Fault):
        raise RequestError(Fault(found.code, "--period", found.mend))
    return found


def _report(path: Path) -> PopulationFlowReported:
    """Read a report that was written before: a draft, an event as `sihu show --json` prints it, or its content."""
    data = read_bytes(path, what=path.name, max_bytes=_REPORT_BYTES)
    value = parse_strict(data, max_bytes=_REPORT_BYTES, what=path.name)
    if isinstance(value, Fault):
        raise RequestError(value)
    content = value.get("content", value) if isinstance(value, dict) else value
    if not isinstance(content, dict):
        raise RequestError(Fault("flow.no_report", path.name, "name a report that `sihu flow make -o` has written"))
    event = parse_new(PopulationFlowReported.wire_type, content)
    if isinstance(event, tuple):
        raise RequestError(*event)
    if not isinstance(event, PopulationFlowReported):
        raise RequestError(Fault("flow.no_report", path.name, "name a report that `sihu flow make -o` has written"))
    return event


def _show(made: FlowMade) -> None:
    report = made.report
    columns = (*(HEADERS_ZH[one] for one in report.dimensions), ">人数")
    rows = [(*(_name(cell, one) for one in report.dimensions), _count(cell)) for cell in report.cells]
    title = f"{words.county_name(report.origin_adcode)} → {words.county_name(report.destination_adcode)}"
    output.show(
        f"[bold]流动人口 {title} {report.period} {report.period_start}[/]",
        output.table("", *columns, rows=rows),
        f"隐去 hidden: 小数 {made.small}，连带 {made.more}；未列合计 totals left out {made.totals_left_out}；"
        f"每个隐去的数至少有 {report.method.k} 种可能",
    )


def _name(cell: Cell, dimension: Dimension) -> str:
    value = dict(place_of(cell.keys)).get(dimension)
    return "合计" if value is None else VALUES_ZH[dimension][value]


def _count(cell: Cell) -> str:
    if cell.value is None:
        return "隐去"
    return f"约 {cell.value}" if cell.state is CellState.ROUNDED else str(cell.value)
