"""A foreign CAP 1.2 document as a draft of an alert: what it lacks is filled in and said, what it says beyond is kept.

An officer completes the draft. What the guards find holds it back: nothing is lost, and nothing is changed silently.

Source: docs/alerting/cap.md; docs/decisions/0031-map-cap-both-ways.md
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from pydantic import JsonValue, ValidationError

from schemas.base import InformationClass, Status, format_time
from schemas.cap import CapAlert, CapInfo
from schemas.catalogue import parse_new
from schemas.envelope import CONTENT_MAX_BYTES
from schemas.errors import Fault
from schemas.forms import LINE_PATTERN
from schemas.information.alert_parts import Certainty, DutyContact, ReportStage, ResponseType, Severity, Urgency
from schemas.information.alerts import Alert, AlertCancelled, AlertIssued, AlertUpdated
from schemas.information.event_codes import CLASS_DIGITS, SCHEME, EventClass
from services.domain.cap import (
    EVENT_NAME_MAX,
    FALLBACK_SCHEME,
    HEADLINE_MAX,
    LINE_MAX,
    NOTE_MAX,
    RESERVED,
    TEXT_MAX,
    alert_id_of,
    class_of,
    default_level,
    moment_of,
    our_word,
    shortened,
    shortened_text,
)
from services.domain.cap_areas import areas_of
from services.domain.cap_lines import language_owners, lines_of, primary_of, rebuilt, unescaped
from services.domain.cap_rules import judge_cap, references_of, sent_at
from services.domain.cap_writing import cap_alert, is_ours
from services.domain.encoding import compact_json, digest_of, parse_strict
from services.domain.guards import guard_new

ORIGINAL: Final = "CAP 1.2 原文"
MEDIA_TYPE: Final = "application/cap+xml"
_DAY: Final = timedelta(hours=24)
_LONGEST: Final = timedelta(days=366)
_PREDECESSORS_MAX: Final = 32
_PARAMETERS_MAX: Final = 32
_PARAMETER_NAME_MAX: Final = 30
_TEXTS_MAX: Final = 8
_UNSTATED: Final = "未说明"
_LANGUAGE: Final = re.compile(r"[a-z]{2,3}(?:-[0-9A-Za-z]{2,8}){0,3}")
_CODE: Final = re.compile(r"1[1-4][0-9A-Za-z]{3}")
_LINE: Final = re.compile(LINE_PATTERN.replace("$", r"\Z"))

Content = dict[str, Any]


@dataclass(frozen=True, slots=True)
class ImportDesk:
    """Who imports: what a foreign document cannot say.

    Attributes:
        office: 14 digits, the first half of every ``alert_id`` that is given.
        contact: The importing duty room; readers call it, not the foreign sender.
        approved_by_role: Of who is to release the draft.
        numbers: Alert ids of documents that did not get the one that follows from them, by sender, identifier and time.
        also: Alerts of the same event that are in force: an update or cancellation names them, too.
    """

    office: str
    contact: DutyContact
    approved_by_role: str = "待审核"
    numbers: Mapping[tuple[str, str, datetime], str] = field(default_factory=dict)
    also: tuple[str, ...] = ()

    def number_of(self, sender: str, identifier: str, sent_at: datetime) -> str:
        """Return the alert id of a document."""
        given = self.numbers.get((sender, identifier, sent_at))
        return given or alert_id_of(self.office, sender, identifier, sent_at)


@dataclass(frozen=True, slots=True)
class Imported:
    """A draft.

    Attributes:
        event: Valid as it is; ``cap_lines`` empty if the document is one of ours.
        status: For the header.
        information_class: For the header.
        to_complete: What an officer must look at before it goes out; empty if the document is one of ours.
        original: The bytes as they came; the event names them by digest.
    """

    event: Alert
    status: Status
    information_class: InformationClass
    to_complete: tuple[Fault, ...]
    original: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Held:
    """The guards found something: an officer must decide.

    Attributes:
        faults: What, and where.
        draft: As it would have been.
    """

    faults: tuple[Fault, ...]
    draft: Imported = field(repr=False)


def import_cap(document: CapAlert, *, original: bytes, desk: ImportDesk) -> Imported | Held | Fault:
    """Read a document as an alert.

    Args:
        document: Its content; the form is valid already.
        original: Its bytes as they came.
        desk: Who imports.

    Returns:
        The draft; a draft that the guards hold back; or why the document is refused.
    """
    sent = sent_at(document)
    if isinstance(sent, Fault):
        return sent
    if fault := judge_cap(document):
        return fault
    if document.msg_type in {"Ack", "Error"}:
        return Fault("cap.answer", "msgType", f"{document.msg_type} answers an alert; it is none: read it as a receipt")
    if is_ours(document) and not isinstance(ours := cap_alert(document), Fault):
        return _guarded(Imported(*ours, (), original))
    return _foreign(document, sent, original, desk)


def _foreign(document: CapAlert, sent: datetime, original: bytes, desk: ImportDesk) -> Imported | Held | Fault:
    notes: list[Fault] = []
    model = _model_of(document)
    content = _content(document, model, sent, desk, notes)
    content["resources"] = [
        {"desc": ORIGINAL, "media_type": MEDIA_TYPE, "size": len(original), "sha256": digest_of(original)}
    ]
    event = parse_new(model.wire_type, content)
    if not isinstance(event, Alert):
        fault = event[0] if isinstance(event, tuple) else Fault("", "alert", "")
        return Fault("cap.unfit", fault.field, f"no alert can say this: {fault.mend}")
    try:
        event = event.model_copy(update={"cap_lines": lines_of(document, event)})
    except ValidationError:
        return _too_large()
    if rebuilt(event) != document:
        return Fault("cap.not_kept", "alert", "an event cannot keep this document whole; send it as a file instead")
    status = our_word(Status, document.status)
    if status is None:
        notes.append(_note("status", "the document is a Draft: it is taken as a test; choose the status"))
    scope = InformationClass.PUBLIC if document.scope == "Public" else InformationClass.INTERNAL
    return _guarded(Imported(event, status or Status.TEST, scope, tuple(notes), original))


def _too_large() -> Fault:
    mend = "as an event it has too many bytes or values; send it as a file, and tell what matters in an alert"
    return Fault("cap.too_large", "alert", mend)


def _guarded(draft: Imported) -> Imported | Held | Fault:
    raw = draft.event.model_dump_json().encode()
    value = parse_strict(raw, max_bytes=CONTENT_MAX_BYTES)
    if isinstance(value, Fault):
        return _too_large()
    fault = guard_new(value, raw) or _guard_lines(draft.event)
    return draft if fault is None else Held((fault,), draft)


def _guard_lines(event: Alert) -> Fault | None:
    """Judge the lines as the document has them, too: an escaped tab may part the digits of a number."""
    lines: list[JsonValue] = [
        {"name": line.name.value, "key": unescaped(line.key or ""), "value": unescaped(line.value)}
        for line in event.cap_lines
        if line.value is not None and "\\" in line.value + (line.key or "")
    ]
    value: JsonValue = {"cap_lines": lines}
    return guard_new(value, compact_json(value)) if lines else None


def _note(name: str, mend: str) -> Fault:
    return Fault("cap.to_complete", name, mend)


def _model_of(document: CapAlert) -> type[Alert]:
    if document.msg_type == "Cancel":
        return AlertCancelled
    return AlertUpdated if document.msg_type == "Update" and references_of(document) else AlertIssued


def _content(document: CapAlert, model: type[Alert], sent: datetime, desk: ImportDesk, notes: list[Fault]) -> Content:
    languages = [info.language for info in document.infos]
    info = document.infos[primary_of(languages)] if document.infos else None
    content: Content = {
        "alert_id": desk.number_of(document.sender, document.identifier, sent),
        "cap_identifier": _fitting(document.identifier, LINE_MAX),
        "report_stage": ReportStage.FIRST if model is AlertIssued else ReportStage.FOLLOWUP,
        "report_no": 1 if model is AlertIssued else 2,
        "duty_contact": desk.contact.model_dump(),
        "approved_by_role": desk.approved_by_role,
        "approved_at": format_time(sent),
        "texts": list(_texts(document, languages)),
        "note": _said_note(document, model),
        **_kind_of(info, notes),
        **_words_of(document, info, notes),
        **_times_of(info, sent, notes),
        **areas_of(info.areas if info else (), notes),
    }
    notes.append(_note("approved_by_role", "say who releases it, and when (approved_at)"))
    if model is not AlertIssued:
        content["predecessors"] = _predecessors(document, desk)
        notes.append(_note("report_no", "count the reports of this event; the document does not say"))
    elif document.msg_type == "Update":
        notes.append(_note("references", "the document updates something that it does not name"))
    return content


def _fitting(text: str | None, limit: int) -> str | None:
    """Return a text that is one line of an event as it stands, else None."""
    return text if text and shortened(text, limit) == text and _LINE.match(text) else None


def _predecessors(document: CapAlert, desk: ImportDesk) -> list[Content]:
    found: dict[str, Content] = {}
    for one in references_of(document):
        alert_id = desk.number_of(one.sender, one.identifier, one.sent_at)
        found.setdefault(alert_id, {"alert_id": alert_id, "cap_reference": _fitting(str(one), LINE_MAX)})
    for alert_id in desk.also:
        found.setdefault(alert_id, {"alert_id": alert_id})
    return list(found.values())[:_PREDECESSORS_MAX]


def _said_note(document: CapAlert, model: type[Alert]) -> str | None:
    note = shortened_text(document.note or "", NOTE_MAX)
    return note or ("原文未说明解除原因" if model is AlertCancelled else None)


def _kind_of(info: CapInfo | None, notes: list[Fault]) -> Content:
    codes = [pair.value for pair in info.event_codes if pair.name == SCHEME] if info else []
    code = next((code for code in codes if _CODE.fullmatch(code)), None)
    severity = our_word(Severity, info.severity) if info else None
    if code is not None:
        event_class = next(kind for kind, digits in CLASS_DIGITS.items() if code.startswith(digits))
        kind: Content = {"class": event_class, "event_code": code}
    else:
        category = info.categories[0] if info else "Other"
        event_class = class_of(category)
        kind = {"class": event_class, "event_code": category, "code_scheme": FALLBACK_SCHEME}
        notes.append(_note("event_code", f"choose class and code of {SCHEME}; the document says {category}"))
    level = None if event_class is EventClass.SAFETY else _level(info) or default_level(severity or Severity.UNKNOWN)
    return kind | {
        "warning_level": level,
        "urgency": our_word(Urgency, info.urgency) if info else Urgency.UNKNOWN,
        "severity": severity or Severity.UNKNOWN,
        "certainty": our_word(Certainty, info.certainty) if info else Certainty.UNKNOWN,
    }


def _level(info: CapInfo | None) -> int | None:
    """Return the colour that a document gives expressly; it wins over the severity."""
    name = RESERVED + "warningLevel"
    given = [pair.value for pair in info.parameters if pair.name == name] if info else []
    return int(given[0]) if given and given[0] in {"1", "2", "3", "4"} else None


def _words_of(document: CapAlert, info: CapInfo | None, notes: list[Fault]) -> Content:
    if info is None:
        notes.append(_note("headline", "the document has no info block: say what it is about"))
        said = shortened(document.note or "", HEADLINE_MAX) or f"CAP {document.msg_type}"
        return {"event_name": _UNSTATED, "headline": said, "description": said}
    event = shortened(info.event, EVENT_NAME_MAX) or _UNSTATED
    headline = shortened(info.headline or "", HEADLINE_MAX)
    if not headline:
        notes.append(_note("headline", "the document has none: write one"))
    elif headline.endswith("…"):
        notes.append(_note("headline", f"it was cut to {HEADLINE_MAX} characters; the whole stands in cap_lines"))
    headline = headline or event
    return {
        "event_name": event,
        "headline": headline,
        "description": shortened_text(info.description or "", TEXT_MAX) or headline,
        "instruction": shortened_text(info.instruction or "", TEXT_MAX) or None,
        "response_types": _response_types(info),
        "parameters": _parameters(info),
    }


def _response_types(info: CapInfo) -> list[ResponseType]:
    words = (our_word(ResponseType, text) for text in info.response_types)
    return list(dict.fromkeys(word for word in words if word is not None))


def _parameters(info: CapInfo) -> list[Content]:
    fit = (
        (pair.name, pair.value)
        for pair in info.parameters
        if _fitting(pair.name, _PARAMETER_NAME_MAX) and _fitting(pair.value, LINE_MAX)
        if not pair.name.startswith(RESERVED)
    )
    return [{"name": name, "value": value} for name, value in list(dict.fromkeys(fit))[:_PARAMETERS_MAX]]


def _texts(document: CapAlert, languages: list[str | None]) -> Iterator[Content]:
    fit = [(i, tag) for i, tag in language_owners(languages).items() if _LANGUAGE.fullmatch(tag)]
    for index, language in fit[:_TEXTS_MAX]:
        info = document.infos[index]
        headline = shortened(info.headline or "", HEADLINE_MAX) or shortened(info.event, HEADLINE_MAX) or _UNSTATED
        yield {
            "lang": language,
            "headline": headline,
            "description": shortened_text(info.description or "", TEXT_MAX) or headline,
            "instruction": shortened_text(info.instruction or "", TEXT_MAX) or None,
        }


def _times_of(info: CapInfo | None, sent: datetime, notes: list[Fault]) -> Content:
    effective = moment_of(info.effective if info else None) or sent
    onset = moment_of(info.onset if info else None)
    expires = moment_of(info.expires if info else None)
    if expires is None or not effective < expires <= effective + _LONGEST:
        said = "does not say until when" if expires is None else "ends before it begins, or after more than a year"
        notes.append(_note("expires", f"the document {said}: 24 hours are assumed"))
        expires = effective + _DAY
    if onset is not None and onset >= expires:
        notes.append(_note("onset", "the document begins after its end: it was left out"))
        onset = None
    return {
        "effective": format_time(effective),
        "onset": format_time(onset) if onset else None,
        "expires": format_time(expires),
    }
