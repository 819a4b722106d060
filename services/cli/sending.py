"""``sihu send`` and ``sihu acknowledge``: an event goes out, an officer's answer goes back."""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from pydantic import ValidationError

from schemas.base import InformationClass, Status
from schemas.drafts import AcknowledgementDraft
from schemas.errors import Fault, NotFoundError, RequestError, UnavailableError
from schemas.faults import faults_of
from schemas.ids import CountyCode
from schemas.officers import Answer, AnswerWord
from services.bootstrap.cli import read_bytes
from services.cli import output, words
from services.cli.client import Api, ask, json_of
from services.cli.desk import Desk
from services.cli.fields import is_field, with_fields
from services.cli.filing import attached
from services.cli.officer import key_name, token_file
from services.cli.options import HERE, AsJson, Dir, OfficerPassphraseFile, PassphraseFile
from services.domain.encoding import parse_strict, to_base64url
from services.domain.vouching import answer_bytes
from services.gateway.answers import Accepted, Acknowledged

_MAX_BYTES: Final = 512 * 1024
_STDIN: Final = "-"
_ATTACHMENT: Final = "attachment_shared"

Parts = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[FILE|-] [FIELD=VALUE...]",
        help="A file, or - for standard input; fields of the content as text with `=`, as JSON with `:=`.",
        show_default=False,
    ),
]
Type = Annotated[str | None, typer.Option("--type", metavar="TYPE", help="FILE and fields are then the content alone.")]
To = Annotated[list[str] | None, typer.Option("--to", metavar="COUNTY", help="Code or Chinese name; all if left out.")]
Refs = Annotated[
    list[str] | None, typer.Option("--ref", metavar="RELATION:ID", help="supersedes, cancels, replies, case, evidence.")
]
When = Annotated[str | None, typer.Option(metavar="TIME", help="e.g. 2026-03-04T12:00:00+08:00.")]
AgreementId = Annotated[str | None, typer.Option(metavar="ID", help="Needed only if there are several.")]
OfStatus = Annotated[Status | None, typer.Option(help="exercise prints 【演练】 in every medium.")]
OfClass = Annotated[InformationClass | None, typer.Option("--class", help="If not the type's.")]
Purpose = Annotated[str | None, typer.Option(metavar="CODE", help="If not the type's.")]
Priority = Annotated[int | None, typer.Option(min=0, max=4, help="If not the type's; 0 is the highest.")]


def send(  # noqa: PLR0913 - each one is an option of the command line
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
    attach: Annotated[Path | None, typer.Option(metavar="FILE", help="A file, as an event of its own.")] = None,
    key: Annotated[str | None, typer.Option(help="Idempotency key: sent twice, it is still one event.")] = None,
    directory: Dir = HERE,
    as_json: AsJson = False,
) -> None:
    """Send an event: a whole draft from FILE, or with --type its content from FILE and FIELD=VALUE."""
    desk = Desk(directory)
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
    draft = draft_of(desk, parts or [], wire_type or (_ATTACHMENT if attach else None), given)
    if attach is not None:
        draft = attached(draft, desk, attach)
    accepted = post_draft(desk, draft, key or desk.county.ids.hex(16))
    if as_json:
        output.print_json(json_of(accepted))
    else:
        output.show(
            f"[green]已受理 accepted[/]  通道 {output.short(accepted.channel)} 第 {accepted.seq} 条",
            f"编号 id  {accepted.envelope_id}",
        )


def acknowledge(
    envelope_id: Annotated[str, typer.Argument(metavar="ID", help="The event; its first characters will do.")],
    *,
    officer: Annotated[str, typer.Option("--officer", metavar="ID", help="Who answers.")],
    answer: Annotated[AnswerWord, typer.Option(help="收到 处置 转 误报 不能.")] = AnswerWord.RECEIVED,
    note: Annotated[str, typer.Option(help="One sentence, at most 200 characters.")] = "",
    directory: Dir = HERE,
    passphrase_file: PassphraseFile = None,
    officer_passphrase_file: OfficerPassphraseFile = None,
    as_json: AsJson = False,
) -> None:
    """Answer an event that came in, signed with the officer's own key."""
    desk = Desk(directory, passphrase_file)
    token = desk.read_token(token_file(officer), f"`sihu officer add {officer}` makes one")
    key = desk.files.open_key(key_name(officer), desk.officer_passphrase(officer_passphrase_file))

    async def work(api: Api) -> Acknowledged:
        whole = await api.whole_id(envelope_id)
        said = _answer(desk.settings.county, officer, whole, answer, note, desk)
        draft = AcknowledgementDraft(
            answer=said.answer,
            note=said.note,
            answered_at=said.answered_at,
            signature=to_base64url(key.sign(answer_bytes(said))),
        )
        return await api.acknowledge(whole, draft.model_dump_json().encode())

    done = ask(desk, work, token=token)
    if as_json:
        output.print_json(json_of(done))
        return
    output.show(
        f"{words.STAGES[done.stage]}  {output.plain(done.officer)} {output.moment(done.answered_at)} "
        f"{words.ANSWERS[done.answer]}（{words.MEANS[done.means]}）",
        f"回执 receipt  {done.receipt.envelope_id}",
    )


