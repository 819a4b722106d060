"""``sihu case``: joint mediation at the desk: what there is, what may come next and why not, the next entry."""

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer
from pydantic import ValidationError

from schemas.drafts import CaseEventDraft
from schemas.errors import Fault, NotFoundError, RequestError
from schemas.faults import faults_of
from schemas.governance.mediation_outcomes import CaseAgreementDrafted
from schemas.governance.mediation_parts import AgreementText, agreement_digest
from services.bootstrap.cli import write_given
from services.cli import output, words
from services.cli.client import Api, ask, json_of
from services.cli.desk import Desk
from services.cli.fields import is_field, with_fields
from services.cli.listing import Limit
from services.cli.options import HERE, AsJson, Dir, OutputFile, Why
from services.cli.sending import read_object
from services.domain.case_sheets import Paper
from services.domain.case_words import CONFIRMATIONS, DAYS, STAGES, reason
from services.gateway.case_answers import CaseDayLine, CaseDetail, CaseEntryLine, CaseList

if TYPE_CHECKING:
    from rich.console import RenderableType

app = typer.Typer(
    help="Cases 调解: joint mediation of a dispute between two counties.",
    pretty_exceptions_enable=False,
    no_args_is_help=True,
)

_WHOLE_ID = 64
_LISTED = 200

CaseId = Annotated[str, typer.Argument(metavar="ID", help="As the list shows it; its first characters will do.")]


@app.command("list")
def list_cases(
    *,
    everything: Annotated[bool, typer.Option("--all", help="Closed and archived ones, too.")] = False,
    limit: Limit = 50,
    directory: Dir = HERE,
    as_json: AsJson = False,
) -> None:
    """List cases, the one that changed last first."""
    found = ask(Desk(directory), lambda api: api.cases(open_only=not everything, limit=limit))
    if as_json:
        output.print_json(json_of(found))
        return
    rows = [
        (
            output.short(one.case_id),
            output.counties(one.counties),
            words.county_name(one.lead) if one.lead else "–",
            STAGES[one.stage],
            CONFIRMATIONS[one.confirmation],
            str(one.due_on or "–"),
            str(one.entries),
            output.minute(one.changed_at),
        )
        for one in found.cases
    ]
    columns = ("编号", "两县", "牵头", "状态", "司法确认", "期限", ">件", "更新")
    output.show(output.table("联合调解 cases", *columns, rows=rows, empty="没有 none"))


@app.command()
def show(case_id: CaseId, *, directory: Dir = HERE, as_json: AsJson = False) -> None:
    """Show one case: every entry and whether it counts, who has not signed, its days; texts with `sihu show`."""
    detail = ask(Desk(directory), lambda api: _detail(api, case_id))
    if as_json:
        output.print_json(json_of(detail))
        return
    output.show(*_head(detail), _entries(detail), *_days(detail.days, "期限 days"))


@app.command("next")
def show_next(case_id: CaseId, *, directory: Dir = HERE, as_json: AsJson = False) -> None:
    """Show what this county may write next, and why everything else may not be written now."""
    detail = ask(Desk(directory), lambda api: _detail(api, case_id))
    if as_json:
        output.print_json([json_of(one) for one in detail.options])
        return
    rows = [
        (
            "[green]可以[/]" if one.allowed else "[dim]不可[/]",
            one.title,
            one.type.removeprefix("cn.sihu.governance.").removesuffix(".v1"),
            "是" if one.gate else "",
            output.plain(one.fault.mend) if one.fault else "",
        )
        for one in sorted(detail.options, key=lambda one: not one.allowed)
    ]
    output.show(*_head(detail))
    output.show(output.table("下一步 next", "", "事项", "类型 type", "需已见对方全部", "*为什么 why", rows=rows))
    output.show(
        f"今日受理则期限 due_on {detail.proposed_due_on}",
        f"今日生效则司法确认期限 confirm_by {detail.proposed_confirm_by}",
        *(f"[yellow]{output.plain(one)}[/]" for one in detail.lacking_tables),
    )


@app.command()
def add(
    case_id: CaseId,
    wire_type: Annotated[str, typer.Argument(metavar="TYPE", help="e.g. case_accepted, or 受理.")],
    parts: Annotated[
        list[str] | None, typer.Argument(metavar="[FILE|-] [FIELD=VALUE...]", help="As for `sihu send`.")
    ] = None,
    *,
    seen: Annotated[
        list[str] | None,
        typer.Option("--seen", metavar="ID", help="Newest entries that you looked at; those of now if left out."),
    ] = None,
    evidence: Annotated[
        list[str] | None, typer.Option("--evidence", metavar="ID", help="An event whose file belongs to this entry.")
    ] = None,
    key: Annotated[str | None, typer.Option(help="Idempotency key: sent twice, it is still one entry.")] = None,
    directory: Dir = HERE,
    as_json: AsJson = False,
) -> None:
    """Write the next entry of a case. An agreement's digest is computed if it is left out."""
    desk, whole_type = Desk(directory), words.whole_type(wire_type) or ""
    content = _content(parts or [], whole_type)
    sent_as = key or desk.county.ids.hex(16)

    async def work(api: Api) -> object:
        detail = await _detail(api, case_id)
        heads = tuple(_entry_id(detail, one) for one in seen) if seen else detail.heads
        files = tuple([await api.whole_id(one) for one in evidence or ()])
        draft = CaseEventDraft(type=whole_type, last_seen=heads, evidence=files, content=content)
        body = draft.model_dump_json(by_alias=True).encode()
        return json_of(await api.write_entry(detail.case.case_id, body, sent_as))

    done = ask(desk, work)
    if as_json:
        output.print_json(done)
    else:
        output.show(
            f"[green]已记入 written[/]  {output.type_title(whole_type)}", f"编号 id  {_field(done, 'envelope_id')}"
        )


