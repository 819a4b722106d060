"""How things stand now, for whoever is on duty: alerts with this county's own answer, and the links to its partners."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from itertools import islice
from typing import Final

from schemas.base import Model, WireTime
from schemas.control import HUMAN_STAGES, TAKING_STAGES, HeadBeaconed, OnDuty
from schemas.counties import name_of
from schemas.duties import NeighbourDuty
from schemas.governance.mediation import CaseRiskFlagged
from schemas.ids import CountyId
from schemas.records import Direction, EventSummary, ReceiptRow
from services.domain.cap_telling import ALERT_TYPES, KeptAlert, alert_of, in_force
from services.domain.duty_telling import shown_duty
from services.domain.trust import Trust
from services.gateway.answers import AnswerLine, EventLine
from services.gateway.views import answer_line, event_line
from services.ports import Snapshot

_TYPES: Final = (*ALERT_TYPES, CaseRiskFlagged.wire_type)
COUNTED_MOST: Final = 1000
"""So many that wait for an acknowledgement are counted; more are as bad."""
_VALID_MOST: Final = 1000
"""Alerts that have not expired, the newest: what replaces what is judged among these."""
_LOOKED_AT: Final = 60
"""Events of each type, the newest: more alerts in force at once are a storm, and a storm is a list to search."""


class AlertLine(Model):
    """An alert, whether it still counts, and what this county answered to it."""

    event: EventLine
    in_force: bool
    """Not expired, and neither replaced nor ended by a later one that is here."""
    areas: tuple[str, ...]
    answer: AnswerLine | None
    """Of an incoming alert: the answer that took it, else the newest that did not."""
    taken: bool
    """Of an incoming alert: an officer here has taken it."""


class AlertList(Model):
    """Alerts, the newest first."""

    alerts: tuple[AlertLine, ...]
    unacknowledged: int
    """Incoming events of whichever type, in force or not, that ask for this county's acknowledgement and have none;
    counted up to 1,000."""


class DutyThere(Model):
    """Who is on duty at a partner, by its own word; it counts still."""

    office: str
    people: tuple[OnDuty, ...]
    """As its desk names them: the primary before the secondary, one of the two or both."""
    valid_until: WireTime
    told_at: WireTime
    """By the partner's clock."""


class LinkLine(Model):
    """What is known of a partner's node, by what came from there."""

    county: CountyId
    name: str
    heard_at: WireTime | None
    """When its newest beacon or link came."""
    silent: bool
    """Nothing came for longer than two beacon intervals: what it sends or stores now is not known here."""
    owes_since: WireTime | None
    """When the oldest event was accepted that it has not proved to have stored."""
    stored_at: WireTime | None
    """When, by its own clock, it stored the newest of ours that it has proved."""
    clock_ahead_seconds: int | None
    """By how much its newest link was ahead of our clock; below zero the way took its time."""
    duty: DutyThere | None
    """Null if it has told nobody, or what it told has run out."""


class LinkList(Model):
    """Every other party of an agreement of ours, by code, and whether this node reaches its hub."""

    hub: bool
    links: tuple[LinkLine, ...]


def standing_alerts(
    snapshot: Snapshot, *, direction: Direction | None, standing_only: bool, limit: int, now: datetime
) -> AlertList:
    """Return the newest alerts of all kinds, or those that still count, however much came after them.

    Args:
        snapshot: One consistent view.
        direction: Incoming, outgoing, or both.
        standing_only: Leave out what has expired or was replaced or ended.
        limit: Most to return.
        now: Aware UTC.
    """
    found = _valid(snapshot, direction, now) if standing_only else _newest(snapshot, direction)
    rows = sorted(found, key=lambda row: row.position, reverse=True)[: _VALID_MOST if standing_only else limit]
    kept = _alerts_among(snapshot, rows, now)
    standing = {one.event.envelope.envelope_id for one in in_force(list(kept.values()))}
    lines = (_line(snapshot, row, kept.get(row.envelope_id), standing, now) for row in rows)
    return AlertList(
        alerts=tuple(islice((one for one in lines if one.in_force or not standing_only), limit)),
        unacknowledged=snapshot.unacknowledged(COUNTED_MOST),
    )


