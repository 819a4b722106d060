"""Escalation: the policy that a county sets, and the rows from which the engine goes on after a crash.

An *escalation* is one alert being told at one county until somebody takes it. What stands in these rows is all
that the engine knows: it keeps nothing in memory.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Final

from pydantic import Field

from schemas.base import Model, Status
from schemas.officers import AnswerWord
from schemas.pages import Medium, Strength, Tier

NO_STEP: Final = -1
"""Nobody has been told yet."""

# -- what a county sets ---------------------------------------------------------------------------------------

Seconds = Annotated[int, Field(ge=60, le=86_400)]
Hour = Annotated[int, Field(ge=0, le=23)]  # of the day, in Beijing


class Step(Model):
    """Whom a ladder tells at a moment, by those media that he has an address for, or else by the first that he has."""

    after_seconds: Annotated[int, Field(ge=0, le=86_400)]
    """Since the alert was opened here."""
    tiers: Annotated[tuple[Tier, ...], Field(min_length=1, max_length=len(Tier))]
    media: Annotated[tuple[Medium, ...], Field(min_length=1, max_length=len(Medium))]


class Ladder(Model):
    """How alerts of one level climb."""

    acknowledge_seconds: Seconds
    """In which the county must acknowledge; the source calls if it does not."""
    exhausted_seconds: Seconds
    """After which machines give up: call by hand."""
    reminder_seconds: Seconds
    """Between reminders of the one who is handling."""
    report_seconds: Annotated[int, Field(ge=30, le=3_600)]
    """An SMS without a final report for so long has its reader told by the next medium."""
    steps: Annotated[tuple[Step, ...], Field(min_length=1, max_length=16)]


class OrdinaryRule(Model):
    """How bulletins, offers and requests are told."""

    media: Annotated[tuple[Medium, ...], Field(min_length=1, max_length=len(Medium))]
    digest_hour: Hour
    """When everything that waits goes out as one SMS."""
    reminder_days: Annotated[tuple[Annotated[int, Field(ge=0, le=30)], ...], Field(max_length=8)]
    """Days before the deadline, 0 being the last day."""
    acknowledge_workdays: Annotated[int, Field(ge=1, le=30)]


class QuietHours(Model):
    """When bulletins wait and level 4 goes to the duty room; the same hour twice for never."""

    from_hour: Hour
    until_hour: Hour


class Policy(Model):
    """How one county tells its people."""

    level_1: Ladder
    level_2: Ladder
    level_3: Ladder
    level_4: Ladder
    """Also of safety events without a level."""
    ordinary: OrdinaryRule
    quiet: QuietHours


# -- rows -----------------------------------------------------------------------------------------------------


class EscalationKind(StrEnum):
    """What is being told."""

    ALERT = "alert"
    ORDINARY = "ordinary"
    NEIGHBOUR = "neighbour"
    """A neighbour has not stored or not acknowledged ours in time: our own duty officer is to call it."""
    NUMBER_TEST = "number_test"
    """The monthly test page of one number of an officer; no alert, and nobody else is ever told of it."""


class EscalationState(StrEnum):
    """Where it stands."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    CANCELLED = "cancelled"
    """The alert is over, or a raised version took its place."""
    EXHAUSTED = "exhausted"
    """Everybody was told and nobody took it; it may still be taken. Of a number's test: no answer within a day."""


class Hold(StrEnum):
    """Why nobody is told for now."""

    SILENCED = "silenced"
    INHIBITED = "inhibited"


@dataclass(frozen=True, slots=True)
class Escalation:
    """One alert at one county being told.

    Attributes:
        key: Envelope id of the version that opened it; of a neighbour's silence, also that one; of a drill, a name.
        version: Envelope id of the newest version; a raised one opens an escalation of its own.
        incident: What several alerts of one incident share; empty for none.
        level: 1 (highest) to 4; None for what is ordinary.
        source: County that sent it, six digits; of a neighbour's silence, the neighbour.
        opened_at: From when the steps count; aware UTC, as every time here.
        acknowledge_by: Until when the county must acknowledge.
        expires_at: From when nobody is reminded any more; None for never.
        step: Number of the last step that was taken, from 0.
        next_at: When the next step, or the end of the ladder, is due; None if none is.
        owner: Officer who took it; empty while nobody has.
        owner_word: ``received`` or ``handling``, or ``false_alarm`` on levels 3 and 4.
        taken_at: Since when it is the owner's.
        remind_at: When the owner is to be reminded; None for not.
        reminders: How many reminders went out.
        heard: Number of the last answer that was weighed.
        rearmed_by: Number of the answer by which an owner gave it up last (0: none); taking answers up to it are void.
        overdue: Whether the deadline has been told of.
        gaps: Tiers of which it was told that nobody is on duty.
        held: Why nobody is told for now; None if nothing stands against it.
        superseded_by: Key of the escalation that a raised version opened; empty for none.
        wake_at: When the engine is to look again at the latest; None if it waits for nothing.
        planned_at: When a plan was last written; if that lies ahead, the clock was set back.
        revision: Grows with every change: a write names the one that it read.
    """

    key: str
    kind: EscalationKind
    version: str
    incident: str
    level: int | None
    status: Status
    source: str
    opened_at: datetime
    acknowledge_by: datetime
    expires_at: datetime | None = None
    step: int = NO_STEP
    next_at: datetime | None = None
    state: EscalationState = EscalationState.OPEN
    owner: str = ""
    owner_word: AnswerWord | None = None
    owner_strength: Strength | None = None
    taken_at: datetime | None = None
    remind_at: datetime | None = None
    reminders: int = 0
    heard: int = 0
    rearmed_by: int = 0
    overdue: bool = False
    gaps: tuple[Tier, ...] = ()
    held: Hold | None = None
    superseded_by: str = ""
    wake_at: datetime | None = None
    planned_at: datetime | None = None
    revision: int = 0


