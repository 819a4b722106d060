"""What the API answers about cases of joint mediation. No name and no text: those are opened event by event."""

from datetime import date

from schemas.base import Model, WireTime
from schemas.cases import CaseAct, CaseFacts, CaseRef, CaseStage, Confirmation
from schemas.governance.mediation_parts import AgreementForm
from schemas.ids import AgreementId, CountyId, EnvelopeId
from services.domain.mediation_next import DayKind
from services.gateway.answers import FaultLine


class CaseLine(Model):
    """One line of the list."""

    case_id: EnvelopeId
    agreement_id: AgreementId
    counties: tuple[CountyId, ...]
    lead: str
    """The leading county; empty while the registration is not here."""
    stage: CaseStage
    confirmation: Confirmation
    due_on: date | None
    """The next last day that the case has."""
    entries: int
    changed_at: WireTime
    kind: str
    """Of dispute; empty while the registration is not here."""


class CaseList(Model):
    """Cases, the one that changed last first."""

    cases: tuple[CaseLine, ...]


class CaseEntryLine(Model):
    """One entry of the file, in its place of the story."""

    envelope_id: EnvelopeId
    county: CountyId
    type: str
    title: str
    """What an officer calls the type."""
    time: WireTime
    seen: tuple[EnvelopeId, ...]
    evidence: tuple[EnvelopeId, ...]
    """Events that carry files which belong to it."""
    facts: CaseFacts
    counts: bool
    fault: FaultLine | None
    """Why it does not count."""
    stage: CaseStage
    """Of the case behind it."""
    settled: bool
    """No entry that is not here can change that any more."""


class CaseOptionLine(Model):
    """An act, and whether this county may write it next."""

    act: CaseAct
    type: str
    """Wire type that brings it about."""
    title: str
    gate: bool
    allowed: bool
    fault: FaultLine | None


class CaseDayLine(Model):
    """One day of the case."""

    kind: DayKind
    on: date
    source: str
    item_no: int | None
    passed: bool


class CaseDetail(Model):
    """A case as it follows from what is here."""

    case: CaseLine
    parties: tuple[CaseRef, ...]
    mediators: tuple[CaseRef, ...]
    form: AgreementForm | None
    agreement_digest: str | None
    """SHA-256 of the newest draft, that everybody signs."""
    signatures_missing: tuple[str, ...]
    """Who has not signed it: references, ``county:`` and a code, ``stamp``."""
    heads: tuple[EnvelopeId, ...]
    """What the next entry names as ``last_seen``."""
    entries: tuple[CaseEntryLine, ...]
    waiting: tuple[EnvelopeId, ...]
    """Entries whose predecessors are not here."""
    heard: bool
    """Everything that the other county has sent is here, by its own fresh word: only then gates may be passed."""
    options: tuple[CaseOptionLine, ...]
    days: tuple[CaseDayLine, ...]
    reminders: tuple[CaseDayLine, ...]
    proposed_due_on: date
    """Last day of the month, were the case accepted today; moved to a workday of this county."""
    proposed_confirm_by: date
    lacking_tables: tuple[str, ...]
    """Years that its days lie in and for which there is no table of days off here."""
