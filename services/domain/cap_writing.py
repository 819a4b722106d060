"""Our alert as a CAP 1.2 document, and such a document as the alert it was.

What CAP has an element for stands in that element, what it has none for in a parameter named ``sihu:…``: a text as it
is, anything else as compact JSON. A document is taken for one of ours only if the alert read from it gives the same
document.

Source: docs/alerting/cap.md
"""

import json
from collections.abc import Iterator
from typing import Any, Final

from pydantic import JsonValue

from schemas.base import InformationClass, Status
from schemas.cap import CapAlert, CapArea, CapInfo, CapPair, CapResource
from schemas.catalogue import parse_new
from schemas.errors import Fault
from schemas.information.alert_parts import (
    Area,
    Certainty,
    LocalText,
    Predecessor,
    Resource,
    ResponseType,
    Severity,
    Urgency,
)
from schemas.information.alerts import Alert, AlertCancelled, AlertIssued, AlertUpdated, SucceedingAlert
from services.domain.cap import (
    GEOCODE,
    MESSAGE_TYPES,
    OFFICE,
    RESERVED,
    cap_word,
    category_of,
    message_type,
    office_of,
    our_word,
    sent_of,
    spelled,
)
from services.domain.cap_rules import references_of
from services.domain.encoding import compact_json, from_base64url, parse_strict, to_base64url

LANGUAGE: Final = "zh-CN"
RESTRICTION: Final = "仅限协作协议各方使用"
_DIGEST_URI: Final = "ni:///sha-256;"
"""RFC 6920: CAP's own ``digest`` is SHA-1."""

_TEXTS: Final = frozenset(
    {"report_stage", "class", "approved_by_role", "approved_at", "measures_taken", "cap_identifier"}
    | {"effective", "onset", "expires"}
)
_ONLY_OURS: Final = (
    "report_stage",
    "report_no",
    "class",
    "warning_level",
    "event_grade",
    "response_level",
    "approved_by_role",
    "approved_at",
    "neighbour_risk",
    "impact",
    "measures_taken",
    "help_wanted",
    "hotlines",
    "cap_identifier",
    "cap_lines",
)
"""Fields that CAP has no element for."""
_TIMES: Final = ("effective", "onset", "expires")
_PARAMETER_MAX_BYTES: Final = 256 * 1024
_TYPES: Final[dict[str, type[Alert]]] = {word: kind for kind, word in MESSAGE_TYPES.items()} | {"Alert": AlertIssued}

Content = dict[str, Any]


def to_cap(alert: Alert, *, status: Status, information_class: InformationClass = InformationClass.PUBLIC) -> CapAlert:
    """Return the document that tells an alert, whole; ``cap_alert`` gives the alert back.

    Args:
        alert: The event's content.
        status: Of its header.
        information_class: Of its header: what is not public has scope Restricted.
    """
    is_public = information_class is InformationClass.PUBLIC
    main = _info(alert, json.loads(alert.model_dump_json(exclude_defaults=True)))
    return CapAlert(
        identifier=alert.alert_id,
        sender=office_of(alert.alert_id),
        sent=sent_of(alert.alert_id),
        status=cap_word(status),
        msg_type=message_type(alert),
        scope="Public" if is_public else "Restricted",
        restriction=None if is_public else RESTRICTION,
        note=alert.note,
        references=_references(alert.predecessors) if isinstance(alert, SucceedingAlert) else None,
        infos=(main, *(_translated(main, text) for text in alert.texts)),
    )


def _references(predecessors: tuple[Predecessor, ...]) -> str:
    """Name each twice where it was imported: readers know the document that it came from, or ours of it."""
    return " ".join(reference for one in predecessors for reference in _names_of(one))


def _names_of(one: Predecessor) -> Iterator[str]:
    if one.cap_reference is not None:
        yield one.cap_reference
    yield f"{office_of(one.alert_id)},{one.alert_id},{sent_of(one.alert_id)}"


def _info(alert: Alert, content: Content) -> CapInfo:
    return CapInfo(
        language=LANGUAGE,
        categories=(category_of(alert.event_class, alert.event_code),),
        event=alert.event_name,
        response_types=tuple(map(cap_word, alert.response_types)),
        urgency=cap_word(alert.urgency),
        severity=cap_word(alert.severity),
        certainty=cap_word(alert.certainty),
        event_codes=(
            CapPair(alert.code_scheme, alert.event_code),
            *(CapPair(code.scheme, code.value) for code in alert.codes),
        ),
        effective=spelled(alert.effective),
        onset=spelled(alert.onset) if alert.onset else None,
        expires=spelled(alert.expires),
        sender_name=alert.duty_contact.office,
        headline=alert.headline,
        description=alert.description,
        instruction=alert.instruction,
        contact=alert.duty_contact.phone,
        parameters=_parameters(alert, content),
        resources=tuple(map(_resource, alert.resources)),
        areas=tuple(map(_area, alert.areas)),
    )


def _translated(main: CapInfo, text: LocalText) -> CapInfo:
    return CapInfo(
        language=text.lang,
        categories=main.categories,
        event=main.event,
        response_types=main.response_types,
        urgency=main.urgency,
        severity=main.severity,
        certainty=main.certainty,
        event_codes=main.event_codes,
        effective=main.effective,
        onset=main.onset,
        expires=main.expires,
        sender_name=main.sender_name,
        headline=text.headline,
        description=text.description,
        instruction=text.instruction,
        contact=main.contact,
        areas=main.areas,
    )


