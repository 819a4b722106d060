"""What the API answers about campaigns, offers, projects, and the ledger."""

from datetime import date

from pydantic import JsonValue

from schemas.base import Model, WireTime
from schemas.development.projects import BudgetBand, Decision, MilestoneState
from schemas.development.resources import OfferAnswer
from schemas.ids import CountyId, EnvelopeId
from schemas.outreach.campaigns import CampaignRole, Reply
from schemas.threads import Family


class PartyLine(Model):
    """Where one partner stands."""

    county: CountyId
    role: str
    """What it was asked to do; empty where the family knows no roles."""
    state: str


class ThreadLine(Model):
    """One campaign, offer or project in a list."""

    family: Family
    key: str
    owner: CountyId
    kind: str
    title: str
    state: str
    opened_at: WireTime
    changed_at: WireTime
    starts_at: WireTime | None
    ends_at: WireTime | None
    position: int
    parties: tuple[PartyLine, ...]


class ThreadList(Model):
    """Campaigns, offers or projects, those with the newest acts first."""

    threads: tuple[ThreadLine, ...]
    next_since: int
    """Ask with it for the next page; 0 if there is none."""


class ActLine(Model):
    """One event of a thread: what it says is shown by its own address."""

    envelope_id: EnvelopeId
    source: CountyId
    type: str
    at: WireTime
    void: str
    """Code of why it has no effect; empty if it counts."""
    mend: str


class AnswerOf(Model):
    """What one county has answered to a campaign."""

    county: CountyId
    office: str
    role: CampaignRole
    reply: Reply | None
    """To time and places as they are; null means that it is still asked."""


class CampaignDetail(Model):
    """A campaign: its newest plan, the answers, and every act."""

    line: ThreadLine
    sequence: int
    plan: JsonValue
    answers: tuple[AnswerOf, ...]
    summary: str
    """How it went or why it was called off; empty while it is open."""
    acts: tuple[ActLine, ...]


class FestivalDate(Model):
    """One day of a festival."""

    day: date
    campaign: str | None
    """The campaign that announces it; null where it follows from a rule."""


class FestivalLine(Model):
    """One festival of the table."""

    key: str
    name: str
    announced_each_year: bool
    """Nobody can compute its day: it has one here once a county that keeps it has announced a campaign for it."""
    days: tuple[FestivalDate, ...]
    """Of the year behind and the two years ahead, if a county of the registry keeps it."""
    note: str
    source: str


class FestivalList(Model):
    """Festivals, in the order of the table."""

    as_of: date
    """When the table was last changed."""
    festivals: tuple[FestivalLine, ...]


class NegotiationLine(Model):
    """The talk with one partner of an offer."""

    county: CountyId
    state: str
    number: int
    """Of the last act that counts: the next one has one more."""
    quantity: int
    """On the table, in the unit of the offer; 0 if nothing is counted."""
    terms: str
    terms_by: CountyId
    asked_by: CountyId | None
    last_answer: OfferAnswer | None


class OfferDetail(Model):
    """An offer, its negotiations, and every act."""

    line: ThreadLine
    offer: JsonValue
    negotiations: tuple[NegotiationLine, ...]
    agreed_quantity: int
    overbooked: bool
    """More was agreed on than was offered: several partners accepted at once. Talk to them."""
    reason: str
    """Why it was withdrawn; empty while it is open."""
    acts: tuple[ActLine, ...]


class MilestoneLine(Model):
    """One milestone of a project."""

    number: int
    name: str
    due: date
    county: CountyId
    state: MilestoneState


class DecisionLine(Model):
    """What one county decided."""

    county: CountyId
    office: str
    decision: Decision | None


class ReportsLine(Model):
    """How far a county has reported: its next report has one more."""

    county: CountyId
    number: int


class ProjectDetail(Model):
    """A project: its plan, who takes part, where its milestones stand, and every act."""

    line: ThreadLine
    goal: str
    budget_band: BudgetBand
    parties: tuple[DecisionLine, ...]
    milestones: tuple[MilestoneLine, ...]
    reports: tuple[ReportsLine, ...]
    """Of counties that have reported."""
    summary: str
    """How it ended; empty while it is open."""
    acts: tuple[ActLine, ...]


class WaitsLine(Model):
    """How long something took: whole seconds, nearest rank; null if it is known of none."""

    count: int
    median: int | None
    p90: int | None


class FiguresLine(Model):
    """Figures over a set of deliveries."""

    sent: int
    received: int
    stored: WaitsLine
    acknowledged: WaitsLine
    received_acknowledged: WaitsLine
    refused: int


class NamedFiguresLine(Model):
    """Figures of one partner, mutual or month."""

    name: str
    figures: FiguresLine


class TypeFiguresLine(Model):
    """Events of one type."""

    wire_type: str
    sent: int
    received: int


class StandingLine(Model):
    """How many matters of a kind a partner stands in so."""

    county: CountyId
    state: str
    count: int


class MatterLine(Model):
    """Matters of one family and kind with one outcome."""

    family: str
    kind: str
    outcome: str
    count: int
    by_partner: tuple[StandingLine, ...]
    """Of the kind as a whole, whatever the outcome."""


class ChecklistItemLine(Model):
    """What one item of the programme's checklist is shown by."""

    item: int
    label: str
    value: int | None
    """Null where so few are counted that a figure would speak of a person."""


class LedgerLines(Model):
    """The figures of one period; see ``schemas.ledgers.Ledger``."""

    county: CountyId
    first: date
    last: date
    made_at: WireTime
    sent: int
    received: int
    drills: int
    total: FiguresLine
    by_partner: tuple[NamedFiguresLine, ...]
    by_mutual: tuple[NamedFiguresLine, ...]
    by_month: tuple[NamedFiguresLine, ...]
    by_type: tuple[TypeFiguresLine, ...]
    matters: tuple[MatterLine, ...]
    checklist: tuple[ChecklistItemLine, ...]


class LedgerAnswer(Model):
    """The ledger of one period."""

    ledger: LedgerLines
    brief: JsonValue
    """A draft of ``situation_brief_published`` made of the same figures; its text is the officer's."""
