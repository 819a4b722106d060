"""Who is on duty is told to partners: what, to whom, when, and what of a partner's word counts here.

Only the primary and the secondary are named, as the desk names them. Offices and the superior's duty room have their
telephones in the registry; leaders and numbers are nobody's business next door.

Source: docs/protocol.md, section "Duty"; docs/decisions/0047-tell-partners-who-is-on-duty.md
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Final, Literal

from schemas.base import InformationClass, Kind, Status
from schemas.calendars import Workdays
from schemas.control import CONTROL_PURPOSE, DUTY_SPAN_MAX, DutyTold, OnDuty
from schemas.duties import NeighbourDuty, ToldDuty
from schemas.envelope import Header
from schemas.errors import Fault
from schemas.ids import CountyCode
from schemas.pages import Tier
from services.domain.chain import epoch_counter
from services.domain.drafting import Outgoing, schema_ref
from services.domain.guards import personal_numbers
from services.domain.rosters import Roster, holder_at, shifts
from services.domain.sharing import taking_part
from services.domain.trust import AgreementInForce, Trust

_Tier = Literal[Tier.PRIMARY, Tier.SECONDARY]
_TIERS: Final[tuple[_Tier, ...]] = (Tier.PRIMARY, Tier.SECONDARY)
_PRIORITY: Final = 3
_AHEAD: Final = timedelta(minutes=10)
_HOUR: Final = timedelta(hours=1)
_STEP: Final = timedelta(minutes=1)
_AT_ONCE: Final = 2
"""The start of a node, a change and its correction wait for nothing."""
_REFUSED_WAIT: Final = timedelta(hours=1)
_UNKNOWN_WAIT: Final = timedelta(days=7)
"""So seldom a partner is told whose node is older than the record: each time its officer reads of a refused message."""
_UNKNOWN: Final = "event.unknown_type"


# -- what is told ------------------------------------------------------------------------------------------


def people_at(roster: Roster, at: datetime, workdays: Workdays) -> tuple[OnDuty, ...]:
    """Return whom the roster names as primary and secondary at a moment, as partners may read it.

    Somebody in whose name a personal number stands is left out: the roster is the county's own, the record travels.

    Args:
        roster: As known now.
        at: Aware.
        workdays: The county's days.
    """
    named = ((tier, roster.display(officer)) for tier, officer in _held(roster, at, workdays))
    return tuple(OnDuty(tier=tier, display=display) for tier, display in named if is_tellable(display))


def withheld_at(roster: Roster, at: datetime, workdays: Workdays) -> tuple[str, ...]:
    """Return the officers whom ``people_at`` leaves out."""
    return tuple(officer for _, officer in _held(roster, at, workdays) if not is_tellable(roster.display(officer)))


def _held(roster: Roster, at: datetime, workdays: Workdays) -> Iterator[tuple[_Tier, str]]:
    for tier in _TIERS:
        officer = holder_at(roster, tier, at, workdays).officer
        if officer is not None:
            yield tier, officer


def is_tellable(display: str) -> bool:
    """Tell whether a name holds no identity, mobile or bank-card number, in whatever spelling."""
    return personal_numbers({"display": display}, exempt=()) is None


def stands_until(roster: Roster, at: datetime, workdays: Workdays) -> datetime:
    """Return until when the same people stand as at a moment, at most seven days later, by what is known now.

    Args:
        roster: As known now.
        at: Aware.
        workdays: The county's days.
    """
    end = at + DUTY_SPAN_MAX
    now = people_at(roster, at, workdays)
    turns = {one.starts_at for one in shifts(roster, at, end, workdays) if one.tier in _TIERS and one.starts_at > at}
    return next((turn for turn in sorted(turns) if people_at(roster, turn, workdays) != now), end)


def told_partners(trust: Trust, county: str, now: datetime) -> Mapping[CountyCode, AgreementInForce]:
    """Return every county that an agreement in force joins to ours, and under which it is told: the first by name."""
    found: dict[CountyCode, AgreementInForce] = {}
    for agreement_id in sorted(trust.agreements):
        held = trust.agreement_at(agreement_id, now)
        parties = taking_part(trust, held.agreement) if held and _is_in_force(held, now) else []
        if held is not None and county in parties:
            found |= {party: held for party in parties if party != county and party not in found}
    return dict(sorted(found.items()))


def _is_in_force(held: AgreementInForce, at: datetime) -> bool:
    return held.agreement.valid_from <= at < held.agreement.valid_until


def is_due(people: tuple[OnDuty, ...], told: ToldDuty | None, now: datetime, refused: str | None = None) -> bool:
    """Decide whether a partner is told now.

    It is told when other people stand than it was told of, and again when what it was told has run out; nobody is
    told that nobody stands, unless somebody is named there still. Of a flood of changes each waits for as many minutes
    as were told within the hour before it, two aside, so that at most thirteen go in an hour, and the last one goes in
    any case.

    Args:
        people: Who stands now; nobody while telling is switched off.
        told: What the partner was told last; None if nothing.
        now: Aware UTC.
        refused: The code by which it refused that; None if it did not.
    """
    seen = told.people if told is not None and now < told.valid_until else ()
    if told is None or people == seen:
        return people != seen
    since = abs(now - told.told_at)  # a clock that was set back must not hold up the next change for a day
    if refused is not None:
        return since >= (_UNKNOWN_WAIT if refused == _UNKNOWN else _REFUSED_WAIT)
    return since >= _STEP * max(0, len(_lately(told, now)) - _AT_ONCE)


def _lately(told: ToldDuty, now: datetime) -> tuple[datetime, ...]:
    return tuple(one for one in told.lately if abs(now - one) < _HOUR)


def record_of_duty(office: str, people: tuple[OnDuty, ...], now: datetime, until: datetime) -> DutyTold:
    """Return what is said: who stands from now on, until when; seven days at most, also after a clock was set back."""
    return DutyTold(office=office, people=people, valid_from=now, valid_until=min(until, now + DUTY_SPAN_MAX))


def duty_outgoing(record: DutyTold, agreement: AgreementInForce, partner: CountyCode) -> Outgoing:
    """Return the record ready to be posted to one partner, encrypted: the hub has no need to know who stands."""
    return Outgoing(
        wire_type=DutyTold.wire_type,
        content=record.model_dump_json(exclude_none=True).encode(),
        schema_ref=schema_ref(DutyTold.wire_type),
        agreement=agreement,
        to=(partner,),
        purpose=CONTROL_PURPOSE,
        information_class=InformationClass.INTERNAL,
        status=Status.SYSTEM,
        kind=Kind.REPORT,
        priority=_PRIORITY,
        expires=record.valid_until,
        watched=False,
        encrypt=True,
    )


def told_row(record: DutyTold, partner: str, envelope_id: str, before: ToldDuty | None, now: datetime) -> ToldDuty:
    """Return what is kept about what a partner was told."""
    lately = (*(_lately(before, now) if before else ()), now)
    return ToldDuty(partner, envelope_id, record.people, record.valid_until, now, lately)


# -- what a partner's word is worth -----------------------------------------------------------------------


def judge_duty_record(record: DutyTold, header: Header, trust: Trust, now: datetime) -> Fault | None:
    """Decide whether a partner's word counts: said to us alone, encrypted, under an agreement in force, for now.

    Args:
        record: Its content.
        header: Of the envelope that carried it; the signature holds.
        trust: What is trusted now.
        now: Aware UTC: a word from a clock that is ahead would stand for longer than it may, before better ones.
    """
    if len(header.to) != 1:
        return Fault("duty.audience", "to", "who is on duty is told to each partner by itself")
    if header.content.encoding == "none":
        return Fault("duty.in_clear", "content.encoding", "names of people on duty are encrypted to whom they are told")
    held = trust.agreement_at(header.agreement_id, header.time)
    parties = taking_part(trust, held.agreement) if held and _is_in_force(held, header.time) else []
    if header.source not in parties or header.to[0] not in parties:
        mend = f"{header.agreement_id} joins the two in no agreement in force at that time; adopt one"
        return Fault("duty.no_agreement", "agreement", mend)
    if header.expires != record.valid_until:
        return Fault("duty.expires", "expires", "it is `valid_until` of the content, so that both ends erase in time")
    if abs(record.valid_from - header.time) > _AHEAD or header.time - now > _AHEAD:
        return Fault("duty.valid_from", "content.valid_from", "it says who stands now, not at another time")
    return None


def neighbour_row(record: DutyTold, header: Header, now: datetime) -> NeighbourDuty:
    """Return what is kept of a partner's word; of one that ran out on its way its place alone."""
    is_over = record.valid_until <= now
    return NeighbourDuty(
        county=header.source,
        office="" if is_over else record.office,
        people=() if is_over else record.people,
        valid_until=record.valid_until,
        told_at=header.time,
        channel=header.channel,
        epoch=header.epoch,
        seq=header.seq,
    )


