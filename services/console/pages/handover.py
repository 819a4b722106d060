"""交接班: what whoever comes has to know, on a light page and whole on a sheet to print; the 签收单 of one event."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final

from aiohttp import web

from schemas.base import BEIJING
from schemas.catalogue import parse_received
from schemas.counties import name_of
from schemas.errors import RequestError
from schemas.escalations import Hold
from schemas.pages import Tier
from schemas.records import Direction
from schemas.rosters import HandoverNote
from services.console.asking import may_ask
from services.console.navigation import READERS
from services.console.pages.roster import may_change, names_of
from services.console.pages.services import due_of
from services.console.rendering import clock, counties, title_of
from services.console.sheets import Section, cut, cut_by, part_of
from services.console.visit import Page, Visit
from services.console.words import ANSWERS, DRAFTS, LEVELS, NOTICES, STATUSES, TIERS
from services.domain.case_words import STAGES
from services.domain.escalation_words import STATES
from services.domain.printing import Sheet, sheet_of
from services.gateway.answers import EventDetail, MemberList, NoticeLine, NoticeList
from services.gateway.case_answers import CaseLine, CaseList
from services.gateway.course_answers import ReferralList, ServiceList
from services.gateway.paging_answers import EscalationLine, EscalationList, SilenceLine, SilenceList
from services.gateway.release_answers import DraftLine, DraftList
from services.gateway.roster_answers import RosterView
from services.gateway.standing import AlertLine, AlertList

_MOST: Final = 200
_SOON: Final = timedelta(days=3)
_NOTES: Final = 5
_NOTES_CHARACTERS: Final = 2_500
_SHOWN: Final = 25
_SHOWN_BESIDE: Final = 15
"""So many of each list stand on the page; the sheet to print has all of them."""
_TURNS: Final = frozenset({Tier.PRIMARY, Tier.SECONDARY, Tier.LEADER})
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


@dataclass(frozen=True, slots=True)
class _Shift:
    """Everything that whoever comes has to know.

    Attributes:
        incoming: Alerts that came, those that nobody has taken first, the gravest first.
        dues: By time.
        notices: None where they are not for the visitor's eyes.
        full: Names of the lists that may have more than the API gives at once.
    """

    incoming: tuple[AlertLine, ...]
    outgoing: tuple[AlertLine, ...]
    titles: Mapping[str, str]
    told: tuple[EscalationLine, ...]
    dues: tuple[Due, ...]
    drafts: tuple[DraftLine, ...]
    cases: tuple[CaseLine, ...]
    notices: tuple[NoticeLine, ...] | None
    silences: tuple[SilenceLine, ...]
    roster: RosterView | None
    full: frozenset[str]

    @property
    def names(self) -> Mapping[str, str]:
        """What officers are called."""
        return names_of(self.roster) if self.roster else {}

    @property
    def notes(self) -> tuple[HandoverNote, ...]:
        """The newest first."""
        return self.roster.notes[:_NOTES] if self.roster else ()


async def handover(visit: Visit) -> web.StreamResponse:
    """Show what is open, what is due, and what was left for whoever comes: the gravest and the latest of each."""
    now = visit.hall.desk.gateway.clock.now()
    shift = await _shift(visit, now)
    dues = shift.dues
    values = {
        "incoming": cut(shift.incoming, _SHOWN),
        "outgoing": cut(shift.outgoing, _SHOWN_BESIDE),
        "titles": shift.titles,
        "cases": cut(shift.cases, _SHOWN_BESIDE),
        "stages": STAGES,
        "late": cut([one for one in dues if one.late], _SHOWN),
        "soon": cut([one for one in dues if not one.late and one.at - now <= _SOON], _SHOWN),
        "later": sum(1 for one in dues if one.at - now > _SOON),
        "notices": None if shift.notices is None else cut(shift.notices, _SHOWN_BESIDE),
        "silences": cut(shift.silences, _SHOWN_BESIDE),
        "told": cut(shift.told, _SHOWN_BESIDE),
        "states": STATES,
        "drafts": cut(shift.drafts, _SHOWN_BESIDE),
        "roster": shift.roster,
        "notes": cut_by(shift.notes, _length_of, _NOTES_CHARACTERS),
        "names": shift.names,
        "may_note": shift.roster is not None and may_change(visit),
        "may_change": may_change(visit),
    }
    return visit.render("handover.html", values)


async def sheet(visit: Visit) -> web.StreamResponse:
    """Give the sheet to print and to sign: all of it, in parts if it is long."""
    shift = await _shift(visit, visit.hall.desk.gateway.clock.now())
    part = part_of(_sections(shift), visit.query("part") or "1")
    values = {"title": "交接单", "back": "/handover", "back_title": "交接班", "signing": True}
    return visit.render("print_sheet.html", values | part)


def _length_of(note: HandoverNote) -> int:
    return len(note.text)


async def _shift(visit: Visit, now: datetime) -> _Shift:
    alerts = (await visit.api.ask("list_alerts", AlertList, query={"standing": True, "limit": _MOST})).alerts
    standing = [one for one in alerts if one.in_force]
    cases = (await visit.api.ask("list_cases", CaseList, query={"limit": _MOST})).cases
    notices = None
    if may_ask(visit.visitor.access, "list_notices"):
        notices = (await visit.api.ask("list_notices", NoticeList, query={"limit": _MOST})).notices
    told = (await visit.api.ask("list_escalations", EscalationList, query={"limit": _MOST})).escalations
    drafts = (await visit.api.ask("list_drafts", DraftList, query={"limit": _DRAFTS})).drafts
    courses, full_courses = await _of_courses(visit, now)
    lists = {"alerts": alerts, "cases": cases, "notices": notices or (), "told": told}
    full = {name for name, rows in lists.items() if len(rows) >= _MOST} | full_courses
    return _Shift(
        incoming=tuple(sorted((one for one in standing if one.event.direction == Direction.INCOMING), key=_gravest)),
        outgoing=tuple(one for one in standing if one.event.direction == Direction.OUTGOING),
        titles={one.event.envelope_id: one.event.headline for one in alerts},
        told=tuple(one for one in told if _is_event(one)),
        dues=tuple(sorted([*_of_alerts(standing, now), *_of_cases(cases, now), *courses], key=_when)),
        drafts=drafts,
        cases=cases,
        notices=notices,
        silences=(await visit.api.ask("list_silences", SilenceList)).silences,
        roster=await _roster(visit),
        full=frozenset(full | ({"drafts"} if len(drafts) >= _DRAFTS else set())),
    )


def _gravest(one: AlertLine) -> tuple[bool, int, int]:
    return (one.taken, one.event.level or 5, -one.event.position)


def _sections(shift: _Shift) -> Iterator[Section]:
    """Say everything in plain rows: what is printed leads nowhere."""
    late, alerts = [one for one in shift.dues if one.late], _note(shift, "alerts")
    yield Section("已经超过期限", ("最迟", "种类", "事项"), tuple(map(_due_row, late)), _note(shift, "courses"))
    columns = ("来自", "预警", "发出", "最迟签收", "谁、答了什么")
    yield Section("收到、仍有效的预警", columns, tuple(map(_came_row, shift.incoming)), alerts)
    columns = ("预警", "发出", "最迟签收", "入库", "签收")
    yield Section("发出、仍有效的预警", columns, tuple(map(_sent_row, shift.outgoing)), alerts)
    told = tuple(_told_row(one, shift.titles) for one in shift.told)
    yield Section("正在通知本县人员", ("事件", "来自", "开始", "下一步", "状态"), told, _note(shift, "told"))
    ahead = tuple(_due_row(one) for one in shift.dues if not one.late)
    yield Section("还没有到期的", ("最迟", "种类", "事项"), ahead, _note(shift, "courses"))
    drafts = tuple(_draft_row(one) for one in shift.drafts)
    yield Section("没有发出的稿件", ("标题", "类型", "状态", "拟稿", "改动"), drafts, _note(shift, "drafts"))
    cases = tuple(
        (one.case_id[:10], counties(one.counties), STAGES[one.stage], f"{one.due_on or '—'}") for one in shift.cases
    )
    yield Section("未结的联合调解", ("案件", "两县", "状态", "下一个期限"), cases, _note(shift, "cases"))
    if shift.notices is not None:
        notices = tuple(
            (NOTICES.get(one.kind, one.kind), name_of(one.county) if one.county else "—", one.text, clock(one.told_at))
            for one in shift.notices
        )
        yield Section("待办提醒", ("种类", "县", "内容", "时间"), notices, _note(shift, "notices"))
    names = shift.names
    silences = tuple(
        (one.escalation[:16], clock(one.ends_at), one.reason, names.get(one.officer, one.officer))
        for one in shift.silences
    )
    yield Section("正在静音的", ("事件", "到", "为什么", "谁"), silences, empty="没有：该响的都会响。")
    notes = tuple(
        (
            names.get(one.from_officer, one.from_officer),
            names.get(one.to_officer, one.to_officer),
            one.text,
            clock(one.recorded_at),
        )
        for one in shift.notes
    )
    yield Section("交班留言", ("从", "给", "留言", "时间"), notes)
    duty = tuple(
        (TIERS[one.tier], one.display, clock(one.until) if one.until else "—")
        for one in (shift.roster.on_duty if shift.roster else ())
        if one.tier in _TURNS
    )
    yield Section("此刻在岗", ("班次", "谁", "到"), duty, empty="值班表里此刻没有人。")


def _note(shift: _Shift, name: str) -> str:
    most = _DRAFTS if name == "drafts" else _MOST
    return f"只取最近 {most} 件，更早的到各自的页面查。" if name in shift.full else ""


def _due_row(one: Due) -> tuple[str, ...]:
    return (clock(one.at), one.kind, one.text)


def _title(one: AlertLine) -> str:
    event = one.event
    level = f"【{LEVELS[event.level]}】" if event.level else ""
    drill = f"【{STATUSES.get(event.status, event.status)}】" if event.status != "actual" else ""
    return f"{drill}{level}{event.headline or title_of(event.wire_type)}"


def _came_row(one: AlertLine) -> tuple[str, ...]:
    said = ""
    if one.answer:
        said = f"{one.answer.officer}：{ANSWERS[one.answer.answer]} {clock(one.answer.answered_at)}"
    taken = said if one.taken else f"{said} 还没有人接手".strip()
    return (name_of(one.event.source), _title(one), clock(one.event.time), _last(one), taken)


def _sent_row(one: AlertLine) -> tuple[str, ...]:
    event, count = one.event, len(one.event.audience)
    waits = "，要催" if event.acknowledged_count < count else ""
    stored, taken = f"{event.stored_count}/{count}", f"{event.acknowledged_count}/{count}{waits}"
    return (_title(one), clock(event.time), _last(one), stored, taken)


def _last(one: AlertLine) -> str:
    return clock(one.event.acknowledge_by) if one.event.acknowledge_by else "—"


def _told_row(one: EscalationLine, titles: Mapping[str, str]) -> tuple[str, ...]:
    about = titles.get(one.version) or one.version[:10]
    silent = "（邻县没有回执，要打电话）" if "/" in one.key else ""
    at = clock(one.next_at) if one.next_at else "—"
    held = "，静音中" if one.held == Hold.SILENCED else ""
    return (f"{about}{silent}", name_of(one.source), clock(one.opened_at), at, f"{STATES[one.state]}{held}")


def _draft_row(one: DraftLine) -> tuple[str, ...]:
    title = one.title or "（未命名）"
    return (title, title_of(one.type), DRAFTS[one.state], one.author_name, clock(one.changed_at))


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


async def _of_courses(visit: Visit, now: datetime) -> tuple[list[Due], set[str]]:
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
    return found, {"courses"} if max(len(services), len(referrals)) >= _MOST else set()


async def paper(visit: Visit) -> web.StreamResponse:
    """Show one event as a sheet to be signed on paper; personal content is never on it."""
    envelope_id = visit.path("id")
    detail = await visit.api.ask("show_event", EventDetail, path={"id": envelope_id})
    members = (await visit.api.ask("list_members", MemberList)).members
    phone = next((one.duty_phone for one in members if one.county == detail.header.source), "")
    return visit.render("paper.html", {"detail": detail, "sheet": _paper_of(detail, phone), "phone": phone})


def _paper_of(detail: EventDetail, phone: str) -> Sheet | None:
    if not isinstance(detail.content, dict):
        return None
    content = json.dumps(detail.content, ensure_ascii=False).encode()
    parsed = parse_received(detail.header.type, content, detail.header.schema_ref.digest)
    if isinstance(parsed, tuple):
        return None
    return sheet_of(parsed.event, detail.header, detail.envelope_id, phone=phone)


HANDOVER: Final = (
    Page("GET", "/handover", "handover", "交接班", handover, READERS, "handover"),
    Page("GET", "/handover/sheet", "handover_sheet", "交接单", sheet, READERS, "handover"),
    Page("GET", _PAPER, "event_paper", "签收单", paper, READERS, "inbox"),
)
