"""``sihu inbox``, ``sent`` and ``quarantine``: what lies here, newest first."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from schemas.records import Direction
from services.cli import output, words
from services.cli.client import PAGE_MAX, ask, json_of
from services.cli.desk import Desk
from services.cli.options import HERE, AsJson, Dir
from services.gateway.answers import EventLine

if TYPE_CHECKING:
    from rich.console import RenderableType

Limit = Annotated[int, typer.Option("--limit", "-n", min=1, max=PAGE_MAX, help="How many at most.")]
Type = Annotated[str | None, typer.Option("--type", metavar="TYPE", help="Only this type; its last part will do.")]

_INBOX = ("时间", "级", "来自", "类型", "*标题", "签收", "编号")
_SENT = ("时间", "级", "类型", "*标题", ">入库", ">签收", "编号")


def inbox(*, wire_type: Type = None, limit: Limit = 20, directory: Dir = HERE, as_json: AsJson = False) -> None:
    """List the events that came in, newest first."""
    desk = Desk(directory)
    page = ask(desk, lambda api: api.events(Direction.INCOMING, words.whole_type(wire_type), limit))
    if as_json:
        output.print_json(json_of(page))
        return
    output.show(inbox_table(page.events, desk.now()))


def sent(*, wire_type: Type = None, limit: Limit = 20, directory: Dir = HERE, as_json: AsJson = False) -> None:
    """List the events that this county sent, and how far they came."""
    desk = Desk(directory)
    page = ask(desk, lambda api: api.events(Direction.OUTGOING, words.whole_type(wire_type), limit))
    if as_json:
        output.print_json(json_of(page))
        return
    output.show(sent_table(page.events))


def quarantine(*, limit: Limit = 20, directory: Dir = HERE, as_json: AsJson = False) -> None:
    """List the messages that were refused, and why."""
    desk = Desk(directory)
    found = ask(desk, lambda api: api.quarantine(limit))
    if as_json:
        output.print_json(json_of(found))
        return
    rows = [
        (
            output.minute(one.recorded_at),
            output.county(one.source) if one.source else "不明",
            output.plain(one.code),
            output.plain(f"{one.field}: {one.reason}" if one.field else one.reason),
            f"{one.size:,}",
            output.short(one.digest),
        )
        for one in found.quarantined
    ]
    columns = ("时间", "来自", "原因 code", "*说明", ">字节", "摘要")
    output.show(output.table("隔离 quarantine", *columns, rows=rows, empty="没有被隔离的消息 nothing was refused"))


def inbox_table(events: tuple[EventLine, ...], now: datetime) -> "RenderableType":
    """Return what came in as a table."""
    rows = [
        (
            output.minute(one.recorded_at),
            output.level(one.level),
            words.county_name(one.source),
            output.type_zh(one.wire_type),
            headline(one),
            answer_state(one, now),
            output.short(one.envelope_id),
        )
        for one in events
    ]
    return output.table("收件 inbox", *_INBOX, rows=rows, empty="还没有收到事件 nothing has come in yet")


def sent_table(events: tuple[EventLine, ...]) -> "RenderableType":
    """Return what was sent as a table."""
    rows = [
        (
            output.minute(one.recorded_at),
            output.level(one.level),
            output.type_zh(one.wire_type),
            headline(one),
            output.share(one.stored_count, len(one.audience)),
            output.share(one.acknowledged_count, len(one.audience)),
            output.short(one.envelope_id),
        )
        for one in events
    ]
    return output.table("已发 sent", *_SENT, rows=rows, empty="还没有发出事件 nothing has been sent yet")


def headline(event: EventLine) -> str:
    """Return an event's title as a cell: an exercise says so first, and what waits for an answer is bold."""
    drill = "[bold magenta]【演练】[/]" if event.status == "exercise" else ""
    test = "[magenta]【测试】[/]" if event.status == "test" else ""
    early = " [yellow]（前序缺失）[/]" if event.early else ""
    early += "".join(f" [yellow]（{words.MARKS[mark]}）[/]" for mark in event.marks)
    title = output.plain(event.headline) or output.type_zh(event.wire_type)  # figures have no title of their own
    waits = event.direction is Direction.INCOMING and event.acknowledge_by and not event.acknowledged_count
    return f"{drill}{test}{f'[bold]{title}[/]' if waits else title}{early}"


def answer_state(event: EventLine, now: datetime) -> str:
    """Say whether an incoming event was answered, and how long there is."""
    if event.acknowledged_count:
        return "[green]已签收[/]"
    if event.acknowledge_by is None:
        return "–"
    if event.expires is not None and event.expires <= now:
        return "[dim]已失效[/]"
    return output.countdown(event.acknowledge_by, now)