class PageState(StrEnum):
    """What became of a page; it never goes back, but for a page dropped before it was submitted."""

    DUE = "due"
    SUBMITTED = "submitted"
    DELIVERED = "delivered"
    """Every part of it."""
    FAILED = "failed"
    """For good: by no provider of this medium."""
    DROPPED = "dropped"
    """Not submitted, for the reason that it keeps."""


class Purpose(StrEnum):
    """Why somebody is told."""

    STEP = "step"
    """A step of the ladder. Only this and the next are escalation pages."""
    PASSED_ON = "passed_on"
    """Somebody passed it on to this officer."""
    REMINDER = "reminder"
    FALSE_ALARM = "false_alarm"
    """The leader hears that somebody calls it a false alarm."""
    ALL_CLEAR = "all_clear"
    """It is cancelled; once to everybody who was told."""
    DIGEST = "digest"
    """Goes into the one SMS of the morning."""
    NUMBER_TEST = "number_test"


class DropReason(StrEnum):
    """Why a page was not submitted."""

    ACKNOWLEDGED = "acknowledged"
    CANCELLED = "cancelled"
    SUPERSEDED = "superseded"
    OFF_DUTY = "off_duty"
    ANSWERED = "answered"
    """This officer has answered; others are still to be told."""
    OVERTAKEN = "overtaken"
    """A later step tells the same officer by the same medium at the same moment."""


@dataclass(frozen=True, slots=True)
class PageRow:
    """One officer told once, by one medium: what the engine knows of it. Addresses stand elsewhere.

    Attributes:
        page_id: 32 hexadecimal digits; see ``services.domain.escalation_draft.page_id``.
        escalation: Key of the escalation.
        version: Envelope id that the page tells of.
        recipient: Officer, or office.
        step: Number of the ladder's step, of the answer, or of the reminder that caused it.
        code: Two digits to answer by; empty until the sender gave one out.
        due_at: When it was decided on.
        submitted_at: When the last part was taken by a provider.
        report_by: When the next medium takes over if no final report has come; set at the first try.
        taken_over: Whether the next medium was tried.
        dropped_for: Why it was dropped; None if it was not.
    """

    page_id: str
    escalation: str
    version: str
    recipient: str
    tier: Tier
    purpose: Purpose
    step: int
    medium: Medium
    due_at: datetime
    state: PageState = PageState.DUE
    code: str = ""
    submitted_at: datetime | None = None
    report_by: datetime | None = None
    delivered_at: datetime | None = None
    taken_over: bool = False
    dropped_for: DropReason | None = None


@dataclass(frozen=True, slots=True)
class AnswerGiven:
    """An officer's answer, as it was taken down.

    Attributes:
        number: Grows with every answer of this escalation, in the order of commits; from 1.
        strength: How sure it is who answered.
        to_officer: Whom it was passed on to; empty if nobody was named.
    """

    number: int
    escalation: str
    officer: str
    word: AnswerWord
    strength: Strength
    at: datetime
    to_officer: str = ""


@dataclass(frozen=True, slots=True)
class Silence:
    """An operator's order to tell nobody for a while.

    Attributes:
        number: Unique in this node.
        incident: Whose alerts it quiets; empty if it names one escalation.
        escalation: Key of the one that it quiets; empty if it names an incident.
        by_leader: Whether who ordered it is on duty as leader.
        reason: In the operator's words, at most 200 characters.
    """

    number: int
    incident: str
    escalation: str
    officer: str
    by_leader: bool
    starts_at: datetime
    ends_at: datetime
    reason: str


