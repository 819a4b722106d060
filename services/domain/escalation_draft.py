"""What the escalation engine knows at one moment, and what it has decided so far."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from enum import Enum
from typing import Final

from schemas.base import BEIJING
from schemas.errors import InvariantError
from schemas.escalations import (
    Alarm,
    AlarmKind,
    AnswerGiven,
    Change,
    DropReason,
    Escalation,
    EscalationKind,
    EscalationState,
    Hold,
    Ladder,
    PageRow,
    PageState,
    Plan,
    Policy,
    Purpose,
    ReplyDue,
    ReplyKind,
    Silence,
    SourceWord,
    SourceWordKind,
    Transition,
)
from schemas.officers import AnswerWord
from schemas.pages import Medium, Recipient, Strength, Tier
from services.domain.encoding import digest_of, length_prefixed
from services.domain.policies import is_quiet_hour, ladder_of

ESCALATING: Final = frozenset({Purpose.STEP, Purpose.PASSED_ON})
"""Pages that ask somebody to take the alert."""
UNANSWERED: Final = frozenset({EscalationState.OPEN, EscalationState.EXHAUSTED})
REVIVABLE: Final = frozenset({DropReason.OFF_DUTY, DropReason.ACKNOWLEDGED})
AT_ONCE: Final = datetime(1970, 1, 1, tzinfo=UTC)
"""When to look again if something has happened: a moment that no clock set back comes before."""
_ID_DIGITS: Final = 32
_SATURDAY: Final = 5


def is_weekday(day: date) -> bool:
    """Tell whether a day is one from Monday to Friday: what holds without a table of holidays."""
    return day.weekday() < _SATURDAY


@dataclass(frozen=True, slots=True)
class Facts:
    """What an escalation is planned from.

    Attributes:
        roster: Everybody on duty now, offices included.
        now: Aware UTC. It may have been set back, or ahead, since the last plan.
        pages: All rows of this escalation.
        answers: All answers of this escalation, in any order.
        silences: Those that may concern it, ended ones too.
        related: Other escalations of the same incident.
        is_workday: Whether a day (Beijing) is one on which offices work.
    """

    policy: Policy
    roster: tuple[Recipient, ...]
    now: datetime
    pages: tuple[PageRow, ...] = ()
    answers: tuple[AnswerGiven, ...] = ()
    silences: tuple[Silence, ...] = ()
    related: tuple[Escalation, ...] = ()
    is_workday: Callable[[date], bool] = is_weekday


class Standing(Enum):
    """What an officer's answer means for being told further."""

    AWARE = "aware"
    """Has received it, which is not enough to end it."""
    DECLINED = "declined"


def page_id(row: PageRow) -> str:
    """Return the id of a page: 32 hexadecimal digits, the same however often it is worked out.

    Over alert, version, recipient, purpose and number of the step, and medium, each behind its length.
    """
    parts = (row.escalation, row.version, row.recipient, row.purpose, str(row.step), row.medium)
    return digest_of(length_prefixed(parts))[:_ID_DIGITS]


