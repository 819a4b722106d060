"""What has become of a case so far, and how one act that counts changes it.

Source: docs/mediation.md
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from schemas.cases import CaseAct, CaseEntry, CaseFacts, CaseStage, Confirmation, DueFact
from schemas.errors import InvariantError
from schemas.governance.mediation_parts import (
    AgreementForm,
    CaseOutcome,
    ConsentMatter,
    DisputeKind,
    NoticeMatter,
    Performance,
)
from services.domain.mediation import confirmation_after, following

COUNTY_SIGNS: Final = "county:"
"""Before a county's code where it stands among those who signed."""
WITHDRAWABLE: Final = frozenset({CaseAct.EVIDENCE_ADDED, CaseAct.VISIT_MADE, CaseAct.PROPOSAL_MADE})


@dataclass(frozen=True, slots=True)
class Called:
    """A session that was called: is it open, and are outsiders asked to come?"""

    number: int
    open_to_public: bool
    outsiders: bool


@dataclass(frozen=True, slots=True)
class Consent:
    """A party agreed to a matter; ``until`` with a longer term alone."""

    party: str
    matter: ConsentMatter
    until: date | None = None


@dataclass(frozen=True, slots=True)
class CaseState:
    """Everything that the rules look at.

    Attributes:
        stage: Where the case stands.
        before: Where it stood when it was suspended, else None.
        counties: The two, ascending.
        lead: Who leads; of two gates passed at once the lead's counts.
        offered: To whom the lead is offered.
        parties: Reference → county that speaks with the party.
        consents: Those in force; consents to mediators end with the panel they were given for.
        panel: Reference → county of the mediators in office.
        barred: Mediators who were challenged: none of them may come back.
        told: What parties were told, by matter and reference.
        sessions: Called, not yet held.
        form: Of the newest draft.
        draft: Its digest; None without one.
        draft_panel: The mediators that it names.
        agreed: Who agreed by word of mouth.
        signed: Who signed the draft: references, and counties behind ``COUNTY_SIGNS``.
        stamped: Counties whose committee stamped it.
        began_on: Day of acceptance, or of reopening.
        limit: Last day of the mediation; None before it is accepted.
        confirm_by: Last day to ask a court; None before the agreement is in force.
        items: Duties by number.
        done: Numbers of those that were met.
        withdrawable: Entries that their own county may take back, by id.
        withdrawn: Those that were.
        dispute: Of what kind.
        outcome: What it came to; None until it is closed.
    """

    stage: CaseStage = CaseStage.DRAFTED
    before: CaseStage | None = None
    confirmation: Confirmation = Confirmation.NONE
    counties: tuple[str, ...] = ()
    lead: str = ""
    offered: str | None = None
    parties: tuple[tuple[str, str], ...] = ()
    consents: frozenset[Consent] = frozenset()
    panel: tuple[tuple[str, str], ...] = ()
    barred: frozenset[str] = frozenset()
    told: frozenset[tuple[NoticeMatter, str]] = frozenset()
    sessions: tuple[Called, ...] = ()
    form: AgreementForm | None = None
    draft: str | None = None
    draft_panel: tuple[str, ...] = ()
    agreed: frozenset[str] = frozenset()
    signed: frozenset[str] = frozenset()
    stamped: frozenset[str] = frozenset()
    began_on: date | None = None
    limit: date | None = None
    in_force_on: date | None = None
    confirm_by: date | None = None
    items: tuple[DueFact, ...] = ()
    done: frozenset[int] = frozenset()
    withdrawable: tuple[tuple[str, str], ...] = ()
    withdrawn: frozenset[str] = frozenset()
    dispute: DisputeKind | None = None
    outcome: CaseOutcome | None = None

    @property
    def party_refs(self) -> tuple[str, ...]:
        """Every party."""
        return tuple(ref for ref, _ in self.parties)

    def other(self, county: str) -> str:
        """Return the county at the other end."""
        return next((one for one in self.counties if one != county), "")

    def sitting(self) -> tuple[str, ...]:
        """Return the mediators in office who were not challenged."""
        return tuple(ref for ref, _ in self.panel if ref not in self.barred)

    def lacks_consent(self, matter: ConsentMatter, until: date | None = None) -> tuple[str, ...]:
        """Return the parties that have not agreed to a matter; with ``until``, to a day that early."""
        agreed = {
            one.party
            for one in self.consents
            if one.matter is matter and (until is None or (one.until is not None and one.until >= until))
        }
        return tuple(ref for ref in self.party_refs if ref not in agreed)

    def lacks_signatures(self) -> tuple[str, ...]:
        """Return who has not yet agreed to the draft: parties, mediators, counties, and the stamp of a committee."""
        counties = tuple(COUNTY_SIGNS + one for one in self.counties if COUNTY_SIGNS + one not in self.signed)
        if self.form is AgreementForm.ORAL:
            return (*(ref for ref in self.party_refs if ref not in self.agreed), *counties)
        people = (*self.party_refs, *(ref for ref, _ in self.panel))
        stamp = () if self.stamped else ("stamp",)
        return (*(ref for ref in people if ref not in self.signed), *counties, *stamp)


