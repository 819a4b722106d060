"""What an SMS of an alert would say, and in how many parts it would go, before the alert is sent.

Those who receive the alert write their SMS themselves, by the same rules: so its text is known beforehand but for the
reply code and for their own signature.

Source: docs/alerting/sms.md
"""

from dataclasses import dataclass
from typing import Final

from schemas.base import Event, Status
from schemas.information.alerts import Alert
from schemas.pages import Part
from services.domain.levels import LevelChange
from services.domain.sms_parts import segment, units
from services.domain.sms_text import Signature, compose, event_of, facts_of, place_of

CODE: Final = "37"
"""Stands for the reply code, which is given out when the SMS is: one of two digits, as most are."""
_REFERENCE: Final = 0


@dataclass(frozen=True, slots=True)
class SmsPreview:
    """An SMS as it would go out.

    Attributes:
        text: The whole, the signature included.
        parts: As a telephone gets them; one if it fits.
        units: UTF-16 units of the text: what carriers count.
        place: What it says of where: from the divisions of the areas, never from their descriptions.
        event: What it says of what: from the code, never from the name as it was written.
    """

    text: str
    parts: tuple[Part, ...]
    units: int
    place: str
    event: str


def preview_of(
    event: Event,
    source: str,
    *,
    status: Status = Status.ACTUAL,
    is_raised: bool = False,
    signature: Signature | None = None,
) -> SmsPreview | None:
    """Return what an SMS of this event would say; None for what is no alert: of that, people get a digest alone.

    Args:
        event: As it would be sent.
        source: Division code of the county that sends it.
        status: Of the envelope: an exercise says so first.
        is_raised: An update that takes the place of a lower level.
        signature: One that stands in for the recipients' own.
    """
    if not isinstance(event, Alert):
        return None
    change = LevelChange.RAISED if is_raised else LevelChange.SAME
    facts = facts_of(event, source, code=CODE, status=status, change=change)
    text = compose(facts, signature or Signature()).text
    place = place_of([code for area in event.areas for code in area.adcodes], source)
    return SmsPreview(text, segment(text, _REFERENCE), units(text), place, event_of(event))
