"""Rosters (值班表): who is on duty, how they are reached, and every change to the plan.

``roster.toml`` is the plan that people write. What commands change lies beside it as records, one JSON object a line,
appended and never edited. Numbers are personal data of officers on duty: they stay in the county's own files, never
travel, and appear in no log and no ``repr``.
"""

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from itertools import pairwise
from typing import Annotated, Final, Literal, Self

from pydantic import Field, StringConstraints, TypeAdapter, model_validator

from schemas.base import Model, VersionOne, WireTime
from schemas.faults import broken_rule
from schemas.forms import LINE_PATTERN, PHONE_PATTERN, TEXT_PATTERN
from schemas.ids import HEX32_PATTERN, CountyId, OfficerId
from schemas.pages import Medium, Tier

CONTACTS_MAX: Final = 500
MEMBERS_MAX: Final = 60
LAYERS_MAX: Final = 40
NUMBERS_MAX: Final = 12
IMPORTED_MAX: Final = 5000
SPAN_MAX_DAYS: Final = 366
"""Longest span of one change, and of one look ahead."""
ROSTER_MAX_BYTES: Final = 1024 * 1024
RECORDS_MAX_BYTES: Final = 8 * 1024 * 1024
"""Of the records of one year."""

Display = Annotated[str, StringConstraints(max_length=40, pattern=LINE_PATTERN)]
Reason = Annotated[str, StringConstraints(max_length=200, pattern=LINE_PATTERN)]
NoteText = Annotated[str, StringConstraints(max_length=2000, pattern=TEXT_PATTERN)]
ClockText = Annotated[str, StringConstraints(pattern=r"^(?:[01][0-9]|2[0-3]):[0-5][0-9]$")]
"""Beijing wall clock, e.g. ``08:30``."""
RecordId = Annotated[str, StringConstraints(pattern=HEX32_PATTERN)]
PlanId = Annotated[str, StringConstraints(pattern=r"^(?:[0-9a-f]{32})?$")]

_TELEPHONES: Final = frozenset({Medium.SMS, Medium.VOICE, Medium.FAX})
_FORMS: Final = {
    Medium.EMAIL: r"^[^\s@<>]{1,64}@[^\s@<>]{1,189}$",
    Medium.WEBHOOK: r"^https?://[^\s<>]{1,500}$",
}
_ADDRESSES: Final[dict[Medium, TypeAdapter[str]]] = {
    medium: TypeAdapter(
        Annotated[str, StringConstraints(pattern=PHONE_PATTERN if medium in _TELEPHONES else _FORMS[medium])]
    )
    for medium in Medium
    if medium is not Medium.CONSOLE
}


class ContactNumber(Model):
    """One address of an officer or an office."""

    medium: Medium
    address: Annotated[str, StringConstraints(min_length=3, max_length=512), Field(repr=False)]
    verified_at: WireTime | None = None
    """When its owner was proved to answer by it; without that it does not count."""
    tested_at: WireTime | None = None
    """When the last test page was answered."""
    opted_out_at: WireTime | None = None
    """When 退订 came from it: pages go on, for a duty number cannot opt out, and a gap of coverage stands until it is
    verified again."""

    @model_validator(mode="after")
    def _form(self) -> Self:
        adapter = _ADDRESSES.get(self.medium)
        if adapter is None:
            raise broken_rule("medium", "leave the console out: an officer on duty sees it anyway")
        try:
            adapter.validate_python(self.address)
        except ValueError:
            raise broken_rule("address", f"write it as an address of {self.medium}") from None
        return self

    @property
    def counts(self) -> bool:
        """Tell whether pages may go to it."""
        return self.verified_at is not None

    @property
    def is_doubtful(self) -> bool:
        """Tell whether 退订 came from it and it was not verified since."""
        return self.opted_out_at is not None and (self.verified_at is None or self.opted_out_at >= self.verified_at)


Numbers = Annotated[tuple[ContactNumber, ...], Field(max_length=NUMBERS_MAX)]


class Contact(Model):
    """One officer of the roster; the preferred number of each medium first."""

    officer: OfficerId
    display: Display
    """A role at a desk, e.g. 值班员甲."""
    numbers: Numbers = ()
    quiet_hours: bool = True
    """False: bulletins reach this officer at night, too."""
    console_only: bool = False
    """True: this officer answers at the console alone; without a number that is no gap, and escalations count on it."""


class OfficeContact(Model):
    """The duty office's own telephone and fax, or the duty room of the next higher level; always there."""

    office: OfficerId
    display: Display
    """E.g. 值班室 or 市应急局值班室."""
    tier: Literal[Tier.OFFICE, Tier.SUPERIOR]
    numbers: Annotated[Numbers, Field(min_length=1)]


class Rotation(StrEnum):
    """How the members of a layer take turns."""

    DAILY = "daily"
    WEEKLY = "weekly"
    SHIFTS = "shifts"
    """Several turns a day, at the times of ``shift_starts``."""


