"""A foreign document on its way to become an event of ours: what tells it, its number, who must look at it first.

A document goes out by itself only if somebody of ours stands behind it: by a role that releases what comes this way,
or because it is one of our own. What changes an alert goes out by itself only if it came the way that the alert came.

Source: docs/alerting/cap.md, section "On a running node".
"""

import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, Final

from pydantic import JsonValue

from schemas.base import InformationClass
from schemas.cap import CapAlert
from schemas.cap_records import CapDocument
from schemas.errors import Fault
from schemas.information.alerts import AlertCancelled, SucceedingAlert
from schemas.records import HeldAlert
from services.domain.cap import LINE_MAX, shortened
from services.domain.cap_reading import Imported
from services.domain.cap_rules import CapReference, references_of
from services.domain.cap_writing import is_ours
from services.domain.encoding import compact_json
from services.domain.guards import guard_new

HELD_MAX: Final = 1000
"""Documents that wait for an officer; one more is told to come back."""
NOT_TOLD: Final = frozenset({"request.expired", "cap.known", "cap.overtaken", "cap.nothing_ended"})
"""Why a document of a feed is passed over without a word to anybody: every feed has such."""
HIDDEN: Final = "（不予显示）"
_POST: Final = "post:"
_FEED: Final = "feed:"
_RELEASED: Final = "approved_by_role"
_DIGITS: Final = 10


@dataclass(frozen=True, slots=True)
class CapAsk:
    """How documents that come one way are taken.

    Attributes:
        origin: ``post:<token>`` or ``feed:<name>``.
        agreement: Under which they go out; empty if it was not said.
        to: Counties; empty for every other party.
        purpose: None for the usual one.
        released_by: Role that stands behind whatever comes this way; None lets each wait for an officer.
        must_be_signed: Refuse what bears no signature.
        signers: Whose signatures count; empty for every registered authority.
        unattended: Two people release such documents where they are made: no second officer of ours is asked.
    """

    origin: str
    agreement: str
    to: tuple[str, ...] = ()
    purpose: str | None = None
    released_by: str | None = None
    must_be_signed: bool = False
    signers: frozenset[str] = frozenset()
    unattended: bool = False

    @property
    def is_feed(self) -> bool:
        """Whether nobody is there to be told a refusal."""
        return self.origin.startswith(_FEED)


def posted_by(access_name: str) -> str:
    """Return the origin of what a caller of the API hands in."""
    return _POST + access_name


def listed_in(feed_name: str) -> str:
    """Return the origin of what stands in a feed."""
    return _FEED + feed_name


def key_of(sender: str, identifier: str, sent_at: datetime) -> str:
    """Return what a document is told by: SHA-256 in hex of sender, identifier and time."""
    return hashlib.sha256(f"{sender},{identifier},{sent_at.astimezone(UTC).isoformat()}".encode()).hexdigest()


def key_of_reference(reference: CapReference) -> str:
    """Return what the document is told by that a reference names."""
    return key_of(reference.sender, reference.identifier, reference.sent_at)


def meaning_of(document: CapAlert) -> str:
    """Return SHA-256 in hex of what a document says: the same however its XML is spelled."""
    value: JsonValue = _listed(asdict(document))
    return hashlib.sha256(compact_json(value)).hexdigest()


def _listed(value: Any) -> JsonValue:  # noqa: ANN401 - a tree of plain values
    if isinstance(value, dict):
        return {key: _listed(part) for key, part in value.items()}
    return [_listed(part) for part in value] if isinstance(value, list | tuple) else value


def name_of(text: str) -> str:
    """Return a sender or identifier as the book shows it for ever: nothing of it if the guards find something."""
    value: JsonValue = {"text": text}
    return HIDDEN if guard_new(value, compact_json(value)) else shortened(text, LINE_MAX)


def alternatives(alert_id: str) -> tuple[str, ...]:
    """Return the ids that a document may get, the one that follows from it first: the last digit counts on."""
    head, digit = alert_id[:-1], int(alert_id[-1])
    return tuple(f"{head}{(digit + step) % _DIGITS}" for step in range(_DIGITS))


def free_number(alert_id: str, taken: Collection[str]) -> str | None:
    """Return the first of the alternatives that no other alert has; None if ten documents bear one second."""
    return next((one for one in alternatives(alert_id) if one not in taken), None)


def numbers_of(document: CapAlert, taken: Mapping[str, CapDocument]) -> dict[tuple[str, str, datetime], str]:
    """Return the ids of the documents that one refers to, of those that were taken before.

    Args:
        document: Update or Cancel.
        taken: By key.
    """
    known = ((one, taken.get(key_of_reference(one))) for one in references_of(document))
    return {(one.sender, one.identifier, one.sent_at): row.alert_id for one, row in known if row is not None}