def act_in(state: CaseState, facts: CaseFacts) -> CaseAct:
    """Return what an event does here: the report after which every duty is met does more than those before it."""
    if facts.act is not CaseAct.PERFORMANCE_REPORTED or facts.performance is not Performance.DONE:
        return facts.act
    left = {one.no for one in state.items} - state.done - {facts.item_no}
    return facts.act if left else CaseAct.PERFORMANCE_COMPLETED


def advance(state: CaseState, entry: CaseEntry) -> CaseState:
    """Return the state after an entry that counts.

    Raises:
        InvariantError: It cannot happen here; the caller has not judged it.
    """
    act = act_in(state, entry.facts)
    stage, confirmation = following(state.stage, act, state.before), confirmation_after(state.confirmation, act)
    if not isinstance(stage, CaseStage) or not isinstance(confirmation, Confirmation):
        raise InvariantError(f"{act} cannot happen when the case is {state.stage}")
    changed = _CHANGES.get(act, _nothing)(state, entry)
    if act in WITHDRAWABLE:
        changed = replace(changed, withdrawable=(*changed.withdrawable, (entry.envelope_id, entry.county)))
    before = state.stage if act is CaseAct.SUSPENDED else (None if act is CaseAct.RESUMED else state.before)
    return replace(changed, stage=stage, confirmation=confirmation, before=before)


def _nothing(state: CaseState, _entry: CaseEntry) -> CaseState:
    return state


def _registered(state: CaseState, entry: CaseEntry) -> CaseState:
    parties = tuple((one.ref, one.county) for one in entry.facts.parties)
    counties = tuple(sorted({county for _, county in parties}))
    lead, dispute = entry.facts.lead or "", entry.facts.dispute
    return replace(state, parties=parties, counties=counties, lead=lead, dispute=dispute)


def _consented(state: CaseState, entry: CaseEntry) -> CaseState:
    facts = entry.facts
    if facts.party is None or facts.matter is None:
        return state
    return replace(state, consents=state.consents | {Consent(facts.party, facts.matter, facts.until)})


def _withheld(state: CaseState, entry: CaseEntry) -> CaseState:
    facts = entry.facts
    left = frozenset(one for one in state.consents if (one.party, one.matter) != (facts.party, facts.matter))
    return replace(state, consents=left)


def _accepted(state: CaseState, entry: CaseEntry) -> CaseState:
    return replace(state, began_on=entry.facts.on, limit=entry.facts.until)


def _panel(state: CaseState, entry: CaseEntry) -> CaseState:
    kept = frozenset(one for one in state.consents if one.matter is not ConsentMatter.MEDIATORS)
    return replace(state, panel=tuple((one.ref, one.county) for one in entry.facts.mediators), consents=kept)


def _challenged(state: CaseState, entry: CaseEntry) -> CaseState:
    return replace(state, barred=state.barred | {entry.facts.mediator or ""})


