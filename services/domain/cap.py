"""CAP 1.2 and our alerts: the words of the one in the words of the other.

Source: docs/parts/alerting-cap.md; OASIS Common Alerting Protocol 1.2.
"""

import hashlib
import re
import unicodedata
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final, TypeVar

from schemas.base import BEIJING, FIRST_YEAR, LAST_YEAR
from schemas.information.alert_parts import Severity
from schemas.information.alerts import Alert, AlertCancelled, AlertUpdated
from schemas.information.event_codes import EventClass

RESERVED: Final = "sihu:"
"""Begins the name of every parameter that says what CAP has no element for."""
GEOCODE: Final = "GB/T 2260"
FALLBACK_SCHEME: Final = "CAP category"
"""``code_scheme`` of an import that bears no code of GB/T 35561: its ``event_code`` is then the CAP category."""
OFFICE: Final = "urn:sihu:office:"
"""Begins the ``sender`` of our own documents; the 14 digits of the issuing office follow."""

EVENT_NAME_MAX: Final = 30
HEADLINE_MAX: Final = 60
LINE_MAX: Final = 120
NOTE_MAX: Final = 500
TEXT_MAX: Final = 2000

MESSAGE_TYPES: Final[dict[type[Alert], str]] = {AlertUpdated: "Update", AlertCancelled: "Cancel"}

_CATEGORIES: Final = (
    ("11C", "Geo"),
    ("11D", "Geo"),
    ("11G", "Fire"),
    ("11", "Met"),
    ("12D", "CBRNE"),
    ("12G", "Fire"),
    ("12H", "Transport"),
    ("12J", "Transport"),
    ("12P", "Infra"),
    ("12Q", "Env"),
    ("12", "Safety"),
    ("13", "Health"),
    ("14", "Security"),
)
_CLASS_CATEGORIES: Final = {
    EventClass.NATURAL: "Met",
    EventClass.ACCIDENT: "Safety",
    EventClass.HEALTH: "Health",
    EventClass.SAFETY: "Security",
}
_CLASSES: Final = {
    "Geo": EventClass.NATURAL,
    "Met": EventClass.NATURAL,
    "Health": EventClass.HEALTH,
    "Security": EventClass.SAFETY,
}
_LEVELS: Final = {Severity.EXTREME: 1, Severity.SEVERE: 2, Severity.MODERATE: 3, Severity.MINOR: 4}
_MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[-+]\d\d:\d\d")
_UNSEEN: Final = re.compile("[\x00-\x09\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069\ufffe\uffff]")
_GAP: Final = re.compile(r"[\t\r]")

Word = TypeVar("Word", bound=StrEnum)


def cap_word(word: StrEnum) -> str:
    """Return one of our words as CAP spells it: ``all_clear`` is ``AllClear`` there."""
    return "".join(part.capitalize() for part in word.value.split("_"))


def our_word(kind: type[Word], text: str) -> Word | None:
    """Return CAP's word as one of ours, None if we have none for it."""
    return next((word for word in kind if cap_word(word) == text), None)


def category_of(event_class: EventClass, event_code: str) -> str:
    """Return the CAP category by the code of GB/T 35561; by the class alone for a code of another scheme."""
    found = next((category for prefix, category in _CATEGORIES if event_code.startswith(prefix)), None)
    return found or _CLASS_CATEGORIES[event_class]


def class_of(category: str) -> EventClass:
    """Return the class that a CAP category falls into; what we have no better one for is an accident."""
    return _CLASSES.get(category, EventClass.ACCIDENT)


def default_level(severity: Severity) -> int | None:
    """Return the colour that goes with a severity where the document gives none; None if it is unknown."""
    return _LEVELS.get(severity)


def message_type(alert: Alert) -> str:
    """Return CAP's ``msgType`` of an alert."""
    return MESSAGE_TYPES.get(type(alert), "Alert")


def spelled(moment: datetime) -> str:
    """Spell a time as CAP does: Beijing time, whole seconds."""
    return moment.astimezone(BEIJING).isoformat(timespec="seconds")


def moment_of(text: str | None) -> datetime | None:
    """Read a time of CAP; None for anything else, and for years that no event can bear.

    Returns:
        Aware UTC.
    """
    text = (text or "").strip()
    if _MOMENT.fullmatch(text) is None or not text.isascii():
        return None
    try:
        moment = datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return moment if FIRST_YEAR <= moment.year < LAST_YEAR else None


def shortened(text: str, limit: int) -> str:
    """Return a text as one line of an event: unseen characters out, gaps closed, cut to ``limit`` characters."""
    plain = " ".join(_UNSEEN.sub("", _GAP.sub(" ", unicodedata.normalize("NFC", text))).split())
    return _cut(plain, limit)


def shortened_text(text: str, limit: int) -> str:
    """Return a text of several lines as an event may carry it, cut to ``limit`` characters."""
    plain = unicodedata.normalize("NFC", text).replace("\r\n", "\n")
    return _cut(_UNSEEN.sub("", _GAP.sub(" ", plain)).strip(), limit)


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def office_of(alert_id: str) -> str:
    """Return the CAP ``sender`` of one of our alerts."""
    return OFFICE + alert_id.partition("_")[0]


def sent_of(alert_id: str) -> str:
    """Return the CAP ``sent`` of one of our alerts: the time that its id bears."""
    stamp = alert_id.split("_")[1]
    return spelled(datetime.strptime(stamp, "%Y%m%d%H%M%S").replace(tzinfo=BEIJING))


def alert_id_of(office: str, sender: str, identifier: str, sent: datetime) -> str:
    """Return the id that an office gives to a foreign document: the same whenever it meets it, or a reference to it.

    Args:
        office: 14 digits.
        sender: As in the document.
        identifier: As in the document.
        sent: When it was sent, aware.
    """
    digit = hashlib.sha256(f"{sender},{identifier}".encode()).digest()[0] % 10
    return f"{office}_{sent.astimezone(BEIJING):%Y%m%d%H%M%S}_{digit}"
