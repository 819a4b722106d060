"""What a node keeps about SMS: codes, answers, tries, suppressions, as flat rows.

Times are aware UTC. A *number* is a telephone number as the roster spells it, and never in a log.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from schemas.officers import AnswerWord
from schemas.pages import Retry


@dataclass(frozen=True, slots=True)
class CodeUse:
    """A reply code of one number, in use or resting.

    Attributes:
        code: Two digits or more, the first never 0; unique among the open and resting ones of a number.
        holder: What it answers: an alert, or a bundle of a storm. All pages of one alert to one number share its code.
        closed_at: When the holder ended; None while it is open.
    """

    number: str = field(repr=False)
    code: str
    holder: str
    opened_at: datetime
    closed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class AnswerablePage:
    """What one number may answer: open, or closed so lately that its code still rests.

    Attributes:
        holders: The alerts that an answer covers: one, or those that the SMS of a bundle told of.
        label: Place and kind, such as 环江暴雨, for a question back.
        level: 1 (highest) to 4; of a bundle the highest in it.
        told_at: When the last SMS with this code was handed over.
        taken_by: Display of the desk that gave the strongest answer so far, such as 值班员甲; empty if nobody did.
        taken_word: What that desk said.
        taken_at: When.
        answered_here: Whether this very number gave an answer.
        ended: Cancelled, expired or exhausted: nothing is left to answer.
        is_test: The monthly test of this number: a text without a code never answers it while an alert can be meant.
    """

    code: str
    holders: tuple[str, ...]
    label: str
    level: int
    told_at: datetime
    taken_by: str = ""
    taken_word: AnswerWord | None = None
    taken_at: datetime | None = None
    answered_here: bool = False
    ended: bool = False
    is_test: bool = False


@dataclass(frozen=True, slots=True)
class PartTry:
    """One part handed to one provider once, and what it said at once.

    Attributes:
        part: From 1.
        attempt: From 1, counted over all providers.
        reference: What a report will name; empty if the provider refused.
        retry: What the refusal means; None if the provider took the part.
        code: The provider's own code of a refusal.
    """

    page_id: str
    part: int
    attempt: int
    provider: str
    tried_at: datetime
    reference: str = ""
    retry: Retry | None = None
    code: str = ""


class HoldReason(StrEnum):
    """Why an SMS did not go out when it was due."""

    GROUP_INTERVAL = "group_interval"
    """The same area was told of lately; the next SMS tells all that came since."""
    GROUP_WAIT = "group_wait"
    """A few seconds are waited for what else comes."""
    AREA_STORM = "area_storm"
    """Two SMS of this area in a minute: also the first page of a further group joins the bundle."""
    PERSON_MINUTE = "person_minute"
    """One SMS a minute and person."""
    PERSON_QUARTER = "person_quarter"
    """Five SMS in 15 minutes and person."""
    CARRIER_CAP = "carrier_cap"
    """Carriers drop a third identical text within 59 s."""


@dataclass(frozen=True, slots=True)
class SmsTold:
    """One SMS that went to one person.

    Attributes:
        recipient: Name of the officer's credential.
        area: Prefecture, the first four digits of a division code.
        told: Each group that the text told of, with the highest level told.
        text_digest: SHA-256 of the whole text, lowercase hex.
    """

    recipient: str
    told_at: datetime
    area: str
    told: tuple[tuple[str, int], ...]
    text_digest: str

    @property
    def level(self) -> int:
        """The highest level told."""
        return min((level for _, level in self.told), default=4)


@dataclass(frozen=True, slots=True)
class Suppression:
    """An SMS that was held back, and why; the row stays when it has been told.

    Attributes:
        page_id: The page; its other media go on.
        bundle: The bundle that will tell of it, named by its first page; empty if the page waits alone.
        due_at: When it was to go out.
        until: When it goes out at the latest, if nothing carries it along earlier.
        told_at: When an SMS told of it; None while it waits.
    """

    page_id: str
    recipient: str
    group: str
    area: str
    level: int
    reason: HoldReason
    bundle: str
    due_at: datetime
    until: datetime
    told_at: datetime | None = None
