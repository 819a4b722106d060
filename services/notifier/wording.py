"""What a page says by each medium: SMS and calls say level, place, kind and code alone."""

import hashlib
from dataclasses import dataclass, replace
from typing import Final

from schemas.base import InformationClass, Status
from schemas.catalogue import parse_received
from schemas.counties import name_of
from schemas.escalations import Escalation, EscalationKind, PageRow, Purpose
from schemas.information.alerts import Alert
from schemas.pages import Capabilities, Dispatch, Medium, Part
from schemas.records import StoredEvent
from services.domain.encoding import compact_json
from services.domain.levels import LevelChange
from services.domain.neighbours import silence_in
from services.domain.print_markup import markup
from services.domain.printing import sheet_of
from services.domain.reading import content_of, line_of
from services.domain.reply_codes import extension_of
from services.domain.sms_parts import reference_of, segment
from services.domain.sms_text import SmsFacts, SmsKind, SmsText, compose, event_of, facts_of, place_of
from services.domain.storms import area_of, group_of

_KIND_OF: Final = {
    Purpose.REMINDER: SmsKind.REMINDER,
    Purpose.ALL_CLEAR: SmsKind.CANCELLED,
    Purpose.DIGEST: SmsKind.DIGEST,
    Purpose.PASSED_ON: SmsKind.PASSED_ON,
    Purpose.FALSE_ALARM: SmsKind.FALSE_ALARM,
}
_EXTENSION_ROOM: Final = 4
_LOWEST: Final = 4
_NO_EVENT: Final = "来文"
_DRILL: Final = "值班演练"
_NUMBER_TEST: Final = "号码核对"
_UNREAD: Final = "预警"
"""An alert of a newer kind than we can read, or one whose content is gone."""


@dataclass(frozen=True, slots=True)
class Told:
    """An event as pages speak of it.

    Attributes:
        alert: None for what is no alert, or cannot be read any more.
        is_raised: It took the place of a lower one that people were told of.
        on_duty: Who is on duty at a neighbour that is silent, by its own word; empty if it has told nobody.
        group: What pages of one storm share; see ``services.domain.storms``.
        label: Place and kind, for a question back.
    """

    escalation: Escalation
    event: StoredEvent | None
    alert: Alert | None
    phone: str = ""
    is_raised: bool = False
    on_duty: str = ""

    @property
    def area(self) -> str:
        """Prefecture of the first place, else of the source; a drill's is one of its own, so no SMS tells of both."""
        codes = [code for area in self.alert.areas for code in area.adcodes] if self.alert else []
        area, status = area_of(codes[0] if codes else self.escalation.source), self.escalation.status
        return area if status is Status.ACTUAL else f"{area}/{status.value}"

    @property
    def group(self) -> str:
        """What pages of one storm share."""
        code = self.alert.event_code if self.alert else self.escalation.kind.value
        return group_of("", code, self.area)

    @property
    def label(self) -> str:
        """Place and kind, at most 20 characters."""
        if self.escalation.kind is EscalationKind.NUMBER_TEST:
            return _NUMBER_TEST
        if self.alert is None:
            kind = _NO_EVENT if self.escalation.level is None else _UNREAD
            return f"{name_of(self.escalation.source)}{kind}"
        codes = [code for area in self.alert.areas for code in area.adcodes]
        return place_of(codes, self.escalation.source) + event_of(self.alert)


def told_of(escalation: Escalation, event: StoredEvent | None, phone: str = "") -> Told:
    """Read an event for its pages; an erased or newer one still has level and source."""
    if event is None:
        return Told(escalation, None, None, phone)
    header = event.envelope.header
    parsed = parse_received(header.type, content_of(event), header.schema_ref.digest)
    alert = parsed.event if not isinstance(parsed, tuple) and isinstance(parsed.event, Alert) else None
    return Told(escalation, event, alert, phone)


def sms_facts(told: Told, page: PageRow, code: str) -> SmsFacts:
    """Return what an SMS of this page says."""
    one = told.escalation
    if one.kind is EscalationKind.NUMBER_TEST:
        return SmsFacts(SmsKind.NUMBER_TEST, code=code, status=one.status)
    if one.kind is EscalationKind.NEIGHBOUR:
        silence = silence_in(one.key)
        county = name_of(silence.county) if silence else ""
        return SmsFacts(
            SmsKind.SILENT, one.level or _LOWEST, source=county, code=code, phone=told.phone, status=one.status
        )
    if told.alert is None and one.kind is EscalationKind.ALERT:  # a drill of our own, or what we cannot read
        place, event = name_of(one.source), _DRILL if told.event is None else _UNREAD
        kind, level = _KIND_OF.get(page.purpose, SmsKind.ISSUED), one.level or _LOWEST
        return SmsFacts(kind, level, source=place, place=place, event=event, code=code, status=one.status)
    if told.alert is None:
        return SmsFacts(SmsKind.DIGEST, count=1, status=one.status)
    change = LevelChange.RAISED if told.is_raised else LevelChange.SAME
    facts = facts_of(told.alert, one.source, code=code, status=one.status, change=change)
    level = one.level or _LOWEST
    return replace(facts, kind=_KIND_OF.get(page.purpose, facts.kind), level=level)


