"""发布: choose a type, fill in its form, look at it as others will see it, and send it or hand it in for review."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from aiohttp import web
from pydantic import JsonValue

from schemas.base import Event, InformationClass, Status
from schemas.catalogue import model_of, parse_new
from schemas.errors import Fault, NotFoundError, RequestError
from schemas.governance.mediation import CASE_PREFIX, CaseRegistered
from schemas.governance.services import ServiceRequested
from schemas.information.referrals import ReferralOffered
from schemas.officers import Role
from services.console.beginning import begun_with
from services.console.files import OwnFile, bears_files, own_files
from services.console.navigation import WORKERS, writers_of
from services.console.signing import hand_in_signed
from services.console.visit import Page, Visit
from services.domain.encoding import compact_json
from services.domain.form_fields import Choice, Shape, Source, shapes_of
from services.domain.form_filling import filled_alert
from services.domain.form_layout import FILLED
from services.domain.form_making import make_form, typed_of
from services.domain.form_pairs import Typed
from services.domain.form_reading import ReadForm, read_form
from services.domain.printing import preview_sheet
from services.domain.sms_preview import preview_of
from services.gateway.answers import Accepted, UploadState
from services.gateway.api.sendable_routes import SendableLine, SendableList
from services.gateway.case_answers import CaseDetail
from services.gateway.course_answers import CourseAccepted
from services.gateway.release_answers import DraftDetail

_CONTENT: Final = "content."
_NEEDS_SECOND: Final = "release.second_officer"
_STATE: Final = "release.state"
_USED: Final = "request.idempotency_conflict"
_ALONE: Final = frozenset({Role.DUTY, Role.LIAISON})
_STEPS: Final = frozenset({"service", "referral"})


@dataclass(slots=True)
class Sheet:
    """What is being written: the form's own fields and those around it.

    Attributes:
        lines: Agreements that let this type be sent, and to whom.
        case: Envelope id of the case that it is an entry of; empty for none.
        draft: Number of the draft that is changed; empty for a new one.
        upload: Number of the upload whose file goes with it.
        once: Makes pressing twice one sending.
        said: Word of ``SAID`` for what was done all the same; empty for nothing.
    """

    wire_type: str
    model: type[Event]
    lines: Sequence[SendableLine]
    shapes: tuple[Shape, ...]
    agreement: str = ""
    to: tuple[str, ...] = ()
    status: str = Status.ACTUAL.value
    case: str = ""
    draft: str = ""
    upload: str = ""
    file_name: str = ""
    file_type: str = ""
    once: str = ""
    said: str = ""
    evidence: tuple[str, ...] = ()
    heads: tuple[str, ...] = ()
    files: Sequence[OwnFile] = ()
    typed: Typed = field(default_factory=dict)

    @property
    def line(self) -> SendableLine | None:
        """The agreement that is chosen, or the only one."""
        return next(
            (one for one in self.lines if one.agreement == self.agreement), self.lines[0] if self.lines else None
        )


async def choose(visit: Visit) -> web.StreamResponse:
    """Show what may be sent; with ``type``, its form."""
    wire_type = visit.query("type")
    if wire_type is not None:
        return await _begin(visit, wire_type)
    found = await visit.api.ask("list_sendable", SendableList)
    groups: dict[str, dict[str, str]] = {
        mutual: {} for mutual in ("information", "outreach", "development", "governance")
    }
    for one in found.types:
        model, mutual = model_of(one.wire_type), one.wire_type.split(".")[2]
        if model is not None and mutual in groups and is_begun_here(one.wire_type) and _may_write(visit, one.wire_type):
            groups[mutual][one.wire_type] = model.title_zh
    return visit.render("compose_types.html", {"groups": groups})


def _may_write(visit: Visit, wire_type: str) -> bool:
    return visit.visitor.is_any(writers_of(wire_type))


def is_begun_here(wire_type: str) -> bool:
    """Tell whether a type begins something; steps of a case, a course or a thread are taken where it stands."""
    if wire_type.startswith(CASE_PREFIX):
        return wire_type == CaseRegistered.wire_type
    stem = wire_type.split(".")[3]
    first = stem.partition("_")[0]
    if first in _STEPS:
        return wire_type in {ServiceRequested.wire_type, ReferralOffered.wire_type}
    return stem not in _FOLLOWING


_FOLLOWING: Final = frozenset(
    {
        "campaign_changed",
        "campaign_answered",
        "campaign_closed",
        "resource_answered",
        "resource_withdrawn",
        "project_joined",
        "project_progressed",
        "project_closed",
    }
)


async def _begin(visit: Visit, wire_type: str) -> web.StreamResponse:
    sheet = await _sheet_of(visit, wire_type)
    sheet.case, sheet.upload = visit.query("case") or "", visit.query("upload") or ""
    sheet.file_name, sheet.file_type = visit.query("file_name") or "", visit.query("file_type") or ""
    if sheet.model.carries_file and not sheet.upload:
        return visit.see_other("/files/new")
    sheet.once = visit.hall.desk.gateway.ids.hex(16)
    begun, asked = await begun_with(visit, wire_type), visit.request.query
    sheet.agreement = begun.agreement
    sheet.status = visit.query("status") or begun.status or sheet.status
    typed = dict(typed_of(sheet.shapes, begun.content))
    typed |= {name: tuple(asked.getall(name)) for name in asked if name.startswith(_CONTENT)}
    sheet.to = tuple(asked.getall("to", ())) or begun.to
    sheet.typed, sheet.files = typed, await _files(visit, sheet)
    return await _shown(visit, sheet)


async def edit(visit: Visit) -> web.StreamResponse:
    """Open a draft again in its form."""
    detail = await visit.api.ask("show_draft", DraftDetail, path={"id": visit.path("id")})
    if not isinstance(detail.event, dict):
        raise NotFoundError(
            Fault("request.not_found", "id", "the text of this draft is gone: it was sent or withdrawn")
        )
    event = detail.event
    sheet = await _sheet_of(visit, detail.draft.type)
    sheet.draft, sheet.once = visit.path("id"), visit.hall.desk.gateway.ids.hex(16)
    sheet.agreement, sheet.status = str(event.get("agreement", "")), str(event.get("status", Status.ACTUAL.value))
    to, content = event.get("to"), event.get("content")
    sheet.to = tuple(map(str, to)) if isinstance(to, list) else ()
    sheet.typed = typed_of(sheet.shapes, content if isinstance(content, dict) else {})
    sheet.files = await _files(visit, sheet)
    return await _shown(visit, sheet)


async def send(visit: Visit) -> web.StreamResponse:
    """Read the form and do what its button says: look, keep, hand in, send."""
    form = visit.form
    sheet = await _sheet_of(visit, form.get("type"))
    sheet.agreement, sheet.to, sheet.status = form.get("agreement"), form.all("to"), form.get("status")
    sheet.case, sheet.draft, sheet.once = form.get("case"), form.get("draft"), form.get("once")
    sheet.upload, sheet.evidence = form.get("upload"), form.all("evidence")
    sheet.file_name, sheet.file_type = form.get("file_name"), form.get("file_type")
    sheet.heads = tuple(form.get("heads").split())
    sheet.files = await _files(visit, sheet)
    read = read_form(sheet.shapes, form.pairs, files=[one.file for one in sheet.files])
    sheet.typed = read.typed
    if "alert_" in sheet.wire_type:
        read = replace(read, content=filled_alert(read.content))
    act = form.get("go")
    if read.shown or read.faults:
        return await _shown(visit, sheet, read.faults)
    if act not in {"keep", "send", "alone"}:
        return await _shown(visit, sheet, *_looked_at(visit, sheet, read))
    try:
        return await _done(visit, sheet, read, act)
    except RequestError as refusal:
        return await _shown(visit, sheet, refusal.faults)


async def _done(visit: Visit, sheet: Sheet, read: ReadForm, act: str) -> web.Response:
    if sheet.case:
        return await _written(visit, sheet, read)
    if sheet.model in {ServiceRequested, ReferralOffered}:
        return await _opened(visit, sheet, read)
    body = await _event(visit, sheet, read, alone=act == "alone")
    if sheet.draft:
        return await _changed(visit, sheet, body, act)
    if act == "keep":
        return visit.see_other(f"/drafts/{await _kept(visit, sheet, body)}", said="kept")
    try:
        sent = await visit.api.ask("submit_event", Accepted, body=body, key=sheet.once or None)
    except RequestError as refusal:
        if refusal.fault.code != _NEEDS_SECOND:
            raise
    else:
        return visit.see_other(f"/events/{sent.envelope_id}", said="sent")
    return await _handed_in(visit, sheet, await _kept(visit, sheet, body))


async def _kept(visit: Visit, sheet: Sheet, body: Mapping[str, JsonValue]) -> str:
    """Keep a new draft, one however often its button is pressed; return its number."""
    try:
        kept = await visit.api.ask("begin_draft", DraftDetail, body=body, key=sheet.once or None)
    except RequestError as refusal:
        if refusal.fault.code == _USED:  # by the draft that this page made before its text was changed
            sheet.once = visit.hall.desk.gateway.ids.hex(16)  # the page says so; pressing again means another draft
        raise
    return kept.draft.id


async def _changed(visit: Visit, sheet: Sheet, body: Mapping[str, JsonValue], act: str) -> web.Response:
    plain = {name: value for name, value in body.items() if name != "alone"}
    await visit.api.ask("change_draft", DraftDetail, path={"id": sheet.draft}, body=plain)
    if act == "keep":
        return visit.see_other(f"/drafts/{sheet.draft}", said="kept")
    return await _handed_in(visit, sheet, sheet.draft)


async def _handed_in(visit: Visit, sheet: Sheet, draft: str) -> web.Response:
    """Hand a draft in; pressed twice, it goes to where the draft stands.

    Raises:
        RequestError: Something is still wrong with it: it stays a draft, and the form goes on with it.
    """
    sheet.draft = draft
    try:
        await hand_in_signed(visit, draft)
    except RequestError as refusal:
        if refusal.fault.code != _STATE:
            sheet.said = "kept"
            raise
        return visit.see_other(f"/drafts/{draft}")  # it says itself that it waits, is approved or was sent
    return visit.see_other(f"/drafts/{draft}", said="handed_in")


async def _written(visit: Visit, sheet: Sheet, read: ReadForm) -> web.Response:
    body = {
        "type": sheet.wire_type,
        "last_seen": list(sheet.heads),
        "status": sheet.status,
        "evidence": list(sheet.evidence),
        "content": read.content,
    }
    await visit.api.ask("write_case_entry", Accepted, path={"id": sheet.case}, body=body, key=sheet.once or None)
    return visit.see_other(f"/cases/{sheet.case}", said="written")


async def _opened(visit: Visit, sheet: Sheet, read: ReadForm) -> web.Response:
    line = sheet.line
    body: dict[str, object] = {"agreement": line.agreement if line else "", "content": read.content}
    if sheet.model is ServiceRequested:
        body["evidence"] = list(sheet.evidence)
        made = await visit.api.ask("begin_service", CourseAccepted, body=body, key=sheet.once or None)
        return visit.see_other(f"/services/{made.id}", said="sent")
    made = await visit.api.ask("offer_referral", CourseAccepted, body=body, key=sheet.once or None)
    return visit.see_other(f"/population/referrals/{made.id}", said="sent")


async def _event(visit: Visit, sheet: Sheet, read: ReadForm, *, alone: bool) -> dict[str, JsonValue]:
    line = sheet.line
    body: dict[str, JsonValue] = {"type": sheet.wire_type, "agreement": line.agreement if line else ""}
    if sheet.to and line is not None and set(sheet.to) != set(line.recipients):
        body["to"] = list[JsonValue](sheet.to)
    body |= {"status": sheet.status or Status.ACTUAL.value, "content": read.content}
    if sheet.upload:
        state = await visit.api.ask("show_upload", UploadState, path={"id": sheet.upload})
        file: dict[str, JsonValue] = {"name": sheet.file_name, "media_type": sheet.file_type}
        body |= {
            "upload": sheet.upload,
            "content": {**read.content, **file, "size": state.size, "sha256": state.sha256},
        }
    return body | ({"alone": True} if alone else {})


def _looked_at(visit: Visit, sheet: Sheet, read: ReadForm) -> tuple[tuple[Fault, ...], Event | None]:
    """Return what is wrong with a content, or the event that it makes."""
    del visit
    if sheet.model in {ServiceRequested, ReferralOffered} or sheet.case:
        return (), None  # numbers and places are given to it as it is sent
    event = parse_new(sheet.wire_type, compact_json(read.content))
    return (event, None) if isinstance(event, tuple) else ((), event)


async def _sheet_of(visit: Visit, wire_type: str) -> Sheet:
    model = model_of(wire_type)
    if not _may_write(visit, wire_type):
        raise RequestError(Fault("access.role", "type", "your roles do not write events of this type"))
    found = await visit.api.ask("list_sendable", SendableList)
    lines = [one for one in found.types if one.wire_type == wire_type]
    if model is None or not lines:
        mend = "no agreement in force lets this county send this type: see the agreements under 协作方"
        raise RequestError(Fault("sharing.type_not_permitted", "type", mend))
    return Sheet(wire_type, model, lines, shapes_of(model, FILLED.get(model.__name__, frozenset())))


async def _shown(
    visit: Visit, sheet: Sheet, faults: Sequence[Fault] = (), event: Event | None = None
) -> web.StreamResponse:
    gateway = visit.hall.desk.gateway
    offers = await _offers(visit, sheet)
    files = [one.file for one in sheet.files]
    form = make_form(sheet.shapes, sheet.typed, faults, model=sheet.model.__name__, offers=offers, files=files)
    is_course = sheet.model in {ServiceRequested, ReferralOffered}
    values: dict[str, object] = {
        "sheet": sheet,
        "form": form,
        "statuses": (Status.ACTUAL, Status.EXERCISE, Status.TEST),
        "chooses_to": not sheet.case and not is_course,
        "may_keep": not (sheet.case or is_course or sheet.upload)
        and sheet.model.information_class is not InformationClass.PERSONAL,
        "names_evidence": bool(sheet.case) or sheet.model is ServiceRequested,
        "may_alone": visit.visitor.is_any(_ALONE) and "alert_" in sheet.wire_type,
        "preview": None,
        "sms": None,
    }
    if sheet.said:
        values["said"] = sheet.said
    if event is not None:
        status = Status(sheet.status) if sheet.status in set(Status) else Status.ACTUAL
        values["preview"] = preview_sheet(event, source=gateway.county, status=status, at=gateway.clock.now())
        values["sms"] = preview_of(event, gateway.county, status=status)
    return visit.render("compose.html", values, 422 if faults else 200)


async def _offers(visit: Visit, sheet: Sheet) -> Mapping[str, Sequence[Choice]]:
    """Offer the parties and mediators of the case that an entry belongs to, and note what was seen of it."""
    if not sheet.case:
        return {}
    detail = await visit.api.ask("show_case", CaseDetail, path={"id": sheet.case})
    sheet.heads = sheet.heads or tuple(detail.heads)
    return {
        Source.PARTY: [Choice(one.ref, one.ref) for one in detail.parties],
        Source.MEDIATOR: [Choice(one.ref, one.ref) for one in detail.mediators],
    }


async def _files(visit: Visit, sheet: Sheet) -> Sequence[OwnFile]:
    """Return the files that may be named in this form, if any may."""
    wanted = sheet.case or sheet.model is ServiceRequested or bears_files(sheet.shapes)
    return await own_files(visit) if wanted else ()


COMPOSE: Final = (
    Page("GET", "/compose", "compose", "发布", choose, WORKERS, "compose"),
    Page("POST", "/compose", "compose_send", "发布", send, WORKERS, "compose"),
    Page("GET", "/drafts/{id:[0-9a-f]{32}}/edit", "draft_edit", "改稿", edit, WORKERS, "drafts"),
)