class Days(StrEnum):
    """On which days a layer counts, by the county's calendar of holidays and make-up workdays."""

    ALL = "all"
    WORKDAYS = "workdays"
    HOLIDAYS = "holidays"
    """Weekends and public holidays: every day that is no workday."""


class Layer(Model):
    """One line of the plan: one person of one tier at a time, by turns.

    A *duty day* runs from the hand-over on its date to the hand-over on the next; restrictions by day look at that
    date. Turns are counted by the calendar, also over days on which the layer does not count, so that a new holiday
    file never moves anybody's later turn. Of several layers of one tier the last that counts now lies on top.
    """

    name: Annotated[str, StringConstraints(pattern=r"^[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?$")]
    tier: Literal[Tier.PRIMARY, Tier.SECONDARY, Tier.LEADER]
    members: Annotated[tuple[OfficerId, ...], Field(min_length=1, max_length=MEMBERS_MAX)]
    """In the order of their turns; one may stand several times."""
    rotation: Rotation
    handover: ClockText
    starts_on: date
    """The first member's first turn begins on this day at the hand-over."""
    ends_on: date | None = None
    """Last duty day; null for no end."""
    every: Annotated[int, Field(ge=1, le=31)] = 1
    """Days (weeks) of one turn of a daily (weekly) rotation."""
    shift_starts: Annotated[tuple[ClockText, ...], Field(max_length=12)] = ()
    """Of rotation ``shifts``: in the day's order from the hand-over on, which is the first."""
    days: Days = Days.ALL
    weekdays: Annotated[tuple[Annotated[int, Field(ge=1, le=7)], ...], Field(max_length=7)] = ()
    """1 Monday to 7 Sunday; empty for all."""
    hours: Annotated[tuple[ClockText, ClockText], Field()] | None = None
    """Only from the first to the second, which may lie after midnight."""

    @model_validator(mode="after")
    def _rules(self) -> Self:
        if self.ends_on is not None and self.ends_on < self.starts_on:
            raise broken_rule("ends_on", "let the layer end on or after the day it starts")
        if self.hours is not None and self.hours[0] == self.hours[1]:
            raise broken_rule("hours", "give two different times, or leave them out for the whole day")
        if len(set(self.weekdays)) != len(self.weekdays):
            raise broken_rule("weekdays", "name each weekday once")
        self._judge_shifts()
        return self

    def _judge_shifts(self) -> None:
        if self.rotation is not Rotation.SHIFTS:
            if self.shift_starts:
                raise broken_rule("shift_starts", "leave it out, or make the rotation `shifts`")
            return
        if self.every != 1:
            raise broken_rule("every", "leave it out: shifts change at the times of `shift_starts`")
        if not self.shift_starts or self.shift_starts[0] != self.handover:
            raise broken_rule("shift_starts", "give the times of a day's shifts, the first of them the hand-over")
        offsets = [(minutes(one) - minutes(self.handover)) % 1440 for one in self.shift_starts]
        if any(later <= earlier for earlier, later in pairwise(offsets)):
            raise broken_rule("shift_starts", "write the times in the order of the day, from the hand-over on")


def minutes(text: str) -> int:
    """Return the minutes since midnight of a ``ClockText``."""
    hour, _, minute = text.partition(":")
    return int(hour) * 60 + int(minute)


Layers = Annotated[tuple[Layer, ...], Field(min_length=1, max_length=LAYERS_MAX)]


class RosterPlan(Model):
    """``roster.toml``: the plan that people write."""

    v: VersionOne = 1
    county: CountyId
    contacts: Annotated[tuple[Contact, ...], Field(min_length=1, max_length=CONTACTS_MAX)]
    layers: Layers
    offices: Annotated[tuple[OfficeContact, ...], Field(max_length=20)] = ()


class _Span(Model):
    starts_at: WireTime
    ends_at: WireTime

    @model_validator(mode="after")
    def _forward(self) -> Self:
        if self.ends_at <= self.starts_at:
            raise broken_rule("ends_at", "let it end after it starts")
        if (self.ends_at - self.starts_at).days > SPAN_MAX_DAYS:
            raise broken_rule("ends_at", f"let it last at most {SPAN_MAX_DAYS} days")
        return self


class Span(_Span):
    """From ``starts_at`` up to, and without, ``ends_at``."""


class _Record(Model):
    v: VersionOne = 1
    id: RecordId
    recorded_at: WireTime
    recorded_by: OfficerId
    """Whoever gave the command."""


class OverrideDraft(_Span):
    """One officer stands in for another during a span, or fills a gap.

    ``plan`` is the record of the temporary plan that it changes; empty for the ordinary roster.
    """

    officer: OfficerId
    """Who comes."""
    replaces: OfficerId | None = None
    """Who goes, wherever he stands; null puts ``officer`` into ``tier`` whoever stands there."""
    tier: Literal[Tier.PRIMARY, Tier.SECONDARY, Tier.LEADER] | None = None
    """Null for every tier in which ``replaces`` stands."""
    plan: PlanId = ""
    reason: Reason

    @model_validator(mode="after")
    def _where(self) -> Self:
        if self.replaces is None and self.tier is None:
            raise broken_rule("tier", "say which tier, or whom the officer replaces")
        if self.replaces == self.officer:
            raise broken_rule("officer", "name somebody else than the one who is replaced")
        return self


