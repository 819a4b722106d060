"""台账: aggregates over what a store holds, and what the ledger says of a period.

A group is what a store counts: everything with the same facts, and how often. Times are kept as whole seconds, so that
groups of any two partners or months can be put together and their median read off exactly.

Source: docs/ledger.md
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from schemas.records import Direction

CASES: Final = "case"
"""The family of disputes; courses stand under their own kinds, campaigns, offers and projects under theirs."""
UNTOLD: Final = "untold"
"""The outcome of referrals that are too few for their outcomes to be told."""
REFERRAL_MESSAGES: Final = "referral_messages"
"""Where referrals are too few: every event of theirs in one line of the figures by type."""


@dataclass(frozen=True, slots=True)
class EventGroup:
    """Events with the same facts.

    Attributes:
        month: YYYY-MM in Beijing, by when they were recorded here.
        drill: Exercises and tests.
    """

    month: str
    direction: Direction
    wire_type: str
    drill: bool
    count: int


@dataclass(frozen=True, slots=True)
class DeliveryGroup:
    """Deliveries with the same facts: one for each event and recipient; an event that came in is one delivery to us.

    Attributes:
        partner: Recipient of what was sent, source of what came.
        stored_seconds: From the event's time to its *stored* receipt, or to our own recording; None if not stored.
        acknowledged_seconds: From when it was recorded (sent) or received to an answer that takes it; None without.
        refused: The recipient has rejected it.
    """

    month: str
    direction: Direction
    partner: str
    wire_type: str
    drill: bool
    stored_seconds: int | None
    acknowledged_seconds: int | None
    refused: bool
    count: int


@dataclass(frozen=True, slots=True)
class MatterGroup:
    """Matters with the same facts: campaigns, offers, projects, disputes, requests, referrals.

    Every family of events that the ledger shows hands over such groups; the ledger asks nothing else of it.

    Attributes:
        month: In which they were opened.
        family: ``campaign``, ``offer``, ``project``, ``case``, ``service``, ``referral``.
        kind: In the family's own words; empty where it knows none.
        outcome: Its state now.
        partner: A county, and then ``outcome`` is where that county stands; empty for the matter as a whole.
    """

    month: str
    family: str
    kind: str
    outcome: str
    partner: str
    count: int


@dataclass(frozen=True, slots=True)
class Waits:
    """How long something took, over many: whole seconds, nearest rank.

    Attributes:
        count: Of how many it is known.
        median: None if it is known of none.
    """

    count: int
    median: int | None
    p90: int | None


@dataclass(frozen=True, slots=True)
class DeliveryFigures:
    """Figures over a set of deliveries."""

    sent: int
    """Deliveries to others."""
    received: int
    stored: Waits
    """Of deliveries to others."""
    acknowledged: Waits
    """Of deliveries to others."""
    received_acknowledged: Waits
    """Of what came in: how long this county took."""
    refused: int


@dataclass(frozen=True, slots=True)
class TypeFigures:
    """Events of one type."""

    wire_type: str
    sent: int
    received: int


@dataclass(frozen=True, slots=True)
class NamedFigures:
    """Figures of one partner, mutual or month."""

    name: str
    figures: DeliveryFigures


@dataclass(frozen=True, slots=True)
class Standing:
    """In how many matters of a kind a partner stands so."""

    county: str
    state: str
    count: int


@dataclass(frozen=True, slots=True)
class MatterFigures:
    """Matters of one family and kind with one outcome.

    Attributes:
        by_partner: Of the kind as a whole, whatever the outcome.
    """

    family: str
    kind: str
    outcome: str
    count: int
    by_partner: tuple[Standing, ...]


@dataclass(frozen=True, slots=True)
class ChecklistLine:
    """What one item of the programme's checklist is shown by.

    Attributes:
        value: None where so few are counted that a figure would speak of a person.
    """

    item: int
    label: str
    value: int | None


@dataclass(frozen=True, slots=True)
class Ledger:
    """The figures of one period. Exercises are counted apart and in nothing else.

    Attributes:
        first: First day, in Beijing.
        last: Last day, included.
        drills: Events of exercises and tests.
    """

    county: str
    first: date
    last: date
    made_at: datetime
    sent: int
    received: int
    drills: int
    total: DeliveryFigures
    by_partner: tuple[NamedFigures, ...]
    by_mutual: tuple[NamedFigures, ...]
    by_month: tuple[NamedFigures, ...]
    by_type: tuple[TypeFigures, ...]
    matters: tuple[MatterFigures, ...]
    checklist: tuple[ChecklistLine, ...]
