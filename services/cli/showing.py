"""``sihu show`` and ``sihu receipts``: one event, what proves it, and how far it came."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer
from pydantic import JsonValue

from schemas.base import Status
from schemas.counties import COUNTIES
from schemas.files import FileState
from schemas.records import Direction
from services.cli import output, words
from services.cli.calling import line_of_call
from services.cli.client import Api, ask, json_of
from services.cli.desk import Desk
from services.cli.erasing import REASONS
from services.cli.options import HERE, AsJson, Dir, Why
from services.domain.field_words import words_of
from services.domain.value_words import word_of
from services.gateway.answers import DeliveryLine, EventDetail, FileLine, ReceiptList, Verification

if TYPE_CHECKING:
    from rich.console import RenderableType

EventId = Annotated[str, typer.Argument(metavar="ID", help="As the tables show it; its first characters will do.")]
_KIND_ZH = {"report": "通报", "update": "更新", "cancel": "解除", "request": "请求", "response": "答复"}


def show(envelope_id: EventId, *, why: Why = None, directory: Dir = HERE, as_json: AsJson = False) -> None:
    """Show one event: content, what proves it, deliveries or the own answer."""

    async def work(api: Api) -> EventDetail:
        return await api.event(await api.whole_id(envelope_id), why)

    detail = ask(Desk(directory), work)
    if as_json:
        output.print_json(json_of(detail))
        return
    output.show(*_head(detail), content_table(detail.content), *_proof(detail), *_fate(detail))


def receipts(envelope_id: EventId, *, directory: Dir = HERE, as_json: AsJson = False) -> None:
    """List every receipt that covers an event, oldest first."""

    async def work(api: Api) -> ReceiptList:
        return await api.receipts(await api.whole_id(envelope_id))

    found = ask(Desk(directory), work)
    if as_json:
        output.print_json(json_of(found))
        return
    rows = [
        (
            output.moment(one.received_at),
            words.county_name(one.receiver),
            words.STAGES[one.stage],
            f"{one.first_seq}–{one.seq}" if one.first_seq != one.seq else str(one.seq),
            output.plain(one.officer or "–"),
            words.ANSWERS.get(one.answer or "", "–"),
            words.MEANS.get(one.means or "", "–"),
            output.plain(one.text or one.code or ""),
        )
        for one in found.receipts
    ]
    columns = ("时间", "县", "阶段", ">序号", "人员", "答复", "方式", "*说明")
    output.show(output.table("回执 receipts", *columns, rows=rows, empty="还没有回执 none yet"))


def _head(detail: EventDetail) -> Iterator[str]:
    header = detail.header
    drill = {Status.EXERCISE: "【演练】", Status.TEST: "【测试】", Status.SYSTEM: "【系统】"}.get(header.status, "")
    level = output.level(detail.level)
    yield f"{level} [bold]{drill}{output.plain(_title(detail))}[/]".strip()
    yield f"{output.type_title(header.type)}  {_KIND_ZH[header.kind]}  密级 {header.information_class}"
    yield f"由 from   {output.county(header.source)}"
    yield f"至 to     {output.counties(header.to, most=12)}"
    yield f"时间 time {output.moment(header.time)}  收录 recorded {output.moment(detail.recorded_at)}"
    if header.expires is not None or header.acknowledge_by is not None:
        yield f"有效至 expires {output.moment(header.expires)}  签收限 due {output.moment(header.acknowledge_by)}"
    for one in detail.erasures:
        yield f"已销毁 erased {output.county(one.county)} {output.moment(one.erased_at)} {REASONS[one.reason]}"
    yield from (line_of_call(one) for one in detail.calls)
    if detail.withheld:
        yield "[yellow]个人信息未显示 personal content withheld[/]：查阅须注明事由 `--why`，并记入查阅记录"
    for ref in header.refs:
        yield f"关联 ref  {ref.rel} {ref.id}"
    if detail.file is not None:
        yield _file(detail.file)
    yield f"编号 id   {detail.envelope_id}"


def _file(file: FileLine) -> str:
    """Say how far the file that goes with an event is, here and with those it is for."""
    here = {
        FileState.ARRIVING: f"[yellow]到达中 arriving[/] {file.held}/{file.chunks}",
        FileState.WHOLE: "[green]完整 whole[/]，sihu save 保存",
        FileState.REFUSED: "[bold red]拒收 refused: not what its event says[/]",
        FileState.ERASED: "已销毁 erased",
    }[file.state]
    unread = "" if file.scanned else "，内容未经扫描 not scanned for personal numbers"
    there = "、".join(f"{words.county_name(one.county)} {one.held}/{file.chunks}" for one in file.holders)
    return f"附件 file {here}{unread}" + (f"；{there}" if there and file.state is FileState.WHOLE else "")


def _title(detail: EventDetail) -> str:
    content = detail.content if isinstance(detail.content, dict) else {}
    found = (content[name] for name in ("headline", "title", "name") if isinstance(content.get(name), str))
    return str(next(found, None) or output.type_zh(detail.header.type))  # figures have no title of their own


def content_table(content: JsonValue) -> "RenderableType":
    """Lay content out as a table: what each field is called, its name, its value."""
    rows = [(_label(path), f"[dim]{output.plain(path)}[/]", output.plain(text)) for path, text in _lines(content, "")]
    return output.table("内容 content", "项目", "字段 field", "*值 value", rows=rows)


def _label(path: str) -> str:
    """Say what a path begins with and, below that, what it ends with."""
    names = [one for one in path.split(".") if not one.isdecimal()]
    return words_of(".".join(dict.fromkeys((names[0], names[-1])))) if names else ""


def _lines(value: JsonValue, path: str) -> Iterator[tuple[str, str]]:
    """Lay content out as the ``path=value`` lines that ``sihu send`` takes; what is empty is left out."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _lines(inner, f"{path}.{name}" if path else name)
    elif isinstance(value, list) and any(isinstance(one, dict | list) for one in value):
        for index, inner in enumerate(value):
            yield from _lines(inner, f"{path}.{index}")
    elif isinstance(value, list):
        if value:
            yield path, "、".join(_named(str(one), path) for one in value)
    elif value is not None and value != "":
        yield path, {True: "是 true", False: "否 false"}[value] if isinstance(value, bool) else _named(str(value), path)