def draft_of(desk: Desk, parts: list[str], wire_type: str | None, given: Mapping[str, object]) -> dict[str, Any]:
    """Return the body of an event as the command line says it.

    Args:
        desk: Knows the one agreement, where none is named.
        parts: At most one file, and fields.
        wire_type: Short or whole, if the file and the fields are the content alone.
        given: Options laid over it; None is left out.

    Raises:
        RequestError: There is nothing, more than one file, or no agreement to tell.
    """
    draft = _read_draft(parts, words.whole_type(wire_type))
    draft |= {name: value for name, value in given.items() if value is not None}
    if "agreement" not in draft:
        draft["agreement"] = only_agreement(desk)
    return draft


def _read_draft(parts: list[str], wire_type: str | None) -> dict[str, Any]:
    fields = [part for part in parts if is_field(part)]
    files = [part for part in parts if not is_field(part)]
    if len(files) > 1:
        raise RequestError(Fault("request.file", files[1], "give one FILE; a field is written FIELD=VALUE"))
    if not files and wire_type is None:
        raise RequestError(Fault("request.nothing", "FILE", "give a FILE, - for standard input, or --type and fields"))
    value = read_object(files[0]) if files else {}
    if wire_type is not None:
        return {"type": wire_type, "content": with_fields(value, fields)}
    content = value.setdefault("content", {})
    if fields and isinstance(content, dict):
        with_fields(content, fields)
    return value


def read_object(name: str) -> dict[str, Any]:
    """Return the JSON object in a file; ``-`` is standard input.

    Raises:
        RequestError: It is none.
    """
    data = sys.stdin.buffer.read() if name == _STDIN else read_bytes(Path(name), what="FILE", max_bytes=_MAX_BYTES)
    value = parse_strict(data, max_bytes=_MAX_BYTES, what="FILE")
    if isinstance(value, Fault):
        raise RequestError(value)
    if not isinstance(value, dict):
        raise RequestError(Fault("request.wrong_type", "FILE", "write one JSON object"))
    return value


def ref_of(text: str) -> dict[str, str]:
    """Return a relation to another event, written ``RELATION:ID``.

    Raises:
        RequestError: It is written otherwise.
    """
    relation, _, envelope_id = text.partition(":")
    if not envelope_id:
        raise RequestError(Fault("request.ref", "--ref", "write RELATION:ID, e.g. supersedes:3f9a…"))
    return {"rel": relation, "id": envelope_id}


def only_agreement(desk: Desk) -> str:
    """Return the one agreement that this county is a party of.

    Raises:
        RequestError: There is none, or there are several.
    """
    ours = [
        one.agreement.id
        for one in desk.loaded_trust().trust.agreements.values()
        if desk.settings.county in one.agreement.parties
    ]
    if len(ours) == 1:
        return ours[0]
    if not ours:
        mend = "none is adopted here yet; see `sihu agreement`"
        raise NotFoundError(Fault("sharing.no_agreement", "--agreement", mend))
    raise RequestError(Fault("request.agreement", "--agreement", f"say which one: {', '.join(sorted(ours))}"))


def post_draft(desk: Desk, draft: dict[str, Any], key: str) -> Accepted:
    """Send a whole draft to the node; the same key again never doubles it."""
    body = json.dumps(draft, ensure_ascii=False).encode()
    try:
        return ask(desk, lambda api: api.send(body, key))
    except UnavailableError as exc:
        # It may have been accepted all the same: only the same key can tell.
        raise UnavailableError(f"{exc}; then send the same again with --key {key}, which never doubles it") from exc


def _answer(county: str, officer: str, envelope_id: str, word: AnswerWord, note: str, desk: Desk) -> Answer:
    try:
        return Answer(
            envelope_id=envelope_id,
            county=CountyCode(county),
            officer=officer,
            answer=word,
            note=note,
            answered_at=desk.now(),
        )
    except ValidationError as exc:
        raise RequestError(*faults_of(exc, "acknowledgement")) from exc