@app.command("print")
def print_case(
    case_id: CaseId,
    out_file: OutputFile,
    *,
    paper: Annotated[Paper, typer.Option("--what", help="The agreement to be signed, or the whole file.")] = Paper.FILE,
    why: Why = None,
    directory: Dir = HERE,
) -> None:
    """Print the agreement, or the whole file, as PDF; opened contents are written to the log of openings."""

    async def work(api: Api) -> bytes:
        return await api.case_paper((await _detail(api, case_id)).case.case_id, paper, why)

    data = ask(Desk(directory), work)
    write_given(out_file, data)
    output.show(f"[bold]已写入 written to[/] {output.plain(str(out_file))}  {len(data):,} 字节")


@app.command()
def evidence(case_id: CaseId, out_file: OutputFile, *, why: Why = None, directory: Dir = HERE) -> None:
    """Export a case as evidence that `sihu verify` judges offline; with --why also what opens its contents."""

    async def work(api: Api) -> bytes:
        return await api.case_evidence((await _detail(api, case_id)).case.case_id, why)

    data = ask(Desk(directory), work)
    write_given(out_file, data)
    output.show(f"[bold]已写入 written to[/] {output.plain(str(out_file))}  {len(data):,} 字节")
    if why is None:
        output.show("内容未附密钥 contents stay closed; --why puts in what opens them")


async def _detail(api: Api, case_id: str) -> CaseDetail:
    text = case_id.strip().lower()
    if len(text) < _WHOLE_ID:
        text = _whole(await api.cases(open_only=False, limit=_LISTED), text)
    return await api.case(text)


def _whole(listed: CaseList, text: str) -> str:
    found = [one.case_id for one in listed.cases if one.case_id.startswith(text)]
    if len(found) != 1:
        mend = f"{len(found)} cases begin with {text}; `sihu case list --all` shows them"
        raise NotFoundError(Fault("case.not_found", "ID", mend))
    return found[0]


def _entry_id(detail: CaseDetail, text: str) -> str:
    found = [one.envelope_id for one in detail.entries if one.envelope_id.startswith(text.strip().lower())]
    if len(found) != 1:
        raise NotFoundError(Fault("case.not_found", "--seen", f"{len(found)} entries of this case begin with {text}"))
    return found[0]


def _content(parts: list[str], wire_type: str) -> dict[str, Any]:
    fields, files = [one for one in parts if is_field(one)], [one for one in parts if not is_field(one)]
    if len(files) > 1:
        raise RequestError(Fault("request.file", files[1], "give one FILE; a field is written FIELD=VALUE"))
    content = with_fields(read_object(files[0]) if files else {}, fields)
    if wire_type == CaseAgreementDrafted.wire_type and "sha256" not in content and "document" in content:
        content["sha256"] = _digest_of(content["document"])
    return content


def _digest_of(document: object) -> str:
    try:
        return agreement_digest(AgreementText.model_validate_json(json.dumps(document)))
    except ValidationError as exc:
        raise RequestError(*faults_of(exc, "content.document")) from exc


def _field(value: object, name: str) -> str:
    return str(value.get(name, "")) if isinstance(value, dict) else ""


def _head(detail: CaseDetail) -> Iterator[str]:
    line = detail.case
    yield f"[bold]{STAGES[line.stage]}[/]  司法确认 {CONFIRMATIONS[line.confirmation]}"
    yield f"案件 case  {line.case_id}"
    yield f"两县 {output.counties(line.counties)}  牵头 lead {words.county_name(line.lead) if line.lead else '–'}"
    yield f"当事人 parties {_refs(detail.parties)}  调解员 mediators {_refs(detail.mediators)}"
    if detail.agreement_digest:
        yield f"协议摘要 agreement {detail.agreement_digest}"
    if detail.signatures_missing:
        yield f"[yellow]未签 not signed[/] {'、'.join(detail.signatures_missing)}"
    if not detail.heard:
        yield "[yellow]未听到对方最新消息，暂不能过关口 the other county is not heard: no gate can be passed now[/]"
    for one in detail.reminders:
        yield f"[bold yellow]{DAYS[one.kind]} {one.on}{'（已过）' if one.passed else ''}[/] {one.source}"


def _refs(members: tuple[Any, ...]) -> str:
    return "、".join(f"{one.ref}（{words.county_name(one.county)}）" for one in members) or "–"


def _entries(detail: CaseDetail) -> "RenderableType":
    rows = [_entry_row(one) for one in detail.entries]
    rows += [(output.short(one), "", "", "", "[yellow]等待前件 waits[/]") for one in detail.waiting]
    return output.table("卷宗 entries", "编号", "时间", "县", "事项", "*效力", rows=rows)


def _entry_row(one: CaseEntryLine) -> tuple[str, str, str, str, str]:
    counts = "有效" if one.settled else "有效（对方尚未跟进）"
    says = counts if one.fault is None else f"[red]不计入[/] {reason(one.fault.code)}"
    return output.short(one.envelope_id), output.minute(one.time), words.county_name(one.county), one.title, says


def _days(days: tuple[CaseDayLine, ...], title: str) -> Iterator["RenderableType"]:
    if days:
        rows = [(str(one.on), DAYS[one.kind], "已过" if one.passed else "", output.plain(one.source)) for one in days]
        yield output.table(title, "日期", "事项", "", "*依据", rows=rows)
