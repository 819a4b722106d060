"""``sihu cap held``, ``close`` and ``answers``: CAP documents that wait at the running node, and what came back."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from schemas.cap_records import CapState
from schemas.control import ReceiptStage
from schemas.drafts import CapClosingDraft
from services.bootstrap.cli import write_given
from services.cli import output
from services.cli.client import Api, ask, json_of
from services.cli.desk import Desk
from services.cli.listing import Limit
from services.cli.officer import token_file
from services.cli.options import HERE, AsJson, Dir
from services.gateway.cap_answers import CapDocumentLine

Number = Annotated[int, typer.Argument(metavar="N", min=1, max=2**53 - 1, help="Number of the document.")]
MaybeNumber = Annotated[
    int | None,
    typer.Argument(
        metavar="[N]", min=1, max=2**53 - 1, help="Print the draft of this one; all are listed if left out."
    ),
]
Officer = Annotated[str, typer.Option("--officer", metavar="ID", help="Who decides.")]
MaybeOfficer = Annotated[str | None, typer.Option("--officer", metavar="ID", help="Who looks; needed with N.")]
All = Annotated[bool, typer.Option("--all", help="Those that went out or were closed, too.")]

_COLUMNS = (">编号", "时间", "来源", "类型", "*原因", "状态")
_STATES = {CapState.SENT: "[green]已发[/]", CapState.HELD: "[bold red]待办[/]", CapState.CLOSED: "[dim]已关闭[/]"}
_SAID = {
    ReceiptStage.ACKNOWLEDGED: "Ack 收悉",
    ReceiptStage.ACTIONED: "Ack 自称已处置",
    ReceiptStage.DECLINED: "[red]Error 不处置[/]",
    ReceiptStage.REJECTED: "[red]Error 拒收[/]",
}
"""In words of their own: nobody shall take them for receipts."""
_ANSWERS = ("时间", "*来自", "结果", "*说明", "签名")


def held(
    number: MaybeNumber = None,
    *,
    officer: MaybeOfficer = None,
    original: Annotated[
        Path | None, typer.Option("--original", metavar="FILE", help="With N: write its bytes as they came here, too.")
    ] = None,
    every: All = False,
    limit: Limit = 20,
    directory: Dir = HERE,
    as_json: AsJson = False,
) -> None:
    """List CAP documents that wait for an officer; with N print the draft of one for `sihu send`, once mended."""
    desk = Desk(directory)
    if number is not None:
        _show(desk, number, officer, original)
        return
    found = ask(desk, lambda api: api.cap_documents(held_only=not every, limit=limit))
    if as_json:
        output.print_json(json_of(found))
        return
    rows = [
        (
            str(one.number),
            output.minute(one.recorded_at),
            output.plain(one.origin),
            one.message_type,
            output.plain(one.faults[0].code if one.faults else ""),
            _STATES[one.state],
        )
        for one in found.documents
    ]
    empty = "没有 there is none" if every else "没有待办的文件 nothing waits"
    output.show(output.table("预警文件 CAP documents", *_COLUMNS, rows=rows, empty=empty))


def close(
    number: Number,
    *,
    officer: Officer,
    event: Annotated[
        str | None, typer.Option("--event", metavar="ID", help="The alert that was sent for it; dropped if left out.")
    ] = None,
    directory: Dir = HERE,
    as_json: AsJson = False,
) -> None:
    """Close a document that was held: draft and bytes are destroyed; who and when is kept."""
    desk = Desk(directory)

    async def work(api: Api) -> CapDocumentLine:
        sent = await api.whole_id(event) if event else None
        return await api.close_cap_document(number, CapClosingDraft(event=sent).model_dump_json().encode())

    line = ask(desk, work, token=_token(desk, officer))
    if as_json:
        output.print_json(json_of(line))
    else:
        became = f"  已发 {output.short(line.envelope_id)}" if line.envelope_id else ""
        output.show(f"{line.number}  {_STATES[line.state]}{became}")


def answers(
    event: Annotated[str, typer.Argument(metavar="ID", help="The alert; its first characters will do.")],
    *,
    directory: Dir = HERE,
    as_json: AsJson = False,
) -> None:
    """List what foreign systems answered to an alert by CAP; none of it is an acknowledgement."""

    async def work(api: Api) -> object:
        found = await api.cap_answers(await api.whole_id(event))
        if as_json:
            return json_of(found)
        return [
            (
                output.minute(one.sent_at),
                output.plain(one.sender),
                _SAID.get(one.stage, one.stage.value),
                output.plain(one.note),
                output.plain(one.signer or "–"),
            )
            for one in found.answers
        ]

    found = ask(Desk(directory), work)
    if as_json:
        output.print_json(found)
    elif isinstance(found, list):
        output.show(output.table("外部回应 answers", *_ANSWERS, rows=found, empty="没有 there is none"))


def _show(desk: Desk, number: int, officer: str | None, original: Path | None) -> None:
    token = _token(desk, officer) if officer else None
    detail = ask(desk, lambda api: api.cap_document(number), token=token)
    for fault in detail.document.faults:
        sys.stderr.write(f"{fault.field}: {fault.mend} [{fault.code}]\n")
    if original is not None:
        write_given(original, ask(desk, lambda api: api.cap_original(number), token=token))
    if detail.draft is None:
        output.print_json(json_of(detail.document))
    else:
        output.print_json(detail.draft)


def _token(desk: Desk, officer: str) -> str:
    return desk.read_token(token_file(officer), f"`sihu officer add {officer}` makes one")
