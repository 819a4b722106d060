"""Rows about who is on duty next door, and about what of our own duty was told to partners."""

from dataclasses import dataclass
from datetime import datetime

from schemas.control import OnDuty


@dataclass(frozen=True, slots=True)
class NeighbourDuty:
    """The newest word of a partner about who is on duty there.

    Attributes:
        county: The partner.
        office: Its office; empty once the word has run out.
        people: Empty if nobody was named, or once it has run out.
        valid_until: From then on it counts no more.
        told_at: When it was said, by the partner's clock.
        channel: With ``epoch`` and ``seq`` the place of the word in the partner's chain.
    """

    county: str
    office: str
    people: tuple[OnDuty, ...]
    valid_until: datetime
    told_at: datetime
    channel: str
    epoch: str
    seq: int


@dataclass(frozen=True, slots=True)
class ToldDuty:
    """What one partner was last told about who is on duty here.

    Attributes:
        partner: Who was told.
        envelope_id: Of the record.
        people: Whom it named.
        valid_until: When it runs out.
        told_at: When.
        lately: When that partner was told within the hour before and at ``told_at``, the oldest first.
    """

    partner: str
    envelope_id: str
    people: tuple[OnDuty, ...]
    valid_until: datetime
    told_at: datetime
    lately: tuple[datetime, ...]