def bundle_facts(told: Told, purpose: Purpose, count: int, level: int, code: str) -> SmsFacts:
    """Return what one SMS says that stands for several pages of a purpose; ``told`` is the highest of them."""
    if told.alert is None:
        return SmsFacts(SmsKind.DIGEST, count=count, status=told.escalation.status)
    kind = SmsKind.ALL_CLEARS if purpose is Purpose.ALL_CLEAR else SmsKind.BUNDLE
    facts = facts_of(told.alert, told.escalation.source, code=code, status=told.escalation.status)
    return replace(facts, kind=kind, count=count, level=level)


def superseded_by(told: Told) -> tuple[str, ...]:
    """Return the numbers that a source gave the alerts which this version takes the place of."""
    return tuple(one.alert_id for one in getattr(told.alert, "predecessors", ()))


def sms_dispatch(
    page_id: str,
    text: SmsText,
    *,
    address: str,
    code: str,
    status: Status,
    capabilities: Capabilities,
    only: tuple[int, ...] = (),
) -> Dispatch:
    """Return an SMS ready for a provider: whole, or only the parts that are still to be taken."""
    parts = segment(text.text, reference_of(page_id)) if capabilities.segments else (_whole(page_id, text.text),)
    return Dispatch(
        page_id=page_id,
        medium=Medium.SMS,
        address=address,
        text=text.text,
        parts=tuple(one for one in parts if not only or one.number in only),
        extension=extension_of(code, _EXTENSION_ROOM) if capabilities.extension else "",
        template=text.template if capabilities.template else "",
        variables=text.variables if capabilities.template else (),
        status=status,
    )


def text_back_dispatch(page_id: str, text: str, *, address: str, capabilities: Capabilities) -> Dispatch:
    """Return what an officer is told back."""
    parts = segment(text, reference_of(page_id)) if capabilities.segments else (_whole(page_id, text),)
    return Dispatch(page_id, Medium.SMS, address, text, parts=parts)


def other_dispatch(told: Told, page: PageRow, *, address: str, code: str) -> Dispatch:
    """Return a call, fax, mail or webhook ready for a provider."""
    facts = sms_facts(told, page, code or "10")
    spoken = compose(replace(facts, status=Status.ACTUAL)).text.partition("回复")[0]
    mark = {Status.EXERCISE: "演练，演练。", Status.TEST: "测试。"}.get(told.escalation.status, "")
    headline = line_of(told.event) if told.event else told.label
    subject = f"{_mark(told.escalation.status)}{_level(told.escalation)}{headline}"
    voice = page.medium is Medium.VOICE
    there = f"（对方在岗：{told.on_duty}）" if told.on_duty else ""
    return Dispatch(
        page_id=page.page_id,
        medium=page.medium,
        address=address,
        text=spoken if voice else f"{subject}{there}",
        subject=subject,
        spoken=f"{mark}{spoken}收到请按密码，再按井号。" if voice else "",
        pin_wanted=voice,
        payload=_payload(told, page, code) if page.medium is Medium.WEBHOOK else b"",
        status=told.escalation.status,
    )


def paper_of(told: Told, code: str) -> str:
    """Return the event as HTML for one sheet to sign; empty if its content is gone, or is about one person."""
    if told.event is None or told.event.envelope.header.information_class is InformationClass.PERSONAL:
        return ""
    header = told.event.envelope.header
    parsed = parse_received(header.type, content_of(told.event), header.schema_ref.digest)
    if isinstance(parsed, tuple):
        return ""
    sheet = sheet_of(parsed.event, header, told.event.envelope.envelope_id, phone=told.phone, code=code)
    return markup(sheet)


def text_digest(text: str) -> str:
    """Return the digest by which carriers' cap on one text is counted."""
    return hashlib.sha256(text.encode()).hexdigest()


def _payload(told: Told, page: PageRow, code: str) -> bytes:
    one = told.escalation
    return compact_json(
        {
            "type": "sihu.page",
            "page_id": page.page_id,
            "envelope_id": one.version,
            "level": one.level,
            "status": one.status.value,
            "source": one.source,
            "headline": line_of(told.event) if told.event else "",
            "code": code,
            "purpose": page.purpose.value,
        }
    )


def _whole(page_id: str, text: str) -> Part:
    return Part(1, 1, reference_of(page_id), text)


def _mark(status: Status) -> str:
    return {Status.EXERCISE: "【演练】", Status.TEST: "【测试】"}.get(status, "")


def _level(one: Escalation) -> str:
    return f"{one.level}级 " if one.level else ""