# -- what the engine decides ----------------------------------------------------------------------------------


class Change(StrEnum):
    """What happened to an escalation."""

    OPENED = "opened"
    STEP_TAKEN = "step_taken"
    JOINED = "joined"
    """Somebody came on duty in a tier that had been told."""
    ACKNOWLEDGED = "acknowledged"
    OWNER_CHANGED = "owner_changed"
    """Somebody handles it that another had only received, or the owner begins to."""
    REOPENED = "reopened"
    """The owner gave it up: who had received it before is told again."""
    ADVANCED = "advanced"
    """Somebody cannot, or passed it on: the next step at once."""
    PERSON_STOPPED = "person_stopped"
    """One officer is told no more, the others are."""
    CALLED_FALSE = "called_false"
    NEXT_MEDIUM = "next_medium"
    REMINDED = "reminded"
    OVERDUE = "overdue"
    COVERAGE_GAP = "coverage_gap"
    EXHAUSTED = "exhausted"
    HELD = "held"
    RELEASED = "released"
    VERSION_CHANGED = "version_changed"
    CANCELLED = "cancelled"
    SUPERSEDED = "superseded"
    CLOCK_SET_BACK = "clock_set_back"


@dataclass(frozen=True, slots=True)
class Transition:
    """What happened, when and why: kept for good.

    Attributes:
        before: State that it was in.
        officer: Whom it is about; empty for nobody.
        reason: Short and stable, without numbers of people, e.g. ``answer 3: cannot by voice_pin``.
    """

    escalation: str
    change: Change
    before: EscalationState
    after: EscalationState
    at: datetime
    officer: str
    reason: str


class AlarmKind(StrEnum):
    """What every console shows, and somebody must act on."""

    EXHAUSTED = "exhausted"
    COVERAGE_GAP = "coverage_gap"
    OVERDUE = "overdue"
    """The county has not acknowledged in time."""
    NUMBER_SILENT = "number_silent"
    """A number did not answer its test."""


@dataclass(frozen=True, slots=True)
class Alarm:
    """Shown on every console; ``tier`` is the one without anybody on duty, else None."""

    kind: AlarmKind
    escalation: str
    at: datetime
    tier: Tier | None = None


class SourceWordKind(StrEnum):
    """What the source of an alert is told."""

    TAKEN = "taken"
    GIVEN_UP = "given_up"
    """Nobody has it any more; others are being told."""
    FALSE_ALARM = "false_alarm"
    EXHAUSTED = "exhausted"
    """Nobody here answers: call us by hand."""


@dataclass(frozen=True, slots=True)
class SourceWord:
    """Told to the source; without an officer if nobody answered."""

    kind: SourceWordKind
    escalation: str
    version: str
    at: datetime
    officer: str = ""
    word: AnswerWord | None = None
    strength: Strength | None = None


class ReplyKind(StrEnum):
    """What an officer hears back."""

    TAKEN = "taken"
    ALREADY = "already"
    """By whom and when it was taken before."""
    SECOND_WANTED = "second_wanted"
    """You are told no more. It ends by console, voice PIN or a second officer."""
    ADVANCED = "advanced"
    PASSED = "passed"
    """Whom you named is being told, and so are the next ones."""
    TAKER_OFF_DUTY = "taker_off_duty"
    """Whom you named is not on duty; the next ones are being told."""
    FALSE_ALARM_TOLD = "false_alarm_told"
    """The leader and the source are told. On levels 1 and 2 it stops nothing."""
    CLOSED = "closed"
    SUPERSEDED = "superseded"
    """A raised version took its place: answer that one."""


@dataclass(frozen=True, slots=True)
class ReplyDue:
    """What the officer of one answer hears back.

    Attributes:
        answer: Its number.
        counted_as: What its word counted as: a weak ``handling`` of level 1 or 2 counts as ``received``.
        owner: Who has it now, since ``owned_at``; empty for nobody.
    """

    answer: int
    officer: str
    kind: ReplyKind
    word: AnswerWord
    counted_as: AnswerWord
    owner: str = ""
    owned_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """What to write, all of it in one transaction that names the revision it was made from.

    Attributes:
        escalation: The row as it is to be; the one that came in if nothing changed.
        pages: New rows.
        changed: Rows that are there already, with their new values.
    """

    escalation: Escalation
    pages: tuple[PageRow, ...] = ()
    changed: tuple[PageRow, ...] = ()
    transitions: tuple[Transition, ...] = ()
    alarms: tuple[Alarm, ...] = ()
    source_words: tuple[SourceWord, ...] = ()
    replies: tuple[ReplyDue, ...] = ()

    @property
    def wake_at(self) -> datetime | None:
        """When to plan again if nothing else happens before."""
        return self.escalation.wake_at
