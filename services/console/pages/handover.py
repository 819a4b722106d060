"""交接班: one page that prints, with everything that whoever comes has to know; and the 签收单 of one event."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final

from aiohttp import web

from schemas.base import BEIJING
from schemas.catalogue import parse_received
from schemas.errors import RequestError
from schemas.records import Direction
from services.console.asking import may_ask
from services.console.navigation import READERS
from services.console.pages.roster import may_change, names_of
from services.console.pages.services import due_of
from services.console.visit import Page, Visit
from services.domain.case_words import STAGES
from services.domain.escalation_words import STATES
from services.domain.printing import Sheet, sheet_of
from services.gateway.answers import EventDetail, MemberList, NoticeList
from services.gateway.case_answers import CaseLine, CaseList
from services.gateway.course_answers import ReferralList, ServiceList
from services.gateway.paging_answers import EscalationLine, EscalationList, SilenceList
from services.gateway.release_answers import DraftList
from services.gateway.roster_answers import RosterView
from services.gateway.standing import AlertLine, AlertList

_MOST: Final = 200
_SOON: Final = timedelta(days=3)
_NOTES: Final = 5
_DRAFTS: Final = 100
_NAMED: Final = ("drill-", "test-")
"""Begin the keys of what has no event."""
_PAPER: Final = "/events/{id:[0-9a-f]{64}}/paper"


@dataclass(frozen=True, slots=True)
class Due:
    """Something that has a last moment.

    Attributes:
        path: Of its page.
        late: The moment has passed.
    """

    at: datetime
    kind: str
    text: str
    path: str
    late: bool


async def handover(visit: Visit) -> web.StreamResponse:
    """Show what is open, what is due, and what was left for whoever comes."""
    now = visit.hall.desk.gateway.clock.now()
    alerts = (await visit.api.ask("list_alerts", AlertList, query={"standing": True, "limit": _MOST})).alerts
    standing = [one for one in alerts if one.in_force]
    cases = (await visit.api.ask("list_cases", CaseList, query={"limit": _MOST})).cases
    roster = await _roster(visit)
    dues = sorted([*_of_alerts(standing, now), *_of_cases(cases, now), *await _of_courses(visit, now)], key=_when)
    notices = None
    if may_ask(visit.visitor.access, "list_notices"):
        notices = (await visit.api.ask("list_notices", NoticeList, query={"limit": _MOST})).notices
    told = (await visit.api.ask("list_escalations", EscalationList, query={"limit": _MOST})).escalations
    values = {
        "incoming": [one for one in standing if one.event.direction == Direction.INCOMING],
        "outgoing": [one for one in standing if one.event.direction == Direction.OUTGOING],
        "titles": {one.event.envelope_id: one.event.headline for one in alerts},
        "cases": cases,
        "stages": STAGES,
        "late": [one for one in dues if one.late],
        "soon": [one for one in dues if not one.late and one.at - now <= _SOON],
        "later": sum(1 for one in dues if one.at - now > _SOON),
        "notices": notices,
        "silences": (await visit.api.ask("list_silences", SilenceList)).silences,
        "told": [one for one in told if _is_event(one)],
        "states": STATES,
        "drafts": (await visit.api.ask("list_drafts", DraftList, query={"limit": _DRAFTS})).drafts,
        "roster": roster,
        "notes": roster.notes[:_NOTES] if roster else (),
        "names": names_of(roster) if roster else {},
        "may_note": roster is not None and may_change(visit),
        "may_change": may_change(visit),
    }
    return visit.render("handover.html", values)


def _is_event(one: EscalationLine) -> bool:
    return not one.key.startswith(_NAMED)


def _when(one: Due) -> datetime:
    return one.at


async def _roster(visit: Visit) -> RosterView | None:
    try:
        return await visit.api.ask("show_roster", RosterView)
    except RequestError as refusal:
        if refusal.fault.code not in {"roster.not_found", "roster.broken"}:
            raise
        return None


def _of_alerts(alerts: Iterable[AlertLine], now: datetime) -> Iterator[Due]:
    for one in alerts:
        event = one.event
        if event.acknowledge_by is None:
            continue
        path = f"/events/{event.envelope_id}"
        if event.direction == Direction.INCOMING and not one.taken:
            yield Due(event.acknowledge_by, "签收", event.headline, path, event.acknowledge_by < now)
        elif event.direction == Direction.OUTGOING and event.acknowledged_count < len(event.audience):
            missing = len(event.audience) - event.acknowledged_count
            text = f"{event.headline}（尚有 {missing} 县未签收，打电话）"
            yield Due(event.acknowledge_by, "催签收", text, path, event.acknowledge_by < now)


def _of_cases(cases: Iterable[CaseLine], now: datetime) -> Iterator[Due]:
    for one in cases:
        if one.due_on is not None:
            at = _end_of(one.due_on)
            yield Due(at, "调解", f"{STAGES[one.stage]}，下一个期限", f"/cases/{one.case_id}", at < now)


def _end_of(day: date) -> datetime:
    return datetime.combine(day, time(23, 59, 59), BEIJING)


async def _of_courses(visit: Visit, now: datetime) -> list[Due]:
    query = {"limit": _MOST}
    services = (await visit.api.ask("list_services", ServiceList, query=query)).services
    referrals = (await visit.api.ask("list_referrals", ReferralList, query=query)).referrals
    found = []
    for service in services:
        due = due_of(service, now)
        if service.ours and service.turn is not None and due.at is not None:
            text = f"{service.item_name}：待{service.turn.name}{due.what}"
            found.append(Due(due.at, "跨省通办", text, f"/services/{service.request_id}", due.over))
    for referral in referrals:
        ends, path = referral.expires_at, f"/population/referrals/{referral.referral_id}"
        found.append(Due(ends, "服务对接单", f"{referral.to_office.name}，到期", path, ends < now))
    return found


async def paper(visit: Visit) -> web.StreamResponse:
    """Show one event as a sheet to be signed on paper; personal content is never on it."""
    envelope_id = visit.path("id")
    detail = await visit.api.ask("show_event", EventDetail, path={"id": envelope_id})
    members = (await visit.api.ask("list_members", MemberList)).members
    phone = next((one.duty_phone for one in members if one.county == detail.header.source), "")
    return visit.render("paper.html", {"detail": detail, "sheet": _sheet(detail, phone), "phone": phone})


def _sheet(detail: EventDetail, phone: str) -> Sheet | None:
    if not isinstance(detail.content, dict):
        return None
    content = json.dumps(detail.content, ensure_ascii=False).encode()
    parsed = parse_received(detail.header.type, content, detail.header.schema_ref.digest)
    if isinstance(parsed, tuple):
        return None
    return sheet_of(parsed.event, detail.header, detail.envelope_id, phone=phone)


HANDOVER: Final = (
    Page("GET", "/handover", "handover", "交接班", handover, READERS, "handover"),
    Page("GET", _PAPER, "event_paper", "签收单", paper, READERS, "inbox"),
)
