"""``sihu plan``: joint plans, what a drill over the live bus has shown, and checks along the border."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from schemas.errors import Fault, NotFoundError, RequestError
from schemas.governance.plans import DrillHeld, HazardChecked, PlanPublished
from services.bootstrap.cli import write_given
from services.cli import output
from services.cli.client import Api, ask, json_of
from services.cli.desk import Desk
from services.cli.listing import Limit
from services.cli.options import HERE, AsJson, Dir
from services.cli.sending import only_agreement, post_draft
from services.domain.drills import record_of
from services.gateway.answers import EventDetail, EventLine
from services.gateway.exercises import exercise_of

app = typer.Typer(help="Joint plans 联合应急: plans, drills, checks.", pretty_exceptions_enable=False)

_TYPES: Final = (PlanPublished, DrillHeld, HazardChecked)


@app.command("list")
def list_plans(*, limit: Limit = 20, directory: Dir = HERE, as_json: AsJson = False) -> None:
    """List plans, drills and checks, own and received, newest first."""

    async def work(api: Api) -> list[EventDetail]:
        lines: list[EventLine] = []
        for model in _TYPES:
            lines += (await api.events(wire_type=model.wire_type, limit=limit)).events
        newest = sorted(lines, key=lambda one: one.time, reverse=True)[:limit]
        return [await api.event(one.envelope_id) for one in newest]

    found = ask(Desk(directory), work)
    if as_json:
        output.print_json([json_of(one) for one in found])
        return
    rows = [
        (
            output.moment(one.header.time),
            output.type_zh(one.header.type),
            output.county(one.header.source),
            output.plain(_said(one)),
            output.short(one.envelope_id),
        )
        for one in found
    ]
    output.show(output.table("联合应急 plans", "时间", "种类", "县", "*内容", "事件", rows=rows, empty="没有 none"))


@app.command()
def drill(
    plan: Annotated[str, typer.Argument(metavar="PLAN", help="Event id of the plan; its first characters will do.")],
    alerts: Annotated[list[str], typer.Argument(metavar="ALERT...", help="Exercise alerts that this county sent.")],
    *,
    finding: Annotated[list[str] | None, typer.Option("--finding", help="What is to be done better.")] = None,
    draft_file: Annotated[Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write it down.")] = None,
    send: Annotated[bool, typer.Option("--send", help="Send it to the partners.")] = False,
    agreement: Annotated[str | None, typer.Option(metavar="ID", help="Needed only if there are several.")] = None,
    directory: Dir = HERE,
    as_json: AsJson = False,
) -> None:
    """Make the record of a drill out of the signed answers to its exercise alerts."""
    desk = Desk(directory)

    async def work(api: Api) -> tuple[EventDetail, list[EventDetail]]:
        plan_id = await api.whole_id(plan)
        return await api.event(plan_id), [await api.event(await api.whole_id(one)) for one in alerts]

    held = _record(*ask(desk, work), tuple(finding or ()))
    draft: dict[str, Any] = {"type": DrillHeld.wire_type, "content": json_of(held)}
    if draft_file is not None:
        write_given(draft_file, json.dumps(draft, ensure_ascii=False, indent=1).encode() + b"\n")
    if send:
        draft["agreement"] = agreement or only_agreement(desk)
        post_draft(desk, draft, desk.county.ids.hex(16))
    if as_json:
        output.print_json(draft["content"])
        return
    rows = [
        (
            output.county(step.office.adcode),
            output.plain(step.what),
            output.moment(step.due),
            "[red]未完成[/]" if step.done_at is None else output.moment(step.done_at),
            "[green]按时[/]" if step.done_at is not None and step.done_at <= step.due else "[red]超时[/]",
        )
        for step in held.steps
    ]
    output.show(output.table("联合演练 drill", "县", "*事项", "时限", "完成", "", rows=rows))


def _record(plan: EventDetail, alerts: list[EventDetail], findings: tuple[str, ...]) -> DrillHeld:
    content = plan.content
    if plan.header.type != PlanPublished.wire_type or not isinstance(content, dict):
        raise NotFoundError(Fault("drill.no_plan", "PLAN", "name the event of a plan; `sihu plan list` shows them"))
    held = record_of(
        str(content["plan_id"]), int(str(content["version"])), [exercise_of(one) for one in alerts], findings
    )
    if isinstance(held, tuple):
        raise RequestError(*held)
    return held


def _said(one: EventDetail) -> str:
    content: Mapping[str, Any] = one.content if isinstance(one.content, dict) else {}
    title = content.get("title") or content.get("line")
    if title:
        return str(title)
    steps = content.get("steps", [])
    done = sum(1 for step in steps if step.get("done_at"))
    return f"{done}/{len(steps)} 项完成"
