"""Campaigns and festivals as entries of the calendar that people subscribe to.

``uid`` and ``sequence`` are the campaign's own; a campaign that is called off stays as CANCELLED, so that a program
that has it takes it out. Festivals are entries of whole days that never change but with the table.

Source: docs/outreach.md, section "The calendar"
"""

from collections.abc import Iterable, Iterator
from datetime import datetime, time, timedelta
from typing import Final

from schemas.base import BEIJING
from schemas.calendars import EntryStatus, FeedEntry, FeedParty, Participation
from schemas.counties import name_of
from schemas.festivals import Festival, FestivalDay, FestivalFile
from schemas.outreach.campaigns import (
    AttendanceBand,
    Campaign,
    CampaignKind,
    CampaignOutcome,
    CampaignRole,
    Reply,
)
from services.domain.campaigns import CampaignState
from services.domain.festivals import announced_by

KINDS: Final = {
    CampaignKind.FESTIVAL: "节庆",
    CampaignKind.PUBLICITY: "联合宣传",
    CampaignKind.FAIR: "展会集市",
    CampaignKind.SPORTS: "体育",
    CampaignKind.PATROL: "联合巡查",
    CampaignKind.EXCHANGE_VISIT: "互访",
}
ROLES: Final = {CampaignRole.CO_HOST: "联办", CampaignRole.SUPPORT: "协办", CampaignRole.GUEST: "应邀"}
BANDS: Final = {
    AttendanceBand.TENS: "百人以内",
    AttendanceBand.HUNDREDS: "百人至千人",
    AttendanceBand.THOUSANDS: "千人至五千人",
    AttendanceBand.MORE: "五千人以上",
}
REPLIES: Final = {Reply.ACCEPTED: "参加", Reply.TENTATIVE: "暂定", Reply.DECLINED: "不参加", None: "未答复"}
_PARTICIPATIONS: Final = {
    Reply.ACCEPTED: Participation.ACCEPTED,
    Reply.TENTATIVE: Participation.TENTATIVE,
    Reply.DECLINED: Participation.DECLINED,
    None: Participation.NEEDS_ACTION,
}
_FESTIVAL: Final = "传统节日"
_CANCELLED: Final = "（取消）"


def campaign_entry(state: CampaignState, table: FestivalFile) -> FeedEntry:
    """Return a campaign as an entry: its newest plan, with the answers that count.

    Args:
        state: The campaign.
        table: Of festivals: a campaign may announce one whose day nobody can compute.
    """
    announced = announced_by(table, state.plan.ics_uid[:6], state.plan.name)
    plan = state.plan
    called_off = state.closing is not None and state.closing.outcome is CampaignOutcome.CANCELLED
    points = [one.point for one in plan.places if one.point is not None]
    return FeedEntry(
        uid=plan.ics_uid,
        sequence=state.sequence,
        summary=f"{_CANCELLED}{plan.name}" if called_off else plan.name,
        description="\n".join((*_lines(state), *(_announces(announced) if announced else ()))),
        starts=plan.starts,
        ends=plan.ends,
        changed_at=state.changed_at,
        categories=(KINDS[plan.campaign_kind], *((_FESTIVAL,) if announced else ())),
        status=EntryStatus.CANCELLED if called_off else EntryStatus.CONFIRMED,
        location="；".join(one.desc for one in plan.places),
        point=_degrees(points[0]) if points else None,
        organizer=FeedParty(plan.ics_uid[:6], f"{name_of(plan.ics_uid[:6])} {plan.lead_office}"),
        attendees=tuple(_attendees(plan, state)),
    )


def festival_entries(days: Iterable[FestivalDay], table: FestivalFile) -> list[FeedEntry]:
    """Return festivals as entries of whole days.

    Args:
        days: Which.
        table: Where they come from; its date says when they were last changed.
    """
    changed = datetime.combine(table.as_of, time(), BEIJING)
    return [
        FeedEntry(
            uid=f"festival-{one.festival.key}-{one.day.year}@sihu",
            sequence=0,
            summary=one.festival.name,
            description=f"{one.festival.note}\n依据：{one.festival.source}",
            starts=one.day,
            ends=one.day + timedelta(days=1),
            changed_at=changed,
            categories=(_FESTIVAL,),
        )
        for one in days
    ]


def _announces(festival: Festival) -> Iterator[str]:
    yield f"{festival.name}：日期每年公布（date announced each year）。{festival.note}"


def _lines(state: CampaignState) -> Iterator[str]:
    plan = state.plan
    yield f"{KINDS[plan.campaign_kind]}　主办：{name_of(plan.ics_uid[:6])} {plan.lead_office}"
    for one in plan.partners:
        answer = REPLIES[state.reply_of(one.county)]
        yield f"{ROLES[one.role]}：{name_of(one.county)} {one.office}（{answer}）"
    contact = plan.contact_office
    yield f"联系：{contact.office} {contact.phone or ''}".rstrip()
    if plan.traffic_note is not None:
        yield f"交通：{plan.traffic_note}"
    if state.closing is not None:
        yield f"结果：{state.closing.summary}"


def _attendees(plan: Campaign, state: CampaignState) -> Iterator[FeedParty]:
    for one in plan.partners:
        yield FeedParty(
            one.county,
            f"{name_of(one.county)} {one.office}",
            _PARTICIPATIONS[state.reply_of(one.county)],
            required=one.role is not CampaignRole.GUEST,
        )


def _degrees(point: str) -> tuple[float, float]:
    north, _, east = point.partition(",")
    return float(north), float(east)
