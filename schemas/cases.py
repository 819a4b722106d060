"""A case of joint mediation as a node keeps it: entries without a name or a text, and what has come of them.

What is here outlives the content of the events: references, digests, days, and who did what.

Source: docs/mediation.md
"""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Final

from pydantic import Field

from schemas.base import Model
from schemas.governance.mediation_parts import (
    AgreementForm,
    CaseOutcome,
    ConsentMatter,
    CourtResult,
    DisputeKind,
    NoticeMatter,
    Performance,
)
from schemas.ids import CountyId, Digest, EnvelopeId

ENTRIES_MAX: Final = 500
"""Of one case, as its writer knows it; one more is refused at the door."""
HELD_MAX: Final = 2 * ENTRIES_MAX
"""Of one case: what two honest doors can have let out without having seen each other. One more is rejected."""
SEEN_MAX: Final = 8
"""How many newest entries one entry may name: two, unless a county runs twice."""


class CaseStage(StrEnum):
    """Where a case stands."""

    DRAFTED = "drafted"
    """Before it is registered: nothing of it is on the bus."""
    REGISTERED = "registered"
    NOT_ACCEPTED = "not_accepted"
    ACCEPTED = "accepted"
    PANEL_SET = "panel_set"
    INVESTIGATING = "investigating"
    IN_SESSION = "in_session"
    AGREED_ORAL = "agreed_oral"
    AGREED_WRITTEN_PENDING = "agreed_written_pending"
    IN_FORCE = "in_force"
    PERFORMING = "performing"
    PERFORMED = "performed"
    BREACHED = "breached"
    URGED = "urged"
    ADVISED_COURT = "advised_court"
    SUSPENDED = "suspended"
    WITHDRAWN = "withdrawn"
    FAILED = "failed"
    CLOSED = "closed"
    ARCHIVED = "archived"


ENDED_STAGES: Final = frozenset({CaseStage.CLOSED, CaseStage.ARCHIVED})
"""Nobody need look at such a case any more."""


class Confirmation(StrEnum):
    """Judicial confirmation, beside the stage."""

    NONE = "none"
    FILED = "filed"
    COURT_ACCEPTED = "court_accepted"
    CONFIRMED = "confirmed"
    REFUSED = "refused"


class CaseAct(StrEnum):
    """What an entry does to a case: one for each type, more where its content decides."""

    REGISTERED = "registered"
    CONSENT_GIVEN = "consent_given"
    CONSENT_REFUSED = "consent_refused"
    """To the mediation itself."""
    CONSENT_WITHHELD = "consent_withheld"
    """To anything else."""
    ACCEPTED = "accepted"
    REFUSED = "refused"
    PANEL_SET = "panel_set"
    MEDIATOR_CHALLENGED = "mediator_challenged"
    LEAD_OFFERED = "lead_offered"
    LEAD_HANDED = "lead_handed"
    NOTICE_GIVEN = "notice_given"
    EVIDENCE_ADDED = "evidence_added"
    VISIT_MADE = "visit_made"
    SESSION_SET = "session_set"
    SESSION_HELD = "session_held"
    PROPOSAL_MADE = "proposal_made"
    EXTENDED = "extended"
    SUSPENDED = "suspended"
    RESUMED = "resumed"
    WITHDRAWN = "withdrawn"
    ENTRY_WITHDRAWN = "entry_withdrawn"
    RISK_FLAGGED = "risk_flagged"
    FAILED = "failed"
    DRAFTED_ORAL = "drafted_oral"
    DRAFTED_WRITTEN = "drafted_written"
    AGREEMENT_SIGNED = "agreement_signed"
    STAMPED = "stamped"
    IN_FORCE = "in_force"
    CONFIRMATION_FILED = "confirmation_filed"
    COURT_ACCEPTED = "court_accepted"
    CONFIRMED = "confirmed"
    CONFIRMATION_REFUSED = "confirmation_refused"
    PERFORMANCE_DUE = "performance_due"
    PERFORMANCE_REPORTED = "performance_reported"
    PERFORMANCE_COMPLETED = "performance_completed"
    """The report after which every item is done."""
    FOLLOWED_UP = "followed_up"
    URGED = "urged"
    BREACHED = "breached"
    COURT_ADVISED = "court_advised"
    REOPENED = "reopened"
    CLOSED = "closed"
    ARCHIVED = "archived"


class CaseRef(Model):
    """A reference and the county that speaks with whoever it stands for."""

    ref: Annotated[str, Field(max_length=8)]
    county: CountyId


class DueFact(Model):
    """A duty: its number, whose it is, and its last day."""

    no: int
    party: Annotated[str, Field(max_length=8)]
    due_on: date


Refs = tuple[str, ...]


class CaseFacts(Model):
    """What the rules need to know of one event; never a name, never a text."""

    act: CaseAct
    on: date | None = None
    """The day that the event says it happened."""
    dispute: DisputeKind | None = None
    parties: tuple[CaseRef, ...] = ()
    mediators: tuple[CaseRef, ...] = ()
    refs: Refs = ()
    """Parties told, present, or agreeing."""
    sat: Refs = ()
    """Mediators present."""
    lead: CountyId | None = None
    party: str | None = None
    mediator: str | None = None
    matter: ConsentMatter | None = None
    told: NoticeMatter | None = None
    until: date | None = None
    """Last day that the event sets."""
    session_no: int | None = None
    outsiders: int = 0
    open_to_public: bool = False
    entry: EnvelopeId | None = None
    sha256: Digest | None = None
    form: AgreementForm | None = None
    result: CourtResult | None = None
    items: tuple[DueFact, ...] = ()
    item_no: int | None = None
    performance: Performance | None = None
    outcome: CaseOutcome | None = None


@dataclass(frozen=True, slots=True)
class CaseEntry:
    """One event of a case, own or received.

    Attributes:
        envelope_id: Of the event.
        case_id: Envelope id of the event that registered the case; its own for that one.
        county: Who wrote and signed it.
        wire_type: As the header says.
        time: The writer's claim; never an order.
        seen: The newest entries that the writer had seen, ascending; none for the registration.
        facts: What the rules need of it.
    """

    envelope_id: str
    case_id: str
    county: str
    wire_type: str
    time: datetime
    seen: tuple[str, ...]
    facts: CaseFacts


@dataclass(frozen=True, slots=True)
class CaseRow:
    """One line of the list of cases.

    Attributes:
        counties: The two, ascending; the sender and the addressed while the registration is not here.
        lead: Who leads; empty while the registration is not here.
        agreement_id: Under which agreement it is written.
        due_on: Next last day that the case has, None if it has none.
        entries: How many entries are here, those that do not count, too.
        changed_at: When the newest was recorded here.
        kind: Of dispute; empty while the registration is not here.
        outcome: What it came to once it is closed, its stage until then.
        opened_at: When it was registered, by the clock of whoever did; None while that is not here.
    """

    case_id: str
    agreement_id: str
    counties: tuple[str, ...]
    lead: str
    stage: CaseStage
    confirmation: Confirmation
    due_on: date | None
    entries: int
    changed_at: datetime
    kind: str = ""
    outcome: str = ""
    opened_at: datetime | None = None
