"""What ``sihu campaigns``, ``offers`` and ``projects`` share: lists, acts, words."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from services.cli import output
from services.cli.client import ask, json_of
from services.cli.desk import Desk
from services.domain.ledger_words import kind_zh, state_zh
from services.gateway.thread_answers import ActLine, ThreadLine, ThreadList

if TYPE_CHECKING:
    from rich.console import RenderableType

Key = Annotated[str, typer.Argument(metavar="ID", help="Its name, as the list shows it.")]
State = Annotated[str | None, typer.Option("--state", metavar="STATE", help="Only those in this state, e.g. open.")]
_COLUMNS = ("名称 id", "主办", "种类", "状态", "*标题", "时间", "*各县")


def listed(desk: Desk, name: str, title: str, *, state: str | None, limit: int, as_json: bool) -> None:
    """List the threads of one family.

    Args:
        desk: Knows the node.
        name: Of the address: campaigns, offers, projects.
        title: Of the table.
        state: Only those in this state.
        limit: How many at most.
        as_json: One JSON value for programs.
    """
    found = ask(desk, lambda api: api.threads(name, state=state, limit=limit))
    if as_json:
        output.print_json(json_of(found))
        return
    output.show(thread_table(title, found))


def thread_table(title: str, found: ThreadList) -> "RenderableType":
    """Return a list as a table."""
    rows = [
        (
            output.plain(one.key),
            output.county(one.owner),
            kind_zh(one.family, one.kind),
            state_zh(one.family, one.state),
            output.plain(one.title),
            _span(one),
            "、".join(f"{output.counties([two.county])}{state_zh(one.family, two.state)}" for two in one.parties),
        )
        for one in found.threads
    ]
    return output.table(title, *_COLUMNS, rows=rows, empty="没有 none")


def act_table(acts: Sequence[ActLine]) -> "RenderableType":
    """Return the acts of a thread as a table."""
    rows = [
        (
            output.moment(one.at),
            output.county(one.source),
            output.type_zh(one.type),
            f"[yellow]无效 {output.plain(one.void)}[/]: {output.plain(one.mend)}" if one.void else "",
            output.short(one.envelope_id),
        )
        for one in acts
    ]
    return output.table("往来 acts", "时间", "来自", "类型", "*", "编号", rows=rows)


def _span(one: ThreadLine) -> str:
    if one.starts_at is None:
        return f"至 {output.day(one.ends_at)}" if one.ends_at else ""
    first, last = output.day(one.starts_at), output.day(one.ends_at)
    return first if first == last else f"{first} 至 {last}"
