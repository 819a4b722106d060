"""起草、合签、启用、中止: everything about an agreement but its signatures, which are made where the key is.

Nothing is kept between two pages: each shows what follows from what was sent, and what was sent is judged anew.

Source: docs/decisions/0045-put-agreements-together-on-a-page.md
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Final
from urllib.parse import quote

from aiohttp import web
from pydantic import JsonValue

from schemas.agreements import Agreement
from schemas.base import BEIJING, format_time
from schemas.counties import name_of
from schemas.documents import SignedDocument
from schemas.errors import Fault, NotFoundError, RequestError
from services.console.navigation import EVERYBODY, LIAISONS
from services.console.rendering import fault_text
from services.console.uploads import Upload
from services.console.visit import Page, Visit
from services.domain import agreement_words
from services.domain.documents import document_digest, read_file
from services.domain.form_fields import Choice, Source, shapes_of
from services.domain.form_making import ROOT, make_form, typed_of
from services.domain.form_pairs import Typed
from services.domain.form_reading import read_form
from services.gateway.agreement_answers import (
    AdoptedAgreement,
    CollectedAgreement,
    DraftedAgreement,
    FlowLine,
    SuspendedAgreement,
)
from services.gateway.answers import MemberList
from services.gateway.api.trust_routes import AgreementLine, AgreementList

UPLOAD_MAX_BYTES: Final = 256 * 1024
"""Of all copies that are brought at once; a copy has some ten KiB."""
_SHAPES: Final = shapes_of(Agreement)
_DRAFT: Final = "draft."
_AHEAD_DAYS: Final = 7
"""What every party needs to sign a new version and adopt it, before it takes the place of the old one."""
_RETENTION_DAYS: Final = 365
_ORDER: Final = {one.value: at for at, one in enumerate(agreement_words.type_choices())}
"""Of the catalogue, as everywhere on the desk."""
_ROWS_SHOWN: Final = 200
"""Of what is gained, and of what is lost; how many more there are is told."""
_ID: Final = "{agreement:[a-z0-9-]{1,64}}"


# -- 起草 --------------------------------------------------------------------------------------------------------------


async def new(visit: Visit) -> web.StreamResponse:
    """Show the form of a new agreement, or of the next version of one in force."""
    wanted = visit.query("from")
    content = await (_beginning(visit) if wanted is None else _next_version(visit, wanted))
    return await _drafting(visit, typed_of(_SHAPES, content))


async def draft(visit: Visit) -> web.StreamResponse:
    """Judge what was written: the document to be signed, or every fault at its field."""
    read = read_form(_SHAPES, visit.form.pairs)
    if read.shown or read.faults:
        return await _drafting(visit, read.typed, read.faults, opened=read.shown)
    content = dict(read.content)
    for name in ("parties", "coordinators"):
        content[name] = _ascending(content.get(name))
    try:
        drafted = await visit.api.ask("draft_agreement", DraftedAgreement, body=content)
    except RequestError as refusal:
        return await _drafting(visit, read.typed, [_in_form(one) for one in refusal.faults])
    return await _drafting(visit, read.typed, drafted=drafted)


def _in_form(fault: Fault) -> Fault:
    """Name a fault of the draft as one of the form, so that it stands at its field and is said as there."""
    code = f"{ROOT}.{fault.code.removeprefix(_DRAFT)}" if fault.code.startswith(_DRAFT) else fault.code
    return replace(fault, code=code, field=f"{ROOT}.{fault.field}" if fault.field else ROOT)


def _ascending(counties: JsonValue) -> JsonValue:
    """An agreement lists counties in ascending order; nobody needs to know that who ticks boxes."""
    return sorted(counties, key=str) if isinstance(counties, list) else counties


async def _beginning(visit: Visit) -> Mapping[str, JsonValue]:
    own = visit.hall.desk.gateway.county
    members = (await visit.api.ask("list_members", MemberList)).members
    contacts: list[JsonValue] = [
        {"county": one.county, "office": one.office, "duty_phone": one.duty_phone}
        for one in members
        if one.county == own
    ]
    return {
        "version": 1,
        "parties": [own],
        "coordinators": [own],
        "class_ceiling": "internal",
        "retention_days": _RETENTION_DAYS,
        "contacts": contacts,
    }


async def _next_version(visit: Visit, agreement_id: str) -> Mapping[str, JsonValue]:
    held = (await _held(visit, agreement_id)).agreement
    ahead = visit.hall.desk.gateway.clock.now().astimezone(BEIJING) + timedelta(days=_AHEAD_DAYS)
    begins = max(held.valid_from, ahead.replace(hour=0, minute=0, second=0, microsecond=0))
    content: dict[str, JsonValue] = held.model_dump(mode="json")
    return content | {"version": held.version + 1, "valid_from": format_time(begins)}


async def _held(visit: Visit, agreement_id: str) -> AgreementLine:
    lines = (await visit.api.ask("list_agreements", AgreementList)).agreements
    found = next((one for one in lines if one.agreement.id == agreement_id), None)
    if found is None:
        raise NotFoundError(Fault("request.not_found", "agreement", "no such agreement is adopted here"))
    return found


async def _drafting(
    visit: Visit,
    typed: Typed,
    faults: Sequence[Fault] = (),
    *,
    opened: str = "",
    drafted: DraftedAgreement | None = None,
) -> web.StreamResponse:
    members = (await visit.api.ask("list_members", MemberList)).members
    offers: dict[str, Sequence[Choice]] = {
        Source.COUNTY: [Choice(one.county, one.name) for one in members],
        "types": agreement_words.type_choices(),
        "purposes": agreement_words.purpose_choices(),
    }
    values: dict[str, object] = {
        "form": make_form(_SHAPES, typed, faults, model=Agreement.__name__, offers=offers),
        "opened": opened,
        "drafted": drafted,
        "digest_lines": agreement_words.digest_lines,
    }
    if drafted is not None:
        values |= _told(await _collected(visit, [drafted.document]))
        values["document"] = drafted.document.model_dump_json()
        values["file_name"] = f"{_stem(drafted.agreement)}-待签.json"
    return visit.render("agreement_draft.html", values, 422 if faults else 200)


async def file(visit: Visit) -> web.StreamResponse:
    """Hand out a document that a page has shown, as a file to pass on."""
    found = await _collected(visit, [_carried(visit)])
    state = "已签齐" if not found.missing else "部分签名" if found.signed else "待签"
    stem = _stem(found.agreement)
    named = f"attachment; filename=\"{stem}.json\"; filename*=UTF-8''{quote(f'{stem}-{state}.json')}"
    body = found.document.model_dump_json(indent=1).encode() + b"\n"
    return web.Response(body=body, content_type="application/json", headers={"Content-Disposition": named})


def _stem(agreement: Agreement) -> str:
    return f"{agreement.id}-{agreement.version}"


def _carried(visit: Visit) -> SignedDocument:
    """Return the document that the page before has put into its form.

    Raises:
        RequestError: It is none.
    """
    document = read_file(visit.form.get("document").encode())
    if isinstance(document, Fault):
        raise RequestError(document)
    return document


# -- 合签、启用 --------------------------------------------------------------------------------------------------------


async def signing(visit: Visit) -> web.StreamResponse:
    """Ask for copies that parties have signed."""
    return _asking(visit)


async def collect(visit: Visit) -> web.StreamResponse:
    """Put copies together and show who has signed, and what would change."""
    sent = [one for name, one in visit.uploads if name == "copies"]
    copies, wrong = _read(sent)
    if wrong or not copies:
        return _asking(visit, wrong or [("", fault_text(Fault("agreement.no_copy", "copies", "")))])
    try:
        found = await _collected(visit, list(copies.values()))
    except RequestError as refusal:
        told = [("", fault_text(one)) for one in refusal.faults]
        if refusal.fault.code == "document.differs":
            told += [(name, f"摘要 {_first_line(one)}…") for name, one in copies.items()]
        return _asking(visit, told)
    return _collected_page(visit, found)


async def adopt(visit: Visit) -> web.StreamResponse:
    """Put an agreement in force, by what the officer has heard of its digest."""
    document, heard = _carried(visit), visit.form.get("digest")
    body: dict[str, object] = {"copies": [document.model_dump(mode="json")], "digest": heard}
    try:
        done = await visit.api.ask("adopt_agreement", AdoptedAgreement, body=body)
    except RequestError as refusal:
        return _collected_page(visit, await _collected(visit, [document]), heard, refusal.faults)
    return visit.see_other(f"/partners/agreements/{done.id}", said="agreement_adopted")


def _read(sent: Sequence[Upload]) -> tuple[dict[str, SignedDocument], list[tuple[str, str]]]:
    """Return the documents by the names of their files, and of each file that is none, what is wrong with it."""
    copies: dict[str, SignedDocument] = {}
    wrong: list[tuple[str, str]] = []
    for number, one in enumerate(sent, 1):
        name = one.name if one.name and one.name not in copies else f"{one.name}（第 {number} 个文件）"
        document = read_file(one.data)
        if isinstance(document, Fault):
            wrong.append((name, fault_text(Fault("document.malformed", "", document.mend))))
        else:
            copies[name] = document
    return copies, wrong


def _first_line(document: SignedDocument) -> str:
    return agreement_words.digest_lines(document_digest(document))[0]


async def _collected(visit: Visit, copies: Sequence[SignedDocument]) -> CollectedAgreement:
    body: dict[str, object] = {"copies": [one.model_dump(mode="json") for one in copies]}
    return await visit.api.ask("collect_agreement", CollectedAgreement, body=body)


def _asking(visit: Visit, wrong: Sequence[tuple[str, str]] = ()) -> web.Response:
    values = {"wrong": wrong, "most": UPLOAD_MAX_BYTES >> 10}
    return visit.render("agreement_signing.html", values, 422 if wrong else 200)


def _collected_page(
    visit: Visit, found: CollectedAgreement, heard: str = "", faults: Sequence[Fault] = ()
) -> web.Response:
    refusal = found.refusal
    values = {
        **_told(found),
        "document": found.document.model_dump_json(),
        "digest_lines": agreement_words.digest_lines,
        "flaws": agreement_words.FLAWS,
        "heard": heard,
        "faults": faults,
        "refusal": fault_text(refusal) if refusal else "",
        "name_of": name_of,
    }
    return visit.render("agreement_signed.html", values, 422 if faults else 200)


def _told(found: CollectedAgreement) -> dict[str, object]:
    """Return what a page says of an agreement and of what it changes."""
    changes = found.differences
    parties = found.agreement.parties

    def rows(flows: Sequence[FlowLine]) -> list[tuple[str, str, list[str]]]:
        return [
            (
                agreement_words.named(one.sources, parties),
                agreement_words.named(one.recipients, parties),
                sorted(one.types, key=lambda name: _ORDER.get(name, len(_ORDER))),
            )
            for one in flows[:_ROWS_SHOWN]
        ]

    return {
        "found": found,
        "gained": rows(changes.gained),
        "gained_more": max(0, len(changes.gained) - _ROWS_SHOWN),
        "lost": rows(changes.lost),
        "lost_more": max(0, len(changes.lost) - _ROWS_SHOWN),
        "changed": [agreement_words.change_said(one.field, one.way, one.before, one.after) for one in changes.fields],
    }


# -- 中止 --------------------------------------------------------------------------------------------------------------


async def suspending(visit: Visit) -> web.StreamResponse:
    """Say what a suspension does, and how it is made where the key is."""
    return _suspending(visit, await _held(visit, visit.path("agreement")))


async def suspend(visit: Visit) -> web.StreamResponse:
    """Take a signed suspension: it counts at once."""
    line = await _held(visit, visit.path("agreement"))
    paper = visit.files.get("suspension")
    if paper is None or not paper.data:
        return _suspending(visit, line, (Fault("request.missing_field", "suspension", "choose the signed suspension"),))
    document = read_file(paper.data)
    if isinstance(document, Fault):
        return _suspending(visit, line, (Fault("document.malformed", "", document.mend),))
    body = {"document": document.model_dump(mode="json")}
    path = {"id": line.agreement.id}
    try:
        done = await visit.api.ask("suspend_agreement", SuspendedAgreement, path=path, body=body)
    except RequestError as refusal:
        return _suspending(visit, line, refusal.faults)
    return visit.see_other(f"/partners/agreements/{done.id}", said="agreement_suspended")


def _suspending(visit: Visit, line: AgreementLine, faults: Sequence[Fault] = ()) -> web.Response:
    values = {
        "line": line,
        "one": line.agreement,
        "faults": faults,
        "acts": visit.visitor.is_any(LIAISONS),
        "most": UPLOAD_MAX_BYTES >> 10,
    }
    return visit.render("agreement_suspending.html", values, 422 if faults else 200)


_SUSPENDING: Final = f"/partners/suspending/{_ID}"
AGREEMENTS: Final = (
    Page("GET", "/partners/drafting", "agreement_new", "起草协议", new, LIAISONS, "partners"),
    Page("POST", "/partners/drafting", "agreement_draft", "起草协议", draft, LIAISONS, "partners"),
    Page("POST", "/partners/document", "agreement_file", "下载协议文件", file, LIAISONS, "partners"),
    Page("GET", "/partners/signing", "agreement_signing", "合签与启用", signing, LIAISONS, "partners"),
    Page(
        "POST",
        "/partners/signing",
        "agreement_collect",
        "合签与启用",
        collect,
        LIAISONS,
        "partners",
        upload_max=UPLOAD_MAX_BYTES,
    ),
    Page(
        "POST",
        "/partners/adoption",
        "agreement_adopt",
        "启用协议",
        adopt,
        LIAISONS,
        "partners",
        keeps_record=True,
    ),
    Page("GET", _SUSPENDING, "agreement_suspending", "中止协议", suspending, EVERYBODY, "partners"),
    Page(
        "POST",
        _SUSPENDING,
        "agreement_suspend",
        "中止协议",
        suspend,
        LIAISONS,
        "partners",
        upload_max=UPLOAD_MAX_BYTES,
        keeps_record=True,
    ),
)
