"""Threads: events of several counties that belong together under one key — a campaign, an offer, a project.

Source: docs/decisions/0035-fold-threads-from-their-acts.md
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

OWNER_ACTS_MAX: Final = 400
"""Of the county that opened a thread; what comes beyond is refused at both ends."""
PARTNER_ACTS_MAX: Final = 60
"""Of each other county."""
ACTS_MAX: Final = 5000
"""Of all counties: an audience has at most 64."""
OWNER_DIGITS: Final = 6
"""A key begins with the code of the county that opened the thread."""


class Family(StrEnum):
    """What kind of thread."""

    CAMPAIGN = "campaign"
    OFFER = "offer"
    PROJECT = "project"


@dataclass(frozen=True, slots=True)
class ThreadOf:
    """Which thread an event belongs to."""

    family: Family
    key: str

    @property
    def owner(self) -> str:
        """The county that opened it: nobody else can."""
        return self.key[:OWNER_DIGITS]


@dataclass(frozen=True, slots=True)
class ThreadParty:
    """Where one partner stands in a thread.

    Attributes:
        role: What it was asked to do; empty where the family knows no roles.
        state: In the family's own words, e.g. accepted, agreed, joined; ``asked`` while it has said nothing.
    """

    county: str
    role: str
    state: str


@dataclass(frozen=True, slots=True)
class ThreadRow:
    """A thread as lists, calendar and ledger see it; everything else is folded anew from its acts.

    Attributes:
        kind: Kind of campaign or resource; ``project`` for projects.
        state: In the family's own words, e.g. open, held, withdrawn.
        opened_at: When its first act was made, by its author's clock.
        changed_at: When the newest act that counts was made.
        starts_at: When it begins; None where the family has no such time.
        ends_at: When it ends, or until when it can be answered; None where there is no such time.
        position: Of the newest act in this store; lists go by it.
        parties: By county.
    """

    thread: ThreadOf
    kind: str
    title: str
    state: str
    opened_at: datetime
    changed_at: datetime
    starts_at: datetime | None
    ends_at: datetime | None
    position: int
    parties: tuple[ThreadParty, ...]