def partner_links(
    snapshot: Snapshot, trust: Trust, county: str, *, hub: bool, silent_after: timedelta, now: datetime
) -> LinkList:
    """Return what is known of each partner.

    Args:
        snapshot: One consistent view.
        trust: Names the partners.
        county: Ourselves.
        hub: Whether there is contact with the hub.
        silent_after: Older than that, what was heard proves nothing.
        now: Aware UTC.
    """
    beacons = {one.county: one.heard_at for one in snapshot.heard(HeadBeaconed.wire_type)}
    links, owed, stored, ahead = (
        snapshot.last_heard(),
        snapshot.oldest_unstored(),
        snapshot.last_stored(),
        snapshot.clocks_ahead(),
    )
    partners = {
        party
        for one in trust.agreements.values()
        if county in one.agreement.parties
        for party in one.agreement.parties
        if party != county
    }
    duties = shown_duty(snapshot.duties.neighbours(), trust, county, now)
    return LinkList(
        hub=hub,
        links=tuple(
            LinkLine(
                county=code,
                name=name_of(code),
                heard_at=(heard := max((at for at in (beacons.get(code), links.get(code)) if at), default=None)),
                silent=heard is None or now - heard > silent_after,
                owes_since=owed.get(code),
                stored_at=stored.get(code),
                clock_ahead_seconds=round(ahead[code]) if code in ahead else None,
                duty=_duty_line(duties.get(code)),
            )
            for code in sorted(partners)
        ),
    )


def _duty_line(row: NeighbourDuty | None) -> DutyThere | None:
    return None if row is None else DutyThere.model_validate(row, from_attributes=True)


def _newest(snapshot: Snapshot, direction: Direction | None) -> Iterator[EventSummary]:
    for wire_type in _TYPES:
        page = snapshot.events(direction=direction, wire_type=wire_type, since=0, limit=_LOOKED_AT, newest_first=True)
        yield from page.rows


def _valid(snapshot: Snapshot, direction: Direction | None, now: datetime) -> Iterator[EventSummary]:
    rows = snapshot.alerts_until(now, _VALID_MOST)
    yield from (row for row in rows if direction in {None, row.direction})
    risks = CaseRiskFlagged.wire_type
    yield from snapshot.events(direction=direction, wire_type=risks, since=0, limit=_LOOKED_AT, newest_first=True).rows


def _alerts_among(snapshot: Snapshot, rows: list[EventSummary], now: datetime) -> Mapping[str, KeptAlert]:
    """Read those that may still count; an expired one needs no look into its content."""
    found = {}
    for row in rows:
        event = snapshot.event(row.envelope_id) if row.expires is None or row.expires > now else None
        alert = alert_of(event) if event is not None else None
        if isinstance(alert, KeptAlert):
            found[row.envelope_id] = alert
    return found


def _line(
    snapshot: Snapshot, row: EventSummary, kept: KeptAlert | None, standing: set[str], now: datetime
) -> AlertLine:
    answers = _answers(snapshot, row) if row.direction is Direction.INCOMING else []
    taking = next((one for one in answers if one.stage in TAKING_STAGES), None)
    said = taking or (answers[-1] if answers else None)
    unread = row.wire_type == CaseRiskFlagged.wire_type and (row.expires is None or row.expires > now)
    return AlertLine(
        event=event_line(row),
        in_force=row.envelope_id in standing or unread,
        areas=tuple(dict.fromkeys(area.desc for area in kept.alert.areas)) if kept else (),
        answer=answer_line(said) if said else None,
        taken=taking is not None,
    )


def _answers(snapshot: Snapshot, row: EventSummary) -> list[ReceiptRow]:
    rows = snapshot.receipts(row.envelope_id)
    return [one for one in rows if one.direction is Direction.OUTGOING and one.stage in HUMAN_STAGES]
