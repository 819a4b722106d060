"""What a CAP document must keep to beyond its schema; each refusal is one clear line.

Source: OASIS Common Alerting Protocol 1.2, section 3.2.1; docs/events.md, section "information".
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from schemas.cap import (
    ELEMENTS,
    ELEMENTS_MAX,
    INFOS_MAX,
    POINTS_MAX,
    REFERENCES_MAX,
    CapAlert,
    CapBlock,
    Element,
    Shape,
    values_of,
)
from schemas.errors import Fault
from services.domain.cap import moment_of

_PARTS: Final = 3
_ANSWERS: Final = ("Cancel", "Ack", "Error")


@dataclass(frozen=True, slots=True)
class CapReference:
    """One earlier document: ``sender,identifier,sent`` as it stands there, and its time, aware UTC."""

    sender: str
    identifier: str
    sent: str
    sent_at: datetime

    def __str__(self) -> str:
        """As CAP spells it."""
        return f"{self.sender},{self.identifier},{self.sent}"


def judge_cap(alert: CapAlert) -> Fault | None:
    """Judge a document whose form is valid already."""
    sent = sent_at(alert)
    if isinstance(sent, Fault):
        return sent
    return _too_much(alert) or _audience_at_odds(alert) or _wrong_references(alert, sent)


def sent_at(alert: CapAlert) -> datetime | Fault:
    """Return when a document was sent, aware UTC; a fault if that is no real time."""
    sent = moment_of(alert.sent)
    if sent is None:
        return Fault("cap.time", "sent", "write a real time with its offset, e.g. 2025-06-11T08:30:00+08:00")
    return sent


def references_of(alert: CapAlert) -> tuple[CapReference, ...]:
    """Return the earlier documents that one names, those that can be read."""
    found = (reference_of(text) for text in (alert.references or "").split())
    return tuple(one for one in found if one is not None)


def reference_of(text: str) -> CapReference | None:
    """Read ``sender,identifier,sent``; None if it is anything else."""
    parts = text.split(",")
    sent_at = moment_of(parts[-1])
    if len(parts) != _PARTS or not all(parts) or sent_at is None:
        return None
    sender, identifier, sent = parts
    return CapReference(sender, identifier, sent, sent_at)


def elements_of(block: CapBlock) -> Iterator[tuple[Element, object]]:
    """Give every element below a block with its value, in the order of the document."""
    for element in ELEMENTS[type(block)]:
        for value in values_of(block, element):
            yield element, value
            if element.shape is Shape.BLOCK and isinstance(value, CapBlock):
                yield from elements_of(value)


def _too_much(alert: CapAlert) -> Fault | None:
    if len(alert.infos) > INFOS_MAX:
        return Fault("cap.too_many", "info", f"it has {len(alert.infos)} info blocks; at most {INFOS_MAX} are taken")
    points = sum(len(polygon.split()) for info in alert.infos for area in info.areas for polygon in area.polygons)
    if points > POINTS_MAX:
        return Fault("cap.too_many", "polygon", f"it has {points} polygon points; at most {POINTS_MAX} are taken")
    count = sum(1 for _ in elements_of(alert))
    if count > ELEMENTS_MAX:
        return Fault("cap.too_many", "alert", f"it has {count} elements; at most {ELEMENTS_MAX} are taken")
    return None


def _audience_at_odds(alert: CapAlert) -> Fault | None:
    if (alert.scope == "Restricted") != bool((alert.restriction or "").strip()):
        mend = "scope and restriction are at odds: a restriction goes with scope Restricted, and only with it"
        return Fault("cap.scope", "restriction", mend)
    if alert.scope == "Private" and not (alert.addresses or "").strip():
        return Fault("cap.scope", "addresses", "scope Private needs the addresses that it is for")
    return None


def _wrong_references(alert: CapAlert, sent: datetime) -> Fault | None:
    texts = (alert.references or "").split()
    if not texts and alert.msg_type in _ANSWERS:
        return Fault("cap.reference", "references", f"msgType {alert.msg_type} names the documents it is about")
    if len(texts) > REFERENCES_MAX:
        return Fault("cap.reference", "references", f"it names {len(texts)}; at most {REFERENCES_MAX} are taken")
    return next((fault for text in texts if (fault := _wrong_reference(alert, text, sent))), None)


def _wrong_reference(alert: CapAlert, text: str, sent: datetime) -> Fault | None:
    found = reference_of(text)
    if found is None:
        return Fault("cap.reference", "references", "write each as sender,identifier,sent with blanks between them")
    if (found.sender, found.identifier) == (alert.sender, alert.identifier):
        return Fault("cap.reference", "references", "circular: the document names itself")
    if found.sent_at > sent:
        return Fault("cap.reference", "references", "it names a document that was sent later than itself")
    return None
