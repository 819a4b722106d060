"""What an event of a case does, in facts that outlive its content.

Source: docs/mediation.md, section "What is kept"
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from schemas.base import Event
from schemas.cases import CaseAct, CaseEntry, CaseFacts, CaseRef, DueFact
from schemas.envelope import Header, RefRelation
from schemas.governance import mediation as first
from schemas.governance import mediation_outcomes as second
from schemas.governance.mediation import CaseEvent
from schemas.governance.mediation_parts import AgreementForm, ConsentMatter, CourtResult, Signatory

_Reader = Callable[[Any], CaseFacts]
_RESULTS: Final = {
    CourtResult.ACCEPTED: CaseAct.COURT_ACCEPTED,
    CourtResult.CONFIRMED: CaseAct.CONFIRMED,
    CourtResult.REFUSED: CaseAct.CONFIRMATION_REFUSED,
}


def facts_of(event: CaseEvent) -> CaseFacts:
    """Return what the rules need of an event."""
    return _READERS[type(event)](event)


def entry_of(event: Event | None, header: Header, envelope_id: str) -> CaseEntry | None:
    """Return an event as an entry of its case; None if it is of no case.

    Args:
        event: Its content, parsed.
        header: Its signed header, whose references were judged.
        envelope_id: Of the event.
    """
    if not isinstance(event, CaseEvent):
        return None
    named = next((ref.id for ref in header.refs if ref.rel is RefRelation.CASE), envelope_id)
    seen = tuple(sorted(ref.id for ref in header.refs if ref.rel is RefRelation.REPLIES))
    return CaseEntry(envelope_id, named, header.source, header.type, header.time, seen, facts_of(event))


def _registered(event: first.CaseRegistered) -> CaseFacts:
    parties = tuple(CaseRef(ref=one.ref, county=one.county) for one in event.parties)
    return CaseFacts(
        act=CaseAct.REGISTERED,
        on=event.registered_on,
        dispute=event.dispute_kind,
        parties=parties,
        lead=event.lead,
    )


def _consent(event: first.CaseConsentGiven) -> CaseFacts:
    return CaseFacts(
        act=CaseAct.CONSENT_GIVEN, on=event.given_on, party=event.party, matter=event.matter, until=event.until
    )


def _no_consent(event: first.CaseConsentRefused) -> CaseFacts:
    ends = event.matter is ConsentMatter.MEDIATION
    act = CaseAct.CONSENT_REFUSED if ends else CaseAct.CONSENT_WITHHELD
    return CaseFacts(act=act, on=event.refused_on, party=event.party, matter=event.matter)


def _panel(event: first.CasePanelSet) -> CaseFacts:
    mediators = tuple(CaseRef(ref=one.ref, county=one.county) for one in event.mediators)
    return CaseFacts(act=CaseAct.PANEL_SET, on=event.set_on, mediators=mediators)


def _notice(event: first.CaseNoticeGiven) -> CaseFacts:
    return CaseFacts(act=CaseAct.NOTICE_GIVEN, on=event.given_on, told=event.matter, refs=event.parties)


def _called(event: first.CaseSessionSet) -> CaseFacts:
    return CaseFacts(
        act=CaseAct.SESSION_SET,
        session_no=event.session_no,
        outsiders=len(event.outsiders),
        open_to_public=event.open_to_public,
    )


def _held(event: first.CaseSessionHeld) -> CaseFacts:
    return CaseFacts(
        act=CaseAct.SESSION_HELD,
        on=event.held_on,
        session_no=event.session_no,
        refs=event.parties,
        sat=event.mediators,
        outsiders=event.outsiders,
        open_to_public=event.open_to_public,
    )


def _drafted(event: second.CaseAgreementDrafted) -> CaseFacts:
    oral = event.form is AgreementForm.ORAL
    return CaseFacts(
        act=CaseAct.DRAFTED_ORAL if oral else CaseAct.DRAFTED_WRITTEN,
        on=event.document.drawn_on,
        sha256=event.sha256,
        form=event.form,
        refs=event.agreed_by,
        parties=tuple(CaseRef(ref=one.ref, county=one.county) for one in event.document.parties),
        mediators=tuple(CaseRef(ref=one.ref, county=one.county) for one in event.document.mediators),
    )


def _signed(event: second.CaseAgreementSigned) -> CaseFacts:
    return CaseFacts(
        act=CaseAct.AGREEMENT_SIGNED,
        on=event.signed_on,
        sha256=event.sha256,
        party=event.party if event.signatory is Signatory.PARTY else None,
        mediator=event.mediator if event.signatory is Signatory.MEDIATOR else None,
    )


def _in_force(event: second.CaseInForce) -> CaseFacts:
    return CaseFacts(
        act=CaseAct.IN_FORCE,
        on=event.in_force_on,
        sha256=event.sha256,
        until=event.confirm_by,
        refs=event.copies_to,
    )


def _due(event: second.CasePerformanceDue) -> CaseFacts:
    items = tuple(DueFact(no=one.no, party=one.party, due_on=one.due_on) for one in event.items)
    return CaseFacts(act=CaseAct.PERFORMANCE_DUE, items=items)


def _performed(event: second.CasePerformanceReported) -> CaseFacts:
    return CaseFacts(
        act=CaseAct.PERFORMANCE_REPORTED, on=event.reported_on, item_no=event.item_no, performance=event.outcome
    )


_READERS: Final[Mapping[type[CaseEvent], _Reader]] = {
    first.CaseRegistered: _registered,
    first.CaseConsentGiven: _consent,
    first.CaseConsentRefused: _no_consent,
    first.CaseAccepted: lambda e: CaseFacts(act=CaseAct.ACCEPTED, on=e.accepted_on, until=e.due_on),
    first.CaseRefused: lambda e: CaseFacts(act=CaseAct.REFUSED, on=e.refused_on),
    first.CasePanelSet: _panel,
    first.CaseMediatorChallenged: lambda e: CaseFacts(
        act=CaseAct.MEDIATOR_CHALLENGED, on=e.challenged_on, mediator=e.mediator, party=e.party
    ),
    first.CaseLeadOffered: lambda e: CaseFacts(act=CaseAct.LEAD_OFFERED, lead=e.to),
    first.CaseLeadHanded: lambda e: CaseFacts(act=CaseAct.LEAD_HANDED, lead=e.taken_from),
    first.CaseNoticeGiven: _notice,
    first.CaseEvidenceAdded: lambda e: CaseFacts(
        act=CaseAct.EVIDENCE_ADDED, on=e.added_on, sha256=e.sha256, party=e.party
    ),
    first.CaseVisitMade: lambda e: CaseFacts(act=CaseAct.VISIT_MADE, on=e.visited_on),
    first.CaseSessionSet: _called,
    first.CaseSessionHeld: _held,
    first.CaseProposalMade: lambda e: CaseFacts(act=CaseAct.PROPOSAL_MADE, on=e.made_on, party=e.party),
    first.CaseExtended: lambda e: CaseFacts(act=CaseAct.EXTENDED, until=e.until),
    first.CaseSuspended: lambda e: CaseFacts(act=CaseAct.SUSPENDED, on=e.suspended_on),
    first.CaseResumed: lambda e: CaseFacts(act=CaseAct.RESUMED, on=e.resumed_on),
    first.CaseWithdrawn: lambda e: CaseFacts(act=CaseAct.WITHDRAWN, on=e.withdrawn_on, party=e.party),
    first.CaseEntryWithdrawn: lambda e: CaseFacts(act=CaseAct.ENTRY_WITHDRAWN, entry=e.entry),
    first.CaseRiskFlagged: lambda _: CaseFacts(act=CaseAct.RISK_FLAGGED),
    first.CaseFailed: lambda e: CaseFacts(act=CaseAct.FAILED, on=e.failed_on),
    second.CaseAgreementDrafted: _drafted,
    second.CaseAgreementSigned: _signed,
    second.CaseStamped: lambda e: CaseFacts(act=CaseAct.STAMPED, on=e.stamped_on, sha256=e.sha256),
    second.CaseInForce: _in_force,
    second.CaseConfirmationFiled: lambda e: CaseFacts(act=CaseAct.CONFIRMATION_FILED, on=e.filed_on, refs=e.parties),
    second.CaseConfirmationResult: lambda e: CaseFacts(act=_RESULTS[e.result], on=e.decided_on, result=e.result),
    second.CasePerformanceDue: _due,
    second.CasePerformanceReported: _performed,
    second.CaseFollowedUp: lambda e: CaseFacts(act=CaseAct.FOLLOWED_UP, on=e.followed_up_on),
    second.CaseUrged: lambda e: CaseFacts(act=CaseAct.URGED, on=e.urged_on, party=e.party),
    second.CaseBreached: lambda e: CaseFacts(act=CaseAct.BREACHED, on=e.found_on, party=e.party, item_no=e.item_no),
    second.CaseCourtAdvised: lambda e: CaseFacts(act=CaseAct.COURT_ADVISED, on=e.advised_on),
    second.CaseReopened: lambda e: CaseFacts(act=CaseAct.REOPENED, on=e.reopened_on, until=e.due_on),
    second.CaseClosed: lambda e: CaseFacts(act=CaseAct.CLOSED, on=e.closed_on, outcome=e.outcome),
    second.CaseArchived: lambda e: CaseFacts(act=CaseAct.ARCHIVED, on=e.archived_on, sha256=e.file_sha256),
}