@dataclass(slots=True)
class Draft:
    """A plan in the making. ``escalation`` and ``rows`` are always what they would be if it ended here."""

    facts: Facts
    before: Escalation
    escalation: Escalation
    rows: dict[str, PageRow]
    roster: tuple[Recipient, ...]
    _people: dict[str, Recipient]
    held_until: datetime | None = None
    standings: dict[str, Standing] = field(default_factory=dict)
    called_false: set[str] = field(default_factory=set)
    _new: dict[str, None] = field(default_factory=dict)
    _changed: dict[str, None] = field(default_factory=dict)
    _transitions: list[Transition] = field(default_factory=list)
    _alarms: list[Alarm] = field(default_factory=list)
    _words: list[SourceWord] = field(default_factory=list)
    _replies: list[ReplyDue] = field(default_factory=list)

    # -- facts ----------------------------------------------------------------------------------------

    @property
    def now(self) -> datetime:
        """The moment that it is."""
        return self.facts.now

    @property
    def held(self) -> Hold | None:
        """Why nobody is told for now."""
        return self.escalation.held

    @property
    def ladder(self) -> Ladder:
        """The ladder of its level."""
        if self.escalation.level is None:
            raise InvariantError("what is ordinary climbs no ladder")
        return ladder_of(self.facts.policy, self.escalation.level)

    def is_set_back(self) -> bool:
        """Tell whether the clock shows less than when a plan was last written."""
        return self.before.planned_at is not None and self.before.planned_at > self.now

    def is_quiet(self) -> bool:
        """Tell whether it is a quiet hour in Beijing."""
        return is_quiet_hour(self.facts.policy.quiet, self.now.astimezone(BEIJING).hour)

    def quiet_end(self) -> datetime:
        """Return when quiet hours end next: the first moment of that hour after now."""
        local = self.now.astimezone(BEIJING)
        end = local.replace(hour=self.facts.policy.quiet.until_hour, minute=0, second=0, microsecond=0)
        return (end if end > local else end + timedelta(days=1)).astimezone(self.now.tzinfo)

    def on_duty(self, officer: str) -> Recipient | None:
        """Return an officer as the roster has him, or None if he is off duty."""
        return self._people.get(officer)

    def is_told_further(self, officer: str) -> bool:
        """Tell whether an officer is still to be told: he has not answered for himself."""
        return officer not in self.standings

    def pages_to(self, officer: str) -> Iterator[PageRow]:
        """Yield an officer's escalation pages that were not dropped."""
        for row in self.rows.values():
            if row.recipient == officer and row.purpose in ESCALATING and row.state is not PageState.DROPPED:
                yield row

    def is_awaited(self) -> bool:
        """Tell whether somebody has a page, or is about to get it, and may still take the alert."""
        return any(
            row.purpose in ESCALATING
            and row.state not in {PageState.DROPPED, PageState.FAILED}
            and self.standings.get(row.recipient) is not Standing.DECLINED
            for row in self.rows.values()
        )

    # -- decisions ------------------------------------------------------------------------------------

    def record(self, change: Change, reason: str, *, officer: str = "", **values: object) -> None:
        """Change the escalation and keep why."""
        before = self.escalation.state
        self.escalation = replace(self.escalation, **values)  # type: ignore[arg-type]
        after = self.escalation.state
        self._transitions.append(Transition(self.escalation.key, change, before, after, self.now, officer, reason))

    def set(self, **values: object) -> None:
        """Change what is no transition: a time, a count."""
        self.escalation = replace(self.escalation, **values)  # type: ignore[arg-type]

    def page(self, to: Recipient, purpose: Purpose, step: int, media: Iterable[Medium]) -> bool:
        """Have somebody told by each medium; what was told before stays told. Return whether anything is new."""
        told = [self._page(to, purpose, step, medium) for medium in media]
        return any(told)

    def _page(self, to: Recipient, purpose: Purpose, step: int, medium: Medium) -> bool:
        one = self.escalation
        row = PageRow("", one.key, one.version, to.officer, to.tier, purpose, step, medium, self.now)
        row = replace(row, page_id=page_id(row))
        held = self.rows.get(row.page_id)
        if held is not None and not _may_revive(held):
            return False
        if purpose is Purpose.STEP:
            self._overtake(row)
        self.rows[row.page_id] = row
        (self._changed if held else self._new)[row.page_id] = None
        return True

    def _overtake(self, by: PageRow) -> None:
        for row in self.due_pages(frozenset({Purpose.STEP}), by.recipient):
            if row.medium is by.medium and row.step != by.step:
                self.drop(row, DropReason.OVERTAKEN)

    def due_pages(self, purposes: frozenset[Purpose], officer: str = "") -> list[PageRow]:
        """Return pages that were not submitted yet, of everybody or of one officer."""
        return [
            row
            for row in self.rows.values()
            if row.state is PageState.DUE and row.purpose in purposes and officer in {"", row.recipient}
        ]

    def drop(self, row: PageRow, reason: DropReason) -> None:
        """Leave a page unsubmitted."""
        self.change(row, state=PageState.DROPPED, dropped_for=reason)

    def change(self, row: PageRow, **values: object) -> None:
        """Give a page new values."""
        self.rows[row.page_id] = replace(row, **values)  # type: ignore[arg-type]
        if row.page_id not in self._new:
            self._changed[row.page_id] = None

    def alarm(self, kind: AlarmKind, tier: Tier | None = None) -> None:
        """Show something on every console."""
        self._alarms.append(Alarm(kind, self.escalation.key, self.now, tier))

    def gap(self, tier: Tier) -> None:
        """Tell once that a tier has nobody on duty."""
        if tier not in self.escalation.gaps:
            self.record(Change.COVERAGE_GAP, f"nobody on duty: {tier}", gaps=(*self.escalation.gaps, tier))
            self.alarm(AlarmKind.COVERAGE_GAP, tier)

    def tell_source(
        self,
        kind: SourceWordKind,
        officer: str = "",
        word: AnswerWord | None = None,
        strength: Strength | None = None,
    ) -> None:
        """Tell the source; of a neighbour's silence that is ourselves."""
        one = self.escalation
        if one.kind is EscalationKind.NEIGHBOUR:
            return
        self._words.append(SourceWord(kind, one.key, one.version, self.now, officer, word, strength))

    def reply(self, answer: AnswerGiven, kind: ReplyKind, counted_as: AnswerWord) -> None:
        """Say to an officer what became of his answer."""
        one = self.escalation
        self._replies.append(
            ReplyDue(answer.number, answer.officer, kind, answer.word, counted_as, one.owner, one.taken_at)
        )

    def finish(self, wake_at: datetime | None) -> Plan:
        """Return the plan."""
        self.set(wake_at=wake_at)
        if self.escalation != self.before or self._new or self._changed or self.is_set_back():
            self.set(planned_at=self.now, revision=self.before.revision + 1)
        return Plan(
            self.escalation,
            tuple(self.rows[one] for one in self._new),
            tuple(self.rows[one] for one in self._changed),
            tuple(self._transitions),
            tuple(self._alarms),
            tuple(self._words),
            tuple(self._replies),
        )


def _may_revive(row: PageRow) -> bool:
    return row.state is PageState.DROPPED and row.dropped_for in REVIVABLE and row.submitted_at is None


def draft_of(escalation: Escalation, facts: Facts) -> Draft:
    """Begin a plan; whoever cannot be reached at all is as good as off duty."""
    roster = tuple(one for one in facts.roster if one.addresses)
    return Draft(
        facts=facts,
        before=escalation,
        escalation=escalation,
        rows={row.page_id: row for row in facts.pages},
        roster=roster,
        _people={one.officer: one for one in reversed(roster)},  # of two tiers the first that the roster names
    )
