"""What the API answers about telling people: escalations, pages, silences, providers."""

from schemas.base import Model, Status, WireTime
from schemas.escalations import (
    Change,
    DropReason,
    EscalationKind,
    EscalationState,
    Hold,
    PageState,
    Purpose,
)
from schemas.ids import CountyId
from schemas.officers import AnswerWord
from schemas.pages import Medium, Strength, Tier
from schemas.sms import HoldReason


class EscalationLine(Model):
    """One event being told to this county's people."""

    key: str
    """Envelope id; of a neighbour's silence also its code and what is missing, joined by ``/``."""
    kind: EscalationKind
    version: str
    """Envelope id of the newest version."""
    level: int | None
    status: Status
    source: CountyId
    state: EscalationState
    opened_at: WireTime
    acknowledge_by: WireTime
    next_at: WireTime | None
    """When the next step is due."""
    owner: str
    owner_word: AnswerWord | None
    owner_strength: Strength | None
    taken_at: WireTime | None
    held: Hold | None


class EscalationList(Model):
    """Escalations, the newest first."""

    escalations: tuple[EscalationLine, ...]


class PageLine(Model):
    """One officer told once, by one medium."""

    page_id: str
    recipient: str
    display: str
    """A role at a desk; the officer's id if the roster has no such contact any more."""
    tier: Tier
    purpose: Purpose
    step: int
    medium: Medium
    state: PageState
    code: str
    due_at: WireTime
    submitted_at: WireTime | None
    delivered_at: WireTime | None
    dropped_for: DropReason | None
    providers: tuple[str, ...]
    """Which were tried, in order."""
    held_for: HoldReason | None
    """Why an SMS did not go out when it was due; another SMS told of it."""


class AnswerOfOfficer(Model):
    """What an officer answered."""

    number: int
    officer: str
    word: AnswerWord
    strength: Strength
    at: WireTime
    to_officer: str


class ChangeLine(Model):
    """What happened, when and why."""

    change: Change
    before: EscalationState
    after: EscalationState
    at: WireTime
    officer: str
    reason: str


class Timeline(Model):
    """Everything that was done to have one event answered."""

    escalation: EscalationLine
    pages: tuple[PageLine, ...]
    answers: tuple[AnswerOfOfficer, ...]
    changes: tuple[ChangeLine, ...]


class SilenceLine(Model):
    """An order to tell nobody for a while."""

    number: int
    escalation: str
    officer: str
    by_leader: bool
    starts_at: WireTime
    ends_at: WireTime
    reason: str


class SilenceList(Model):
    """Silences that have not ended."""

    silences: tuple[SilenceLine, ...]


class ProviderLine(Model):
    """One configured way to reach people."""

    name: str
    medium: Medium
    ready: bool
    since: WireTime
    problem: str
    last_heard_at: WireTime | None


class ProviderList(Model):
    """Configured ways in the order of preference."""

    providers: tuple[ProviderLine, ...]


class DutyLine(Model):
    """Somebody on duty now, or an office; no address."""

    officer: str
    display: str
    tier: Tier
    media: tuple[Medium, ...]


class DutyList(Model):
    """Who is on duty."""

    at: WireTime
    people: tuple[DutyLine, ...]
