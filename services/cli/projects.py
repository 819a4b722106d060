"""``sihu projects``: projects of several counties, who takes part, where their milestones stand."""

from typing import Final

import typer

from schemas.development.projects import MilestoneState
from schemas.threads import Family
from services.cli import output
from services.cli.client import ask, json_of
from services.cli.desk import Desk
from services.cli.listing import Limit
from services.cli.options import HERE, AsJson, Dir
from services.cli.threads import Key, State, act_table, listed, thread_table
from services.domain.ledger_words import state_zh
from services.gateway.thread_answers import ProjectDetail, ThreadList

app = typer.Typer(
    help="Projects 合作项目: parties and milestones.",
    pretty_exceptions_enable=False,
    no_args_is_help=True,
)

MILESTONES: Final = {
    MilestoneState.PLANNED: "未开始",
    MilestoneState.STARTED: "进行中",
    MilestoneState.DONE: "[green]完成[/]",
    MilestoneState.DROPPED: "[dim]取消[/]",
}


@app.command("list")
def list_them(*, state: State = None, limit: Limit = 20, directory: Dir = HERE, as_json: AsJson = False) -> None:
    """List projects, those with the newest word first."""
    listed(Desk(directory), "projects", "合作项目 projects", state=state, limit=limit, as_json=as_json)


@app.command()
def show(key: Key, *, directory: Dir = HERE, as_json: AsJson = False) -> None:
    """Show one project: who takes part, where its milestones stand, and every act."""
    found = ask(Desk(directory), lambda api: api.thread("projects", key, ProjectDetail))
    if as_json:
        output.print_json(json_of(found))
        return
    parties = [
        (output.county(one.county), output.plain(one.office), state_zh(Family.PROJECT, one.decision or "asked"))
        for one in found.parties
    ]
    milestones = [
        (
            str(one.number),
            output.plain(one.name),
            f"{one.due:%Y-%m-%d}",
            output.county(one.county),
            MILESTONES[one.state],
        )
        for one in found.milestones
    ]
    output.show(
        thread_table("合作项目 project", ThreadList(threads=(found.line,), next_since=0)),
        output.table("各方 parties", "县", "单位", "答复", rows=parties),
        output.table("节点 milestones", ">序号", "*节点", "期限", "责任县", "状态", rows=milestones),
        act_table(found.acts),
    )
    if found.summary:
        output.show(f"结果 outcome: {output.plain(found.summary)}")
