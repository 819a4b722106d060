"""``sihu draft``: what two officers release (拟稿、审核、签发), from the first words to the second name under it.

Every act is somebody's: it needs a token that is bound to an officer and has ``events:write``.
"""

import json
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from pydantic import JsonValue

from schemas.drafts import SendingDraft, Verdict
from schemas.errors import UnavailableError
from schemas.releases import DraftState
from services.cli import output, words
from services.cli.client import PAGE_MAX, Api, ask, json_of
from services.cli.desk import Desk, token_in
from services.cli.listing import Limit
from services.cli.options import HERE, AsJson, Dir
from services.cli.sending import (
    AgreementId,
    OfClass,
    OfStatus,
    Parts,
    Priority,
    Purpose,
    Refs,
    To,
    Type,
    When,
    draft_of,
    ref_of,
)
from services.cli.showing import content_table
from services.domain.desk_words import DRAFTS
from services.domain.releasing import Act
from services.gateway.answers import Accepted
from services.gateway.release_answers import DraftDetail, DraftLine

if TYPE_CHECKING:
    from rich.console import RenderableType

app = typer.Typer(
    help="Drafts 稿件: alerts of level 1 and 2 and bulletins go out when a second officer has approved them.",
    pretty_exceptions_enable=False,
)

_WHOLE: Final = 32
_STYLES: Final = {DraftState.IN_REVIEW: "yellow", DraftState.RETURNED: "red", DraftState.APPROVED: "green"}
ACTS: Final = {
    Act.CHANGE: "change 修改",
    Act.HAND_IN: "hand-in 送审",
    Act.APPROVE: "approve 审核通过",
    Act.RETURN: "return 退回",
    Act.SEND: "send 签发",
    Act.SEND_UNREVIEWED: "send 直接签发",
    Act.WITHDRAW: "withdraw 撤销",
}
"""How each act is typed, and what it is called."""

Number = Annotated[str, typer.Argument(metavar="ID", help="Number of the draft; its first characters will do.")]
TokenFile = Annotated[
    Path | None,
    typer.Option("--token-file", metavar="FILE", help="The officer's token, with events:read and events:write."),
]
Shown = Annotated[
    str, typer.Option("--digest", metavar="SHA256", help="Of the text that was read, whole, as `show` prints it.")
]


@app.command("list")
def list_drafts(
    *,
    state: Annotated[DraftState | None, typer.Option("--state", help="Only these; all open ones if left out.")] = None,
    limit: Limit = 20,
    token_file: TokenFile = None,
    directory: Dir = HERE,
    as_json: AsJson = False,
) -> None:
    """List drafts, the one that changed last first."""
    found = ask(Desk(directory), lambda api: api.drafts(state, limit), token=token_in(token_file))
    if as_json:
        output.print_json(json_of(found))
        return
    rows = [
        (
            one.id[:8],
            _state(one),
            output.type_zh(one.type),
            output.plain(one.title),
            output.plain(one.author_name),
            output.plain(one.reviewer or "–"),
            output.minute(one.changed_at),
        )
        for one in found.drafts
    ]
    columns = ("编号", "状态", "类型", "*标题", "拟稿", "审核", "改于")
    output.show(output.table("稿件 drafts", *columns, rows=rows, empty="没有 none"))


@app.command()
def show(number: Number, *, token_file: TokenFile = None, directory: Dir = HERE, as_json: AsJson = False) -> None:
    """Show one draft whole, its digest, and what the token's officer may do with it now."""
    _say(_done(directory, token_file, number, lambda api, whole: api.draft(whole)), as_json=as_json, whole=True)


@app.command()
def make(  # noqa: PLR0913 - each one is an option of the command line
    parts: Parts = None,
    *,
    wire_type: Type = None,
    agreement: AgreementId = None,
    to: To = None,
    status: OfStatus = None,
    information_class: OfClass = None,
    purpose: Purpose = None,
    priority: Priority = None,
    expires: When = None,
    acknowledge_by: When = None,
    ref: Refs = None,
    change: Annotated[
        str | None, typer.Option("--change", metavar="ID", help="In place of the text of this draft of yours.")
    ] = None,
    key: Annotated[str | None, typer.Option(help="Idempotency key: sent twice, it is still one draft.")] = None,
    token_file: TokenFile = None,
    directory: Dir = HERE,
    as_json: AsJson = False,
) -> None:
    """Make a draft, or change one: as `sihu send` is told an event; its content may still be incomplete."""
    desk, token = Desk(directory), token_in(token_file)
    given = {
        "agreement": agreement,
        "to": sorted({words.county_code(one) for one in to}) if to else None,
        "status": status,
        "class": information_class,
        "purpose": purpose,
        "priority": priority,
        "expires": expires,
        "acknowledge_by": acknowledge_by,
        "refs": [ref_of(one) for one in ref] if ref else None,
    }
    text = json.dumps(draft_of(desk, parts or [], wire_type, given), ensure_ascii=False).encode()
    if change is not None:
        changed = _done(directory, token_file, change, lambda api, whole: api.move_draft(whole, "content", text))
        _say(changed, as_json=as_json)
        return
    once = key or desk.county.ids.hex(16)
    try:
        made = ask(desk, lambda api: api.begin_draft(text, once), token=token)
    except UnavailableError as exc:
        # It may have been kept all the same: only the same key can tell.
        raise UnavailableError(f"{exc}; then make the same again with --key {once}, which never doubles it") from exc
    _say(made, as_json=as_json)


@app.command("hand-in")
def hand_in(number: Number, *, token_file: TokenFile = None, directory: Dir = HERE, as_json: AsJson = False) -> None:
    """Hand a draft in for review (送审); it must be what could be sent now."""
    done = _done(directory, token_file, number, lambda api, whole: api.move_draft(whole, "submission"))
    _say(done, as_json=as_json)