def _named(text: str, path: str) -> str:
    """Put the name behind what is a county's code or a value of a list: nobody knows 451226 by heart."""
    word = COUNTIES[text].short_name if text in COUNTIES else word_of(path, text)
    return f"{text} {word}" if word else text


def _proof(detail: EventDetail) -> Iterator[str]:
    proof = detail.verification
    yield "[bold]验证 verification[/]"
    holds = "[green]有效 holds[/]" if proof.holds else f"[bold red]无效 does not hold: {_fault(proof)}[/]"
    for one in proof.signed_by:
        owner = output.county(one.county) if one.county else "不明 unknown"
        yield f"  签名 signature  {holds}，{owner} {one.use or ''} {one.kid}"
    frozen = "，[bold red]已分叉冻结 frozen[/]" if proof.chain_frozen else ""
    epoch = proof.epoch.partition("-")[0]
    yield f"  通道 channel    {output.short(proof.channel)} 纪元 {epoch} 第 {proof.seq} 条{frozen}"
    permitted = "[green]许可 permits[/]" if proof.permitted else "[bold red]不许可 does not permit[/]"
    yield f"  协议 agreement  {proof.agreement.partition(':')[0]} {permitted}"
    if proof.early:
        yield "  [yellow]前序缺失 delivered although an event before it is missing[/]"
    for mark in detail.marks:
        yield f"  [yellow]{words.MARKS[mark]} {mark}[/]"
    if proof.newer_schema:
        yield "  [yellow]对方模式较新 made by a newer schema; fields unknown here are left out[/]"


def _fault(proof: Verification) -> str:
    return output.plain(f"{proof.fault.mend} [{proof.fault.code}]") if proof.fault else ""


def _fate(detail: EventDetail) -> Iterator["RenderableType"]:
    if detail.direction is Direction.OUTGOING:
        rows = [_delivery(one) for one in detail.deliveries]
        columns = ("县 county", "入库 stored", "送达", "签收 acknowledged", "人员", "答复", "方式", "*状态")
        yield output.table("送达 deliveries", *columns, rows=rows)
    elif detail.answer is not None:
        answer = detail.answer
        word = words.ANSWERS.get(answer.answer, answer.answer)
        means = words.MEANS.get(answer.means, answer.means)
        officer, when = output.plain(answer.officer), output.moment(answer.answered_at)
        yield f"[bold]签收 answer[/]  {officer} {when} {word}（{means}）"
        if answer.note:
            yield f"  {output.plain(answer.note)}"
    else:
        yield f"[bold yellow]未签收 not answered:[/] sihu acknowledge {output.short(detail.envelope_id)} --officer ID"


def _delivery(one: DeliveryLine) -> tuple[str, ...]:
    return (
        output.county(one.recipient),
        output.moment(one.stored_at, empty="[yellow]未入库[/]"),
        output.moment(one.handed_over_at),
        output.moment(one.acknowledged_at, empty="未签收"),
        output.plain(one.acknowledged_by or "–"),
        words.ANSWERS.get(one.answer or "", "–"),
        words.MEANS.get(one.means or "", "–"),
        _trouble(one),
    )


def _trouble(one: DeliveryLine) -> str:
    """Say what stands in the way, the newest first; what an officer has taken is no trouble any more."""
    if one.refused_code:
        return f"[red]拒收 {output.plain(one.refused_code)}[/]"
    if one.acknowledged_at is not None:
        return ""
    if one.exhausted_at is not None:
        return f"[bold red]无人应答 {output.moment(one.exhausted_at)}[/]"
    if one.declined_at is not None:
        word = words.ANSWERS.get(one.declined_answer or "", "")
        return f"[red]{output.plain(one.declined_by or '')} {word}，未接办[/]"
    return ""
