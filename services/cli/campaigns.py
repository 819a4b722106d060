"""``sihu campaigns``: joint campaigns, who comes, and the calendar."""

from pathlib import Path
from typing import Annotated

import typer

from services.bootstrap.cli import write_given
from services.cli import output
from services.cli.client import ask, json_of
from services.cli.desk import Desk
from services.cli.listing import Limit
from services.cli.options import HERE, AsJson, Dir
from services.cli.threads import Key, State, act_table, listed, thread_table
from services.domain.campaign_calendar import REPLIES, ROLES
from services.gateway.thread_answers import CampaignDetail, ThreadList

app = typer.Typer(
    help="Campaigns 联合活动: invitations, answers, the calendar.",
    pretty_exceptions_enable=False,
    no_args_is_help=True,
)


@app.command("list")
def list_them(*, state: State = None, limit: Limit = 20, directory: Dir = HERE, as_json: AsJson = False) -> None:
    """List campaigns, those with the newest word first."""
    listed(Desk(directory), "campaigns", "联合活动 campaigns", state=state, limit=limit, as_json=as_json)


@app.command()
def show(key: Key, *, directory: Dir = HERE, as_json: AsJson = False) -> None:
    """Show one campaign: its newest plan, who comes, and every act."""
    found = ask(Desk(directory), lambda api: api.thread("campaigns", key, CampaignDetail))
    if as_json:
        output.print_json(json_of(found))
        return
    rows = [
        (output.county(one.county), output.plain(one.office), ROLES[one.role], REPLIES[one.reply])
        for one in found.answers
    ]
    output.show(
        thread_table(f"联合活动 campaign，第 {found.sequence} 版", ThreadList(threads=(found.line,), next_since=0)),
        output.table("答复 answers", "县", "单位", "角色", "答复", rows=rows),
        act_table(found.acts),
    )
    if found.summary:
        output.show(f"结果 outcome: {output.plain(found.summary)}")


@app.command()
def calendar(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Write here, e.g. sihu.ics.")],
    *,
    directory: Dir = HERE,
    as_json: AsJson = False,
) -> None:
    """Write campaigns and festivals as a calendar file (.ics) for a calendar program."""
    data = ask(Desk(directory), lambda api: api.calendar())
    write_given(file, data)
    if as_json:
        output.print_json({"file": str(file), "bytes": len(data)})
    else:
        output.show(f"[green]已写 written[/] {output.plain(str(file))}")
