"""Courses of work that several counties do together, step by step: what a store keeps of referrals and requests.

A step says nothing about anybody. What a course stands at follows from its steps alone, by the same rules at every end.

Source: docs/decisions/0036-let-each-step-name-the-one-before.md
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class CourseKind(StrEnum):
    """Which rules a course follows."""

    REFERRAL = "referral"
    SERVICE = "service"


@dataclass(frozen=True, slots=True)
class CourseStep:
    """What an event does to a course.

    Attributes:
        course_id: 32 hexadecimal digits, chosen by whoever began it.
        wire_type: Of the event.
        facts: JSON of what the rules ask for: never anything about a person.
    """

    kind: CourseKind
    course_id: str
    wire_type: str
    facts: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class KeptStep:
    """A step as a store has it.

    Attributes:
        source: The county that took it, by its signature.
        to: Whom it was addressed to.
        time: When, as the source says; the same at every end.
        recorded_at: When this store recorded it.
    """

    step: CourseStep
    envelope_id: str
    source: str
    to: tuple[str, ...]
    agreement_id: str
    time: datetime
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class CourseRow:
    """What a course stands at, for lists and for whoever must look after it.

    Attributes:
        state: A word of the rules of its kind.
        open: Whether anything is still to be done by people.
        look_at: When this node must look again by itself; None if nothing is due.
        mode: How a request is served; empty for a referral: what it is for is nobody's figure.
        outcome: What it has come to, in the ledger's words; ``open`` while a request has none.
        opened_at: When it was begun, by the clock of whoever began it.
        counties: That take part, in the ledger; none for a referral.
    """

    kind: CourseKind
    course_id: str
    state: str
    open: bool
    look_at: datetime | None
    mode: str = ""
    outcome: str = ""
    opened_at: datetime | None = None
    counties: tuple[str, ...] = ()
