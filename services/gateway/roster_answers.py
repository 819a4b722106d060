"""What the API answers about the roster: closed models. Numbers are masked unless asked for by who may see them."""

from typing import Annotated, Literal

from pydantic import Field

from schemas.base import Model, WireTime
from schemas.pages import Medium, Tier
from schemas.rosters import HandoverNote, Layer, Mark, Override, Swap, TemporaryPlan, Withdrawal
from services.gateway.answers import FaultLine


class NumberLine(Model):
    """One address of an officer or an office, and what is known of it."""

    medium: Medium
    address: str
    """Masked to its first three and last two characters, or whole."""
    verified_at: WireTime | None
    tested_at: WireTime | None
    opted_out_at: WireTime | None
    counts: bool
    """Whether pages go to it."""


class ContactLine(Model):
    """An officer of the roster."""

    officer: str
    display: str
    tiers: tuple[Tier, ...]
    """In which layers of the ordinary plan this officer takes turns."""
    numbers: tuple[NumberLine, ...]
    quiet_hours: bool
    console_only: bool
    may_answer: bool
    """Whether a credential is here; without one this officer acknowledges nothing."""


class OfficeLine(Model):
    """The duty office itself, or the duty room of the next higher level."""

    office: str
    display: str
    tier: Tier
    numbers: tuple[NumberLine, ...]


class ReachLine(Model):
    """By what somebody is reached."""

    medium: Medium
    address: str
    """Masked, or whole; empty for the console."""


class StandingLine(Model):
    """Somebody on duty, or an office."""

    tier: Tier
    officer: str
    display: str
    until: WireTime | None
    """When the turn ends; null for an office."""
    reached_by: tuple[ReachLine, ...]
    """Verified addresses alone; empty: an escalation passes over this officer."""


class FindingLine(Model):
    """Something in the roster that a person must mend."""

    code: str
    tier: Tier | None
    officer: str
    starts_at: WireTime
    ends_at: WireTime
    text: str


class DueTestLine(Model):
    """A verified number that no test page reached for a month."""

    owner: str
    display: str
    medium: Medium
    address: str
    last_at: WireTime


class ImportLine(Model):
    """What was taken from a calendar file; the plan shows its shifts."""

    kind: Literal["import"] = "import"
    id: str
    recorded_at: WireTime
    recorded_by: str
    source: str
    shifts: int
    starts_at: WireTime
    ends_at: WireTime


class MarkLine(Model):
    """What became known of a number."""

    kind: Literal["mark"] = "mark"
    id: str
    recorded_at: WireTime
    recorded_by: str
    owner: str
    medium: Medium
    address: str
    """Masked, always."""
    mark: Mark


class RosterView(Model):
    """The roster as it is now."""

    version: str
    """Of plan, records and calendar: what a change must name in ``If-Match``, in double quotes."""
    at: WireTime
    pages_people: bool
    """Whether this node tells its people; false until it is started anew with its first roster."""
    faults: tuple[FaultLine, ...]
    """What is wrong with the files now: the last good roster is shown and in force, and nothing can be changed."""
    contacts: tuple[ContactLine, ...]
    offices: tuple[OfficeLine, ...]
    layers: tuple[Layer, ...]
    on_duty: tuple[StandingLine, ...]
    missing: tuple[Tier, ...]
    """Tiers in which somebody must stand now and nobody does."""
    overrides: tuple[Override, ...]
    """As the other kinds: those that count and have not ended, in the order in which they were recorded."""
    swaps: tuple[Swap, ...]
    plans: tuple[TemporaryPlan, ...]
    imports: tuple[ImportLine, ...]
    left_out: int
    """How many older ones were left out, because there are too many for one answer."""
    notes: tuple[HandoverNote, ...]
    """The last ones, the newest first."""
    findings: tuple[FindingLine, ...]
    due_tests: tuple[DueTestLine, ...]
    calendar_years: tuple[int, ...]
    """Years whose holidays and make-up workdays are known."""


class DutyView(Model):
    """Who is on duty at a moment."""

    version: str
    at: WireTime
    people: tuple[StandingLine, ...]
    """In the order in which an escalation climbs, offices last."""
    missing: tuple[Tier, ...]
    note: HandoverNote | None
    """What was handed over last by then."""


class ShiftLine(Model):
    """One stretch during which nothing changes in one tier."""

    tier: Tier
    officer: str | None
    """Null where nobody stands."""
    display: str
    starts_at: WireTime
    ends_at: WireTime


class PlanView(Model):
    """Who is on duty when, tier by tier in the order of time, by what is known now."""

    version: str
    starts_at: WireTime
    ends_at: WireTime
    shifts: tuple[ShiftLine, ...]


RecordShown = Override | Swap | TemporaryPlan | ImportLine | HandoverNote | MarkLine | Withdrawal


class RecordLine(Model):
    """One record of the roster."""

    number: int
    """Its place among all records, from 1."""
    withdrawn: bool
    text: str
    """One Chinese line without any number."""
    record: Annotated[RecordShown, Field(discriminator="kind")]


class RecordPage(Model):
    """Records, the newest first."""

    version: str
    records: tuple[RecordLine, ...]
    next_before: int | None
    """Go on with ``before`` set to it; null at the end."""


class RecordedLine(Model):
    """A change that is on disk and counts."""

    version: str
    """The roster's, with this change."""
    records: tuple[str, ...]
    """Ids of what was recorded; a number that is reached by two media makes two."""
    recorded_at: WireTime
    recorded_by: str
    findings: tuple[FindingLine, ...]
    """What is missing in the days that the change touches, and was not missing before it."""
    idle: bool
    """Nobody's turn changes by it, though it should: whom it names does not stand there."""


class TakenLine(RecordedLine):
    """A calendar file that was taken."""

    shifts: int
    left_out: tuple[FaultLine, ...]
    """What of the file could not be read, by its line."""