class Override(_Record, OverrideDraft):
    """An override as it was recorded."""

    kind: Literal["override"] = "override"


class SwapDraft(Model):
    """Two officers exchange two spans: in ``first_span`` ``second`` stands for ``first``, and the other way round."""

    first: OfficerId
    first_span: Span
    second: OfficerId
    second_span: Span
    plan: PlanId = ""
    reason: Reason

    @model_validator(mode="after")
    def _two(self) -> Self:
        if self.first == self.second:
            raise broken_rule("second", "name two different officers")
        return self


class Swap(_Record, SwapDraft):
    """A swap as it was recorded."""

    kind: Literal["swap"] = "swap"


class PlanDraft(_Span):
    """Layers that stand instead of the ordinary ones of their tiers for a span, e.g. 汛期 or 春节."""

    name: Annotated[str, StringConstraints(max_length=30, pattern=LINE_PATTERN)]
    reason: Reason
    layers: Layers


class TemporaryPlan(_Record, PlanDraft):
    """A temporary plan as it was recorded."""

    kind: Literal["plan"] = "plan"


class ImportedShift(_Span):
    """One span of one officer out of a calendar file."""

    tier: Literal[Tier.PRIMARY, Tier.SECONDARY, Tier.LEADER]
    officer: OfficerId


class Import(_Record):
    """What a calendar file said; each of its shifts counts as an override that fills its tier."""

    kind: Literal["import"] = "import"
    source: Annotated[str, StringConstraints(max_length=80, pattern=LINE_PATTERN)]
    """Name of the file."""
    shifts: Annotated[tuple[ImportedShift, ...], Field(min_length=1, max_length=IMPORTED_MAX)]


class HandoverDraft(Model):
    """What the one who goes leaves to the one who comes (交接班)."""

    to_officer: OfficerId
    text: NoteText


class HandoverNote(_Record, HandoverDraft):
    """A hand-over note as it was recorded."""

    kind: Literal["handover"] = "handover"
    from_officer: OfficerId


class Mark(StrEnum):
    """What is known of a number."""

    VERIFIED = "verified"
    TESTED = "tested"
    OPTED_OUT = "opted_out"
    """退订 came from it."""


class _Number(Model):
    owner: OfficerId
    """Officer or office."""
    address: Annotated[str, StringConstraints(min_length=3, max_length=512), Field(repr=False)]
    """As ``roster.toml`` has it."""


class MarkDraft(_Number):
    """A number was verified, tested, or opted out."""

    medium: Medium | None = None
    """Null for every medium by which its owner has it."""
    mark: Mark = Mark.VERIFIED


class NumberMark(_Record, _Number):
    """What became known of a number; bound to the address, so that a new one starts unverified."""

    kind: Literal["mark"] = "mark"
    medium: Medium
    mark: Mark


class WithdrawalDraft(Model):
    """An earlier record counts no longer from now on; what was before stays as it was."""

    reason: Reason


class Withdrawal(_Record, WithdrawalDraft):
    """A withdrawal as it was recorded."""

    kind: Literal["withdrawal"] = "withdrawal"
    record: RecordId


Change = Override | Swap | TemporaryPlan | Import | HandoverNote | NumberMark | Withdrawal
CHANGES: Final[TypeAdapter[Change]] = TypeAdapter(Annotated[Change, Field(discriminator="kind")])


@dataclass(frozen=True, slots=True)
class PlanText:
    """A text of ``roster.toml``, and since when it was in force."""

    since: datetime
    text: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class RosterTexts:
    """The files of a roster as they were read.

    Attributes:
        plans: Every text of ``roster.toml`` that was in force, the oldest first.
        records: File name to the lines of records, in the order of time.
        calendars: File name to the operator's files of holidays.
    """

    plans: tuple[PlanText, ...]
    records: tuple[tuple[str, bytes], ...] = field(repr=False)
    calendars: tuple[tuple[str, bytes], ...] = ()


@dataclass(frozen=True, slots=True)
class DutyShift:
    """One stretch during which nothing changes in one tier.

    Attributes:
        officer: None where nobody stands.
        turn: What it comes from, e.g. ``night:17``; the same for the whole of one turn.
        revision: Grows with every record that touches it.
    """

    tier: Tier
    officer: str | None
    starts_at: datetime
    ends_at: datetime
    turn: str
    revision: int = 0


@dataclass(frozen=True, slots=True)
class Finding:
    """Something in the roster that a person must mend.

    Attributes:
        code: Stable, e.g. ``coverage.nobody``.
        tier: None if it concerns no tier.
        officer: Whom it concerns; empty if nobody.
        text: One Chinese line without any number.
    """

    code: str
    tier: Tier | None
    officer: str
    starts_at: datetime
    ends_at: datetime
    text: str
