"""Cases of joint mediation as answers, and a draft of an entry as the event that it becomes."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Final

from schemas.base import BEIJING
from schemas.calendars import Workdays
from schemas.cases import CaseAct, CaseRef, CaseRow
from schemas.catalogue import model_of
from schemas.drafts import CaseEventDraft, EventDraft
from schemas.envelope import Ref, RefRelation
from schemas.errors import Fault
from schemas.governance.catalogue import CASE_TYPES
from schemas.governance.mediation import CASE_PREFIX, CaseEvent, CaseRegistered
from schemas.ids import CountyCode, EnvelopeId
from services.casework import file_of, has_heard
from services.domain.encoding import compact_json
from services.domain.mediation_door import thread_refs
from services.domain.mediation_next import CaseDay, Option, days_of, lacking_tables, options, proposed_days, reminders
from services.domain.mediation_thread import Judged
from services.gateway.case_answers import (
    CaseDayLine,
    CaseDetail,
    CaseEntryLine,
    CaseLine,
    CaseList,
    CaseOptionLine,
)
from services.gateway.gateway import Gateway
from services.gateway.views import fault_line
from services.ports import Snapshot

NOT_FOUND: Final = Fault("case.not_found", "id", "no such case is here; see GET /api/v1/cases")
_NAMES: Final[Mapping[CaseAct, str]] = {
    CaseAct.CONSENT_WITHHELD: "consent_refused",
    CaseAct.DRAFTED_ORAL: "agreement_drafted",
    CaseAct.DRAFTED_WRITTEN: "agreement_drafted",
    CaseAct.COURT_ACCEPTED: "confirmation_result",
    CaseAct.CONFIRMED: "confirmation_result",
    CaseAct.CONFIRMATION_REFUSED: "confirmation_result",
}
"""Acts that are not called as their type is."""


def type_of(act: CaseAct) -> type[CaseEvent]:
    """Return the type of event that brings an act about."""
    wire_type = f"{CASE_PREFIX}{_NAMES.get(act, act.value)}.v1"
    return next((one for one in CASE_TYPES if one.wire_type == wire_type), CaseRegistered)


def case_list(rows: list[CaseRow]) -> CaseList:
    """A list of cases."""
    return CaseList(cases=tuple(_line(row) for row in rows))


def case_detail(snapshot: Snapshot, case_id: str, gateway: Gateway, now: datetime) -> CaseDetail | Fault:
    """One case whole: its story, what may come next and why not, its days."""
    row = snapshot.cases.case(case_id)
    if row is None:
        return NOT_FOUND
    file, county, today = file_of(snapshot, case_id), gateway.county, now.astimezone(BEIJING).date()
    state, workdays = file.state, gateway.workdays()
    other = next((one for one in row.counties if one != county), "")
    heard = has_heard(snapshot, other, now, gateway.silent_after)
    proposed = proposed_days(today, workdays)
    days = days_of(state, today)
    return CaseDetail(
        case=_line(row),
        parties=tuple(_refs(state.parties)),
        mediators=tuple(_refs(state.panel)),
        form=state.form,
        agreement_digest=state.draft,
        signatures_missing=state.lacks_signatures() if state.draft else (),
        heads=file.heads,
        entries=tuple(_entry(one, evidence_of(snapshot, one.entry.envelope_id)) for one in file.story),
        waiting=tuple(one.envelope_id for one in file.waiting),
        heard=heard,
        options=tuple(_option(one) for one in options(file, county, today=today, heard=heard)),
        days=tuple(map(_day, days)),
        reminders=tuple(map(_day, reminders(state, today))),
        proposed_due_on=proposed["due_on"],
        proposed_confirm_by=proposed["confirm_by"],
        lacking_tables=_lacking([*(one.on for one in days), *proposed.values()], workdays, now),
    )


def event_body(draft: CaseEventDraft, row: CaseRow, county: str) -> bytes | Fault:
    """Return an entry as the body of ``POST events``: agreement, audience and references follow from the case.

    Args:
        draft: As asked for.
        row: The case.
        county: Ourselves.
    """
    model = model_of(draft.type)
    if model is None or not issubclass(model, CaseEvent) or model is CaseRegistered:
        return Fault("case.type", "type", "name a type of the case, e.g. cn.sihu.governance.case_accepted.v1")
    evidence = tuple(Ref(rel=RefRelation.EVIDENCE, id=one) for one in draft.evidence)
    event = EventDraft(
        type=draft.type,
        agreement=row.agreement_id,
        to=tuple(CountyCode(one) for one in row.counties if one != county),
        status=draft.status,
        refs=(*thread_refs(row.case_id, draft.last_seen), *evidence),
        content=draft.content,
    )
    return compact_json(event.model_dump(mode="json", by_alias=True, exclude_none=True))


def _line(row: CaseRow) -> CaseLine:
    return CaseLine.model_validate(row, from_attributes=True)


def _refs(pairs: tuple[tuple[str, str], ...]) -> list[CaseRef]:
    return [CaseRef(ref=ref, county=CountyCode(county)) for ref, county in pairs]


def evidence_of(snapshot: Snapshot, envelope_id: str) -> tuple[EnvelopeId, ...]:
    """Return the events that an event names as carriers of its files."""
    event = snapshot.event(envelope_id)
    refs = () if event is None else event.envelope.header.refs
    return tuple(ref.id for ref in refs if ref.rel is RefRelation.EVIDENCE)


def _entry(one: Judged, evidence: tuple[EnvelopeId, ...]) -> CaseEntryLine:
    entry = one.entry
    model = model_of(entry.wire_type)
    return CaseEntryLine(
        envelope_id=entry.envelope_id,
        county=CountyCode(entry.county),
        type=entry.wire_type,
        title=model.title_zh if model else entry.wire_type,
        time=entry.time,
        seen=entry.seen,
        evidence=evidence,
        facts=entry.facts,
        counts=one.fault is None,
        fault=fault_line(one.fault),
        stage=one.stage,
        settled=one.settled,
    )


def _option(one: Option) -> CaseOptionLine:
    model = type_of(one.act)
    return CaseOptionLine(
        act=one.act,
        type=model.wire_type,
        title=model.title_zh,
        gate=one.gate,
        allowed=one.fault is None,
        fault=fault_line(one.fault),
    )


def _day(one: CaseDay) -> CaseDayLine:
    return CaseDayLine.model_validate(one, from_attributes=True)


def _lacking(days: list[date], workdays: Workdays, now: datetime) -> tuple[str, ...]:
    return lacking_tables(days, workdays, now)
