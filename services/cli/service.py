"""``sihu service``: requests that one county receives and another decides (跨省通办)."""

from pathlib import Path
from typing import Annotated, Final

import typer
from pydantic import JsonValue

from schemas.course_drafts import ServiceMove
from schemas.governance.service_items import AS_OF, ITEMS, SOURCE, ServiceItem
from services.cli import output
from services.cli.client import PAGE_MAX, Api, ask, json_of
from services.cli.course_output import STEP_COLUMNS, body, office, read_content, say_accepted, step_rows
from services.cli.desk import Desk
from services.cli.fields import with_fields
from services.cli.listing import Limit
from services.cli.options import HERE, AsJson, Dir
from services.cli.sending import only_agreement
from services.domain.ledger_words import SERVICES, kind_zh
from services.domain.service_requests import Stage
from services.gateway.course_answers import CourseAccepted, ServiceDetail, ServiceLine, ServiceList

app = typer.Typer(
    help="Requests across provinces 跨省通办: one office is responsible at any time.", pretty_exceptions_enable=False
)

STAGES: Final = {
    Stage.HANDED_OVER: "[yellow]待受理[/]",
    Stage.AT_WORK: "办理中",
    Stage.SUPPLEMENT: "[yellow]待补正[/]",
    Stage.DECIDED: "已决定",
    Stage.DELIVERED: "已送达",
    Stage.CLOSED: "[green]已归档[/]",
}

Number = Annotated[str, typer.Argument(metavar="ID", help="Number of the request; its first characters will do.")]
Fields = Annotated[
    list[str] | None,
    typer.Argument(metavar="[FIELD=VALUE...]", help="What the step says; JSON with `:=`.", show_default=False),
]
Evidence = Annotated[
    list[str] | None, typer.Option("--evidence", metavar="ID", help="An event whose file is one of the papers.")
]
Key = Annotated[str | None, typer.Option(help="Idempotency key: sent twice, it is still one step.")]


@app.command("list")
def list_services(
    *,
    every: Annotated[bool, typer.Option("--all", help="Closed ones, too.")] = False,
    limit: Limit = 20,
    directory: Dir = HERE,
    as_json: AsJson = False,
) -> None:
    """List requests: who is responsible, whose turn it is, until when."""
    desk = Desk(directory)
    found = ask(desk, lambda api: api.services(open_only=not every, limit=limit))
    if as_json:
        output.print_json(json_of(found))
        return
    now = desk.now()
    rows = [
        (
            one.request_id[:8],
            STAGES[one.stage],
            output.plain(one.item_name),
            office(one.responsible),
            ("[bold]本县[/] " if one.ours else "") + office(one.turn),
            output.countdown(one.due_at, now) if one.due_at and one.stage is Stage.AT_WORK else "–",
        )
        for one in found.services
    ]
    columns = ("编号", "状态", "*事项", "*责任单位", "*轮到", "时限")
    output.show(output.table("跨省通办 requests", *columns, rows=rows, empty="没有 none"))


@app.command()
def show(number: Number, *, directory: Dir = HERE, as_json: AsJson = False) -> None:
    """Show one request and its steps."""

    async def work(api: Api) -> ServiceDetail:
        return await api.service(await _whole(api, number))

    found = ask(Desk(directory), work)
    if as_json:
        output.print_json(json_of(found))
        return
    mode = kind_zh(SERVICES, found.mode)
    output.show(
        f"通办 {found.request_id}  {STAGES[found.stage]}  {mode}  {output.plain(found.item_name)}",
        f"责任单位 responsible: {office(found.responsible)}；轮到 turn: {office(found.turn)}",
        f"时限 due {output.moment(found.due_at)}{_more(found)}",
        output.table("", *STEP_COLUMNS, rows=step_rows(found.steps)),
    )


@app.command()
def items(*, as_json: AsJson = False) -> None:
    """List the items that are met most, with their usual mode."""
    if as_json:
        rows = [
            {"code": one.code, "name": one.name, "mode": one.mode, "days": one.promised_days} for one in ITEMS.values()
        ]
        output.print_json({"source": SOURCE, "as_of": AS_OF, "items": rows})
        return
    table = [(one.code, one.name, kind_zh(SERVICES, one.mode), str(one.promised_days)) for one in ITEMS.values()]
    output.show(output.table(f"事项 items（{SOURCE}，{AS_OF}）", "代码", "*事项", "方式", ">工作日", rows=table))


@app.command()
def begin(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="mode, item, offices, materials; as JSON.")],
    fields: Fields = None,
    *,
    agreement: Annotated[str | None, typer.Option(metavar="ID", help="Needed only if there are several.")] = None,
    evidence: Evidence = None,
    key: Key = None,
    directory: Dir = HERE,
    as_json: AsJson = False,
) -> None:
    """Begin a request (收件); item name, mode and days come from the list of items where FILE leaves them out."""
    desk = Desk(directory)
    content = read_content(file, fields or [])
    item = ITEMS.get(str(content.get("item_code")))
    if item is not None:
        content = {**_usual(item), **content}
    agreed = agreement or only_agreement(desk)

    async def work(api: Api) -> CourseAccepted:
        draft = body(agreement=agreed, content=content, evidence=await _whole_ids(api, evidence))
        return await api.begin_service(draft, key or desk.county.ids.hex(16))

    say_accepted(ask(desk, work), as_json=as_json)


@app.command()
def step(
    number: Number,
    move: Annotated[ServiceMove, typer.Argument(help="受理 补正告知 补正 转办 决定 送达 归档.")],
    fields: Fields = None,
    *,
    evidence: Evidence = None,
    key: Key = None,
    directory: Dir = HERE,
    as_json: AsJson = False,
) -> None:
    """Take the next step, e.g. `decide decision=granted reason=conditions_met`; the node fills in the rest."""
    desk = Desk(directory)
    content = with_fields({}, fields or [])

    async def work(api: Api) -> CourseAccepted:
        whole = await _whole(api, number)
        draft = body(move=move, content=content, evidence=await _whole_ids(api, evidence))
        return await api.move_service(whole, draft, key or desk.county.ids.hex(16))

    say_accepted(ask(desk, work), as_json=as_json)


async def _whole_ids(api: Api, ids: list[str] | None) -> list[str]:
    return [await api.whole_id(one) for one in ids or ()]


def _usual(item: ServiceItem) -> dict[str, JsonValue]:
    return {"item_name": item.name, "mode": item.mode, "promised_days": item.promised_days}


async def _whole(api: Api, number: str) -> str:
    known: ServiceList = await api.services(open_only=False, limit=PAGE_MAX)
    return api.whole_number(number, (one.request_id for one in known.services))


def _more(one: ServiceLine) -> str:
    if one.stage is not Stage.SUPPLEMENT:
        return ""
    return f"；待补 {'、'.join(one.wanted)}，{output.moment(one.answer_by)} 前"