def _told(state: CaseState, entry: CaseEntry) -> CaseState:
    matter = entry.facts.told
    return state if matter is None else replace(state, told=state.told | {(matter, ref) for ref in entry.facts.refs})


def _called(state: CaseState, entry: CaseEntry) -> CaseState:
    facts = entry.facts
    called = Called(facts.session_no or 0, facts.open_to_public, facts.outsiders > 0)
    others = tuple(one for one in state.sessions if one.number != called.number)
    return replace(state, sessions=(*others, called))


def _held(state: CaseState, entry: CaseEntry) -> CaseState:
    left = tuple(one for one in state.sessions if one.number != entry.facts.session_no)
    return replace(state, sessions=left)


def _drafted(state: CaseState, entry: CaseEntry) -> CaseState:
    facts = entry.facts
    return replace(
        state,
        form=facts.form,
        draft=facts.sha256,
        draft_panel=tuple(sorted(one.ref for one in facts.mediators)),
        agreed=frozenset(facts.refs),
        signed=frozenset(),
        stamped=frozenset(),
    )


def _signed(state: CaseState, entry: CaseEntry) -> CaseState:
    facts = entry.facts
    return replace(state, signed=state.signed | {facts.party or facts.mediator or COUNTY_SIGNS + entry.county})


def _stamped(state: CaseState, entry: CaseEntry) -> CaseState:
    return replace(state, stamped=state.stamped | {entry.county})


def _in_force(state: CaseState, entry: CaseEntry) -> CaseState:
    return replace(state, in_force_on=entry.facts.on, confirm_by=entry.facts.until)


def _due(state: CaseState, entry: CaseEntry) -> CaseState:
    return replace(state, items=(*state.items, *entry.facts.items))


def _performed(state: CaseState, entry: CaseEntry) -> CaseState:
    number = entry.facts.item_no or 0
    if entry.facts.performance is Performance.DONE:
        return replace(state, done=state.done | {number})
    return replace(state, done=state.done - {number})


def _reopened(state: CaseState, entry: CaseEntry) -> CaseState:
    return replace(
        state,
        form=None,
        draft=None,
        draft_panel=(),
        agreed=frozenset(),
        signed=frozenset(),
        stamped=frozenset(),
        items=(),
        done=frozenset(),
        in_force_on=None,
        confirm_by=None,
        began_on=entry.facts.on,
        limit=entry.facts.until,
    )


_CHANGES: Final[Mapping[CaseAct, Callable[[CaseState, CaseEntry], CaseState]]] = {
    CaseAct.REGISTERED: _registered,
    CaseAct.CONSENT_GIVEN: _consented,
    CaseAct.CONSENT_WITHHELD: _withheld,
    CaseAct.ACCEPTED: _accepted,
    CaseAct.PANEL_SET: _panel,
    CaseAct.MEDIATOR_CHALLENGED: _challenged,
    CaseAct.LEAD_OFFERED: lambda state, entry: replace(state, offered=entry.facts.lead),
    CaseAct.LEAD_HANDED: lambda state, entry: replace(state, lead=entry.county, offered=None),
    CaseAct.NOTICE_GIVEN: _told,
    CaseAct.SESSION_SET: _called,
    CaseAct.SESSION_HELD: _held,
    CaseAct.EXTENDED: lambda state, entry: replace(state, limit=entry.facts.until),
    CaseAct.ENTRY_WITHDRAWN: lambda state, entry: replace(state, withdrawn=state.withdrawn | {entry.facts.entry or ""}),
    CaseAct.DRAFTED_ORAL: _drafted,
    CaseAct.DRAFTED_WRITTEN: _drafted,
    CaseAct.AGREEMENT_SIGNED: _signed,
    CaseAct.STAMPED: _stamped,
    CaseAct.IN_FORCE: _in_force,
    CaseAct.PERFORMANCE_DUE: _due,
    CaseAct.PERFORMANCE_REPORTED: _performed,
    CaseAct.PERFORMANCE_COMPLETED: _performed,
    CaseAct.REOPENED: _reopened,
    CaseAct.CLOSED: lambda state, entry: replace(state, outcome=entry.facts.outcome),
}