def _parameters(alert: Alert, content: Content) -> tuple[CapPair, ...]:
    fields: list[str] = [name for name in _ONLY_OURS if name in content]
    fields += [name for name in _TIMES if (moment := getattr(alert, name)) is not None and moment.microsecond]
    if isinstance(alert, SucceedingAlert) and any(one.cap_reference for one in alert.predecessors):
        fields.append("predecessors")
    plain = [CapPair(one.name, one.value) for one in alert.parameters]
    if any(pair.name.startswith(RESERVED) for pair in plain):
        fields.append("parameters")
        plain = []
    return (*plain, *(CapPair(_spelled_name(name), _spelled_value(name, content[name])) for name in fields))


def _spelled_name(field: str) -> str:
    head, *rest = field.split("_")
    return RESERVED + head + "".join(part.capitalize() for part in rest)


_NAMES: Final = {_spelled_name(field): field for field in (*_ONLY_OURS, *_TIMES, "predecessors", "parameters")}


def _spelled_value(field: str, value: JsonValue) -> str:
    return str(value) if field in _TEXTS else compact_json(value).decode()


def _resource(resource: Resource) -> CapResource:
    return CapResource(
        desc=resource.desc,
        mime_type=resource.media_type,
        size=str(resource.size),
        uri=_DIGEST_URI + to_base64url(bytes.fromhex(resource.sha256)),
    )


def _area(area: Area) -> CapArea:
    return CapArea(
        desc=area.desc,
        polygons=area.polygon,
        circles=area.circle,
        geocodes=tuple(CapPair(GEOCODE, code) for code in area.adcodes),
        altitude=area.altitude,
        ceiling=area.ceiling,
    )


def is_ours(document: CapAlert) -> bool:
    """Tell whether a document claims to be one that Sihu wrote."""
    return document.sender.startswith(OFFICE) and bool(document.infos)


def cap_alert(document: CapAlert) -> tuple[Alert, Status, InformationClass] | Fault:
    """Return the alert that ``to_cap`` made a document of.

    Returns:
        The alert with status and class of its header, or a fault if it is no such document to the letter.
    """
    status, model = our_word(Status, document.status), _TYPES.get(document.msg_type)
    if not is_ours(document) or status is None or model is None:
        return _not_ours()
    content = _content(document)
    if content is None:
        return _not_ours()
    event = parse_new(model.wire_type, content)
    if not isinstance(event, AlertIssued | AlertUpdated | AlertCancelled):
        return event[0] if isinstance(event, tuple) else _not_ours()
    information_class = InformationClass.PUBLIC if document.scope == "Public" else InformationClass.INTERNAL
    same = to_cap(event, status=status, information_class=information_class) == document
    return (event, status, information_class) if same else _not_ours()


def _not_ours() -> Fault:
    return Fault(
        "cap.not_ours", "alert", "it was not written by Sihu, or was changed since; it is read as a foreign one"
    )


def _content(document: CapAlert) -> Content | None:
    main = document.infos[0]
    if not main.event_codes:
        return None
    code, *more = main.event_codes
    content: Content = {
        "alert_id": document.identifier,
        "event_code": code.value,
        "code_scheme": code.name,
        "event_name": main.event,
        "urgency": our_word(Urgency, main.urgency),
        "severity": our_word(Severity, main.severity),
        "certainty": our_word(Certainty, main.certainty),
        "effective": main.effective,
        "onset": main.onset,
        "expires": main.expires,
        "headline": main.headline,
        "description": main.description,
        "instruction": main.instruction,
        "response_types": [our_word(ResponseType, word) for word in main.response_types],
        "areas": [_area_content(area) for area in main.areas],
        "duty_contact": {"office": main.sender_name, "phone": main.contact},
        "texts": [_text_content(info) for info in document.infos[1:]],
        "codes": [{"scheme": pair.name, "value": pair.value} for pair in more],
        "resources": [_resource_content(resource) for resource in main.resources],
        "note": document.note,
    }
    if document.msg_type != "Alert":
        content["predecessors"] = [{"alert_id": one.identifier} for one in references_of(document)]
    return _with_parameters(content, main.parameters)


def _with_parameters(content: Content, parameters: tuple[CapPair, ...]) -> Content | None:
    content["parameters"] = [
        {"name": pair.name, "value": pair.value} for pair in parameters if not pair.name.startswith(RESERVED)
    ]
    for pair in parameters:
        if not pair.name.startswith(RESERVED):
            continue
        field = _NAMES.get(pair.name)
        if field is None:
            return None
        content[field] = pair.value if field in _TEXTS else _parsed(pair.value)
    return content


def _parsed(text: str) -> JsonValue:
    value = parse_strict(text.encode(), max_bytes=_PARAMETER_MAX_BYTES, what="parameter")
    return None if isinstance(value, Fault) else value


def _area_content(area: CapArea) -> Content:
    return {
        "desc": area.desc,
        "adcodes": [pair.value for pair in area.geocodes],
        "polygon": list(area.polygons),
        "circle": list(area.circles),
        "altitude": area.altitude,
        "ceiling": area.ceiling,
    }


def _text_content(info: CapInfo) -> Content:
    return {
        "lang": info.language,
        "headline": info.headline,
        "description": info.description,
        "instruction": info.instruction,
    }


def _resource_content(resource: CapResource) -> Content:
    digest = from_base64url((resource.uri or "").removeprefix(_DIGEST_URI))
    size = resource.size or ""
    return {
        "desc": resource.desc,
        "media_type": resource.mime_type,
        "size": int(size) if size.isascii() and size.isdecimal() else None,
        "sha256": digest.hex() if digest else "",
    }
