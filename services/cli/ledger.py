"""``sihu ledger``: figures of a period, at the terminal, as a workbook, on paper; and the draft of a brief."""

import json
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer

from schemas.errors import Fault, RequestError
from schemas.information.briefs import SituationBriefPublished
from schemas.ledgers import Ledger
from services.bootstrap.cli import write_given
from services.cli import output
from services.cli.client import Api, ask, json_of
from services.cli.desk import Desk
from services.cli.options import HERE, AsJson, Dir
from services.domain.ledger_sheets import Cell, LedgerSheet, sheets_of, title_of
from services.gateway.thread_answers import LedgerAnswer

Out = Annotated[Path | None, typer.Option("--xlsx", metavar="FILE", help="Write a workbook here.")]
Paper = Annotated[Path | None, typer.Option("--pdf", metavar="FILE", help="Write a page to print here.")]
Brief = Annotated[
    Path | None,
    typer.Option("--brief", metavar="FILE", help="Write the draft of a situation brief here; add text, then send it."),
]


def ledger(
    first: Annotated[str, typer.Option("--from", metavar="DAY", help="First day, e.g. 2026-01-01.")],
    last: Annotated[str, typer.Option("--to", metavar="DAY", help="Last day, included.")],
    *,
    xlsx: Out = None,
    pdf: Paper = None,
    brief: Brief = None,
    directory: Dir = HERE,
    as_json: AsJson = False,
) -> None:
    """Count what the bus carried in a period: by partner, mutual, month and type, with matters and the checklist."""
    days = _day(first, "--from"), _day(last, "--to")

    async def work(api: Api) -> tuple[LedgerAnswer, list[tuple[Path, bytes]]]:
        found = await api.ledger(*days)
        wanted = ((xlsx, api.ledger_workbook), (pdf, api.ledger_paper))
        files = [(path, await ask_for(*days)) for path, ask_for in wanted if path is not None]
        return found, files + ([] if brief is None else [(brief, _draft(found.brief))])

    found, files = ask(Desk(directory), work)
    for path, data in files:
        write_given(path, data)
    made = [str(path) for path, _ in files]
    if as_json:
        output.print_json({"files": made, "ledger": json_of(found.ledger)} if made else json_of(found.ledger))
        return
    if not made:
        _print(_ledger(found.ledger.model_dump()))
    for file in made:
        output.show(f"[green]已写 written[/] {output.plain(file)}")


def _draft(content: object) -> bytes:
    whole = {"type": SituationBriefPublished.wire_type, "content": content}
    return (json.dumps(whole, ensure_ascii=False, indent=2) + "\n").encode()


def _ledger(facts: dict[str, Any]) -> Ledger:
    from pydantic import TypeAdapter

    return TypeAdapter(Ledger).validate_python(facts)


def _print(found: Ledger) -> None:
    output.show(f"[bold]{output.plain(title_of(found))}[/]")
    for sheet in sheets_of(found):
        columns = [_heading(sheet, place) for place in range(len(sheet.columns))]
        rows = [[_cell(value) for value in row] for row in sheet.rows]
        output.show(output.table(sheet.name, *columns, rows=rows, empty="本期无记录 none"))


def _heading(sheet: LedgerSheet, place: int) -> str:
    """Return a heading; a column of numbers is set to the right."""
    texts = any(isinstance(row[place], str) for row in sheet.rows)
    return sheet.columns[place] if texts else f">{sheet.columns[place]}"


def _cell(value: Cell) -> str:
    return "–" if value is None else f"{value:,}" if isinstance(value, int) else output.plain(value)


def _day(text: str, field: str) -> date:
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise RequestError(Fault("request.day", field, "write a day, e.g. 2026-01-01")) from None