def is_newer(row: NeighbourDuty, held: NeighbourDuty | None) -> bool:
    """Tell whether a word takes the place of the one held: by its place in one chain, by its time between two."""
    if held is None:
        return True
    if row.channel == held.channel:
        return _place(row) > _place(held)
    return (row.told_at, row.channel) > (held.told_at, held.channel)


def _place(row: NeighbourDuty) -> tuple[int, str, int]:
    return epoch_counter(row.epoch), row.epoch, row.seq


def shown_duty(rows: Iterable[NeighbourDuty], trust: Trust, county: str, now: datetime) -> Mapping[str, NeighbourDuty]:
    """Return what may be shown of partners' words, by county: what still counts and names somebody.

    Args:
        rows: What is kept; some may have run out, and some partners' agreements may have ended.
        trust: What is trusted now.
        county: Ourselves.
        now: Aware UTC.
    """
    partners = told_partners(trust, county, now)
    return {row.county: row for row in rows if row.people and now < row.valid_until and row.county in partners}


def names_of(people: tuple[OnDuty, ...]) -> str:
    """Return everybody with the tier, e.g. 主班值班员甲、副班值班员乙."""
    words = {Tier.PRIMARY: "主班", Tier.SECONDARY: "副班"}
    return "、".join(f"{words[one.tier]}{one.display}" for one in people)