@app.command()
def approve(
    number: Number,
    *,
    digest: Shown,
    send: Annotated[bool, typer.Option("--send", help="And send it at once.")] = False,
    token_file: TokenFile = None,
    directory: Dir = HERE,
    as_json: AsJson = False,
) -> None:
    """Approve another officer's draft (审核通过), as it was read: if it has changed since, it is refused."""
    said = _review(Verdict.APPROVE, digest, send=send)
    done = _done(directory, token_file, number, lambda api, whole: api.move_draft(whole, "review", said))
    _say(done, as_json=as_json)


@app.command("return")
def return_(
    number: Number,
    *,
    digest: Shown,
    note: Annotated[str, typer.Option("--note", help="What is to be changed, in a sentence.")],
    token_file: TokenFile = None,
    directory: Dir = HERE,
    as_json: AsJson = False,
) -> None:
    """Return a draft to its author (退回), with what is to be changed."""
    said = _review(Verdict.RETURN, digest, note=note)
    done = _done(directory, token_file, number, lambda api, whole: api.move_draft(whole, "review", said))
    _say(done, as_json=as_json)


@app.command()
def send(
    number: Number,
    *,
    alone: Annotated[
        bool, typer.Option("--alone", help="Nobody else is there: an alert of level 1 or 2, countersigned later.")
    ] = False,
    token_file: TokenFile = None,
    directory: Dir = HERE,
    as_json: AsJson = False,
) -> None:
    """Send a draft (签发): one that is approved, that needs no second officer, or that is sent alone."""
    body = SendingDraft(alone=alone).model_dump_json().encode()
    sent: Accepted = _done(directory, token_file, number, lambda api, whole: api.send_draft(whole, body))
    if as_json:
        output.print_json(json_of(sent))
        return
    output.show(
        f"[green]已受理 accepted[/]  通道 {output.short(sent.channel)} 第 {sent.seq} 条",
        f"编号 id  {sent.envelope_id}",
    )


@app.command()
def withdraw(number: Number, *, token_file: TokenFile = None, directory: Dir = HERE, as_json: AsJson = False) -> None:
    """Take a draft back for good (撤销); its text is gone."""
    done = _done(directory, token_file, number, lambda api, whole: api.move_draft(whole, "withdrawal"))
    _say(done, as_json=as_json)


@app.command()
def countersign(
    event: Annotated[str, typer.Argument(metavar="EVENT", help="An own alert; its first characters will do.")],
    *,
    token_file: TokenFile = None,
    directory: Dir = HERE,
    as_json: AsJson = False,
) -> None:
    """Put the second name under an alert that one officer sent alone (补签)."""
    token = token_in(token_file)

    async def work(api: Api) -> Any:  # noqa: ANN401 - printed as it is
        return await api.countersign(await api.whole_id(event))

    found = ask(Desk(directory), work, token=token)
    if as_json:
        output.print_json(json_of(found))
        return
    named = "、".join(output.plain(one.name) for row in found.releases for one in row.officers)
    output.show(f"[green]已补签 countersigned[/]  {named}")


def _done(directory: Path, token_file: Path | None, number: str, act: Callable[[Api, str], Awaitable[Any]]) -> Any:  # noqa: ANN401 - what the act answers
    async def work(api: Api) -> Any:  # noqa: ANN401
        return await act(api, await _whole(api, number))

    return ask(Desk(directory), work, token=token_in(token_file))


async def _whole(api: Api, number: str) -> str:
    text = number.strip().lower()
    if len(text) == _WHOLE:
        return api.whole_number(text, (text,))  # one that has ended is in no list of open ones
    return api.whole_number(text, (one.id for one in (await api.drafts(None, PAGE_MAX)).drafts))


def _review(verdict: Verdict, digest: str, **said: JsonValue) -> bytes:
    return json.dumps({"verdict": verdict, "digest": digest.strip().lower(), **said}, ensure_ascii=False).encode()


def _say(found: DraftDetail, *, as_json: bool, whole: bool = False) -> None:
    if as_json:
        output.print_json(json_of(found))
        return
    output.show(*_head(found))
    if whole:
        output.show(*_text(found))


def _head(found: DraftDetail) -> Iterator[str]:
    line = found.draft
    yield f"{_state(line)}  [bold]{output.plain(line.title or output.type_zh(line.type))}[/]"
    yield f"{output.type_title(line.type)}  {'须两人 two officers' if found.needs_second else '一人即可 one officer'}"
    yield f"拟稿 author   {output.plain(line.author_name)}（{line.author}） {output.moment(line.created_at)}"
    if line.reviewer:
        yield f"审核 reviewer {output.plain(line.reviewer)}"
    if line.note:
        yield f"意见 note     {output.plain(line.note)}"
    if line.event_id is not None:
        yield f"事件 event    {line.event_id}"
    yield f"可办 acts     {'、'.join(dict.fromkeys(ACTS[one] for one in found.acts)) or '没有 none'}"
    yield f"编号 id       {line.id}"
    yield f"摘要 digest   {found.digest}"


def _text(found: DraftDetail) -> "Iterator[RenderableType]":
    """Show what is approved: the content by its Chinese names, then everything, as it is."""
    if not isinstance(found.event, dict):
        yield "正文已不保留 its text is gone"
        return
    yield content_table(found.event.get("content"))
    yield "原文 the very text:"
    lines = json.dumps(found.event, ensure_ascii=False, indent=2).split("\n")
    yield "\n".join(output.plain(line) for line in lines)


def _state(line: DraftLine) -> str:
    style = _STYLES.get(line.state)
    return f"[{style}]{DRAFTS[line.state]}[/]" if style else DRAFTS[line.state]
