"""``sihu pages``: who was told of an event, by what, and what they answered; silences, drills, ways to reach people."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Final

import typer

from schemas.drafts import DrillDraft, SilenceDraft
from schemas.escalations import EscalationState, PageState
from schemas.pages import Medium, Tier
from services.cli import output, words
from services.cli.client import Api, ask, json_of
from services.cli.desk import Desk
from services.cli.listing import Limit
from services.cli.officer import token_file
from services.cli.options import HERE, AsJson, Dir
from services.domain.escalation_words import CHANGES
from services.gateway.paging_answers import EscalationLine, EscalationList, PageLine, SilenceLine, Timeline

if TYPE_CHECKING:
    from rich.console import RenderableType

app = typer.Typer(
    help="Pages 通知: who is told of what until somebody takes it.",
    pretty_exceptions_enable=False,
    no_args_is_help=True,
)

STATES: Final = {
    EscalationState.OPEN: "[bold red]呼叫中[/]",
    EscalationState.ACKNOWLEDGED: "[green]已签收[/]",
    EscalationState.CANCELLED: "[dim]已结束[/]",
    EscalationState.EXHAUSTED: "[bold red]无人应答，人工打电话[/]",
}
PAGES: Final = {
    PageState.DUE: "待发",
    PageState.SUBMITTED: "已发",
    PageState.DELIVERED: "[green]已送达[/]",
    PageState.FAILED: "[red]未送达[/]",
    PageState.DROPPED: "[dim]不必发[/]",
}
MEDIA: Final = {
    Medium.CONSOLE: "值班台",
    Medium.SMS: "短信",
    Medium.VOICE: "电话",
    Medium.FAX: "传真",
    Medium.EMAIL: "邮件",
    Medium.WEBHOOK: "系统",
}
TIERS: Final = {
    Tier.PRIMARY: "主班",
    Tier.SECONDARY: "副班",
    Tier.LEADER: "带班领导",
    Tier.OFFICE: "值班室",
    Tier.SUPERIOR: "上级",
}

_NAMED: Final = ("drill-", "test-")
"""Begin the names of what has no event."""

Event = Annotated[
    str, typer.Argument(metavar="ID", help="The event; its first characters will do. Or the name of a drill or test.")
]
Officer = Annotated[str, typer.Option("--officer", metavar="ID", help="Who orders it.")]


@app.command("list")
def listing(
    *,
    every: Annotated[bool, typer.Option("--all", help="Those that were taken or have ended, too.")] = False,
    limit: Limit = 20,
    directory: Dir = HERE,
    as_json: AsJson = False,
) -> None:
    """List events that are told to this county's people."""
    found = ask(Desk(directory), lambda api: api.escalations(open_only=not every, limit=limit))
    if as_json:
        output.print_json(json_of(found))
        return
    output.show(_table(found, every=every))


@app.command()
def show(event: Event, *, directory: Dir = HERE, as_json: AsJson = False) -> None:
    """Show everything that was done to have one event answered."""

    async def work(api: Api) -> Timeline:
        return await api.timeline(await _whole(api, event))

    found = ask(Desk(directory), work)
    if as_json:
        output.print_json(json_of(found))
        return
    rows = [_page(one) for one in found.pages]
    columns = ("时间", "谁", "层级", "方式", "状态", "编号", "*线路")
    output.show(*_head(found), output.table("通知 pages", *columns, rows=rows, empty="还没有通知任何人 nobody yet"))


@app.command()
def silence(
    event: Event,
    *,
    officer: Officer,
    minutes: Annotated[int, typer.Option("--minutes", min=1, max=1440, help="From now on.")],
    reason: Annotated[str, typer.Option("--reason", help="Why; it is kept.")],
    directory: Dir = HERE,
    as_json: AsJson = False,
) -> None:
    """Tell nobody of an event for a while; of an actual alert of level 1 or 2 only the leader on duty may say so."""
    draft = SilenceDraft(minutes=minutes, reason=reason)
    desk = Desk(directory)
    token = desk.read_token(token_file(officer), f"`sihu officer add {officer}` makes one")

    async def work(api: Api) -> SilenceLine:
        return await api.silence(await _whole(api, event), draft.model_dump_json().encode())

    done = ask(desk, work, token=token)
    if as_json:
        output.print_json(json_of(done))
        return
    output.show(f"已静默至 silenced until {output.moment(done.ends_at)}")


@app.command()
def drill(
    *,
    level: Annotated[int, typer.Option("--level", min=1, max=4, help="1 to 4.")] = 2,
    directory: Dir = HERE,
    as_json: AsJson = False,
) -> None:
    """Tell this county's own people of an exercise, the whole way; nothing leaves the county."""
    body = DrillDraft(level=level).model_dump_json().encode()
    done = ask(Desk(directory), lambda api: api.drill(body))
    if as_json:
        output.print_json(json_of(done))
        return
    output.show(f"演练已开始 begun  {done.key}", f"看进展 follow it: sihu pages show {done.key}")


@app.command()
def providers(*, directory: Dir = HERE, as_json: AsJson = False) -> None:
    """List the configured ways to reach people, and how they are doing."""
    found = ask(Desk(directory), lambda api: api.providers())
    if as_json:
        output.print_json(json_of(found))
        return
    rows = [
        (
            one.name,
            MEDIA[one.medium],
            "[green]通[/]" if one.ready else "[bold red]不通[/]",
            output.minute(one.since),
            output.plain(one.problem),
        )
        for one in found.providers
    ]
    columns = ("线路", "方式", "状态", "自", "*问题")
    output.show(output.table("线路 providers", *columns, rows=rows, empty="没有设线路 none is configured"))


async def _whole(api: Api, event: str) -> str:
    return event if event.startswith(_NAMED) else await api.whole_id(event)


def _table(found: EscalationList, *, every: bool) -> "RenderableType":
    rows = [
        (
            output.minute(one.opened_at),
            output.level(one.level),
            words.county_name(one.source),
            STATES[one.state],
            output.plain(one.owner or "–"),
            output.minute(one.next_at) if one.next_at else "–",
            one.key if one.key.startswith(_NAMED) else output.short(one.key),
        )
        for one in found.escalations
    ]
    empty = "没有通知过 nothing was told" if every else "没有待签收的 nothing waits for an answer"
    return output.table(
        "呼叫 escalations", "开始", "级", "来自", "*状态", "签收", "下一步", "编号", rows=rows, empty=empty
    )


def _head(found: Timeline) -> Iterator[str]:
    one: EscalationLine = found.escalation
    yield f"{output.level(one.level)} {words.county_name(one.source)}  {STATES[one.state]}"
    yield f"开始 opened {output.moment(one.opened_at)}  签收限 due {output.moment(one.acknowledge_by)}"
    if one.owner and one.owner_word:
        word = words.ANSWERS.get(one.owner_word, one.owner_word)
        yield f"[bold]{word}[/] {output.plain(one.owner)} {output.moment(one.taken_at)}"
    for change in found.changes:
        said = CHANGES.get(change.change, change.change.value)
        yield f"[dim]{output.moment(change.at)}  {said}  {output.plain(change.reason)}[/]"


def _page(one: PageLine) -> tuple[str, ...]:
    return (
        output.moment(one.submitted_at or one.due_at),
        output.plain(one.display),
        TIERS[one.tier],
        MEDIA[one.medium],
        PAGES[one.state] + ("（并入他条）" if one.held_for else ""),
        one.code or "–",
        output.plain("、".join(one.providers)),
    )