@dataclass(frozen=True, slots=True)
class Before:
    """What is known here that bears on a document.

    Attributes:
        same: The document itself, if it was taken before.
        changed: By key, the documents taken before that it refers to or replaces with them.
        near: Our own alerts that have one of the numbers it could get, that name one, or that have its identifier.
        named: Alerts under the numbers of the documents that it refers to.
        also: Our alerts of the same event that are in force, and that it does not refer to: it replaces them, too.
        is_unsure: Whether one of those it changes never came this way, and is an alert of ours all the same.
    """

    same: CapDocument | None
    changed: Mapping[str, CapDocument]
    near: tuple[HeldAlert, ...]
    named: tuple[HeldAlert, ...]
    also: tuple[str, ...]
    is_unsure: bool


def judge_known(document: CapAlert, draft: Imported, *, ask: CapAsk, before: Before) -> Fault | None:
    """Refuse what is here already, what was replaced already, and what ends something that never was.

    Args:
        document: What came.
        draft: What became of it.
        ask: How documents that come this way are taken.
        before: What is known here.
    """
    if is_ours(document) and ask.is_feed:
        mend = "it was written by a node of Sihu, or says so: what such a node sends comes over the bus"
        return Fault("cap.own", "sender", mend)
    if any(one.facts.alert_id == document.identifier for one in before.near):
        return Fault("cap.known", "identifier", "an alert of this id is here already")
    if any(draft.event.alert_id in one.facts.predecessors and one.status is draft.status for one in before.near):
        return Fault("cap.overtaken", "identifier", "a later document has replaced or ended it already")
    ends_own = isinstance(draft.event, AlertCancelled) and not _names_others(document)
    if ask.is_feed and ends_own and not (before.named or before.changed):
        return Fault("cap.nothing_ended", "references", "nothing that it ends is here")
    return None


def why_held(document: CapAlert, draft: Imported, *, ask: CapAsk, signer: str, before: Before) -> tuple[Fault, ...]:
    """Return why an officer must look at a draft before it goes out; empty if it may go by itself.

    Args:
        document: What came.
        draft: What became of it; the guards have found nothing.
        ask: How documents that come this way are taken.
        signer: Who signed it; empty for nobody.
        before: What is known here.
    """
    if not draft.to_complete:
        return ()  # written by a node of Sihu: its officers have released it
    faults: list[Fault] = []
    if ask.released_by is None:
        mend = "no role releases what comes this way: look at it, name who releases it, and send it"
        faults.append(Fault("cap.to_complete", _RELEASED, mend))
    if document.status == "Draft":
        faults.append(Fault("cap.to_complete", "status", "the document is a Draft: choose the status, or drop it"))
    if any(draft.event.alert_id == one.facts.alert_id for one in before.near):
        faults.append(Fault("cap.no_number", "alert_id", "ten alerts bear its second already: change the time in it"))
    if isinstance(draft.event, SucceedingAlert):
        faults += _why_not_succeed(document, ask, signer, before)
    return tuple(faults)


def _why_not_succeed(document: CapAlert, ask: CapAsk, signer: str, before: Before) -> Iterator[Fault]:
    if _changes_others(document, ask, signer, before.changed.values()):
        mend = "it changes what another sender, signer or source issued: ask there before you send it"
        yield Fault("cap.other_sender", "references", mend)
    unsent = sorted(one.number for one in before.changed.values() if one.event_id is None)
    if unsent:
        yield Fault("cap.unsent", "references", f"it changes document {unsent[0]}, which was not sent: decide on both")
    if before.is_unsure:
        mend = "it changes what never came this way: see whether `predecessors` names the alert that is meant"
        yield Fault("cap.unsure", "references", mend)


def _changes_others(document: CapAlert, ask: CapAsk, signer: str, changed: Iterable[CapDocument]) -> bool:
    if _names_others(document):
        return True
    return any((_way(one.origin), one.signer) != (_way(ask.origin), signer) for one in changed)


def _names_others(document: CapAlert) -> bool:
    return any(one.sender != document.sender for one in references_of(document))


def _way(origin: str) -> str:
    """Tokens change; what is posted comes from this county's own systems."""
    return _POST if origin.startswith(_POST) else origin


def yet_to_complete(draft: Imported, ask: CapAsk) -> tuple[Fault, ...]:
    """Return what an officer may still complete of a draft that goes out by itself."""
    return tuple(one for one in draft.to_complete if one.field != _RELEASED or ask.released_by is None)


def draft_body(draft: Imported, ask: CapAsk) -> bytes:
    """Return the body for ``POST events``."""
    body: dict[str, Any] = {
        "type": draft.event.wire_type,
        "agreement": ask.agreement,
        "status": draft.status.value,
        "class": None if draft.information_class is InformationClass.PUBLIC else draft.information_class.value,
        "to": list(ask.to) or None,
        "purpose": ask.purpose,
    }
    given = compact_json({name: value for name, value in body.items() if value is not None})
    content = draft.event.model_dump_json(exclude_none=True).encode()
    return given[:-1] + b',"content":' + content + b"}"
