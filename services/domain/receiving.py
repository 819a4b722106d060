"""Judge what arrived, step by step. Pure: the received bytes, our trust and our code are arguments.

The numbered steps are those of docs/protocol.md, section "Verification". The chain is judged
afterwards, inside the transaction, because it needs the head we hold.
"""

import unicodedata
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Final

from schemas.base import Event
from schemas.carriage import Arrival
from schemas.catalogue import Parsed, parse_received
from schemas.control import ChainKind, DocumentsPublished, EpochOpened
from schemas.envelope import MESSAGE_MAX_BYTES, Envelope, Header
from schemas.errors import Fault
from schemas.records import About
from schemas.subjects import is_from, parse_subject
from services.domain.chain import matching_kind
from services.domain.delivery import carries
from services.domain.drafting import MEDIA_TYPE
from services.domain.encoding import digest_of, parse_strict, pre_authentication_encoding, split_wire
from services.domain.encryption import Unwrap, no_private_keys, open_content
from services.domain.files import judge_carriage
from services.domain.guards import guard_content, guard_control, without_numbers
from services.domain.histories import about_of
from services.domain.key_changes import judge_published, with_changes
from services.domain.key_ends import is_announced, is_by_ended_key, judge_opening, judge_position
from services.domain.levels import level_of
from services.domain.mediation_door import Carriage, judge_case_event
from services.domain.referrals import judge_handling
from services.domain.sharing import CONTROL_PREFIX, ask_of, judge_event, judge_membership
from services.domain.signing import Claim, claims_of, first_broken, open_emptied, open_parts, payload_type_of
from services.domain.trust import Trust

_FIELD_MAX: Final = 80
_MEND_MAX: Final = 200
_HEALED_BY_REGISTRY: Final = frozenset({"signature.unknown_key", "signature.key_not_valid", "sharing.not_member"})
_STRANGE_CHANNEL: Final = Fault(
    "chain.wrong_channel", "channel", "it is not the channel of this source, agreement and audience"
)


class Outcome(Enum):
    """What the examination found, before the chain is judged."""

    ACCEPTABLE = "acceptable"
    REJECTED = "rejected"
    """Truly the source's, but not permitted or not valid: a receipt says so and the chain goes on."""
    QUARANTINED = "quarantined"
    """Nobody can be answered: kept with the reason, no receipt."""
    UNKNOWN_REGISTRY = "unknown_registry"
    """Made under a registry newer than ours, by a key not known yet, or after a fork that its source has not
    resolved: held until what is trusted changes."""
    OWN = "own"
    """Signed by ourselves, echoed by the hub."""


@dataclass(frozen=True, slots=True)
class Examined:
    """An arrival and what was found.

    Attributes:
        fault: Set for rejected and quarantined.
        envelope: None only if quarantined before it could be read.
        kind: Which chain it belongs to; set for acceptable and rejected.
        event: Parsed content, set for acceptable.
        level: Effective level of an alert.
        about: What later events are judged by.
        content_key: What opens its content; empty for content in clear.
        emptied: Set if nothing is wrong but that its content is missing: it was erased at its source.
        waits: It may not overtake a link that is missing before it, whatever it is.
    """

    arrival: Arrival
    outcome: Outcome
    fault: Fault | None = None
    envelope: Envelope | None = None
    kind: ChainKind | None = None
    event: Event | None = None
    newer_schema: bool = False
    level: int | None = None
    about: About | None = None
    content_key: bytes = field(default=b"", repr=False)
    emptied: Envelope | None = None
    waits: bool = False


@dataclass(frozen=True, slots=True)
class Opened:
    """An arrival that was read, and what its signatures claim.

    Attributes:
        envelope: Or why there is none.
        claims: For ``first_broken``, which takes most of the time and may run on another thread; none without envelope.
    """

    arrival: Arrival
    envelope: Envelope | Fault
    claims: tuple[Claim | Fault, ...]


def examine(arrival: Arrival, *, trust: Trust, county: str, unwrap: Unwrap = no_private_keys) -> Examined:
    """Judge one arrival by itself. Whatever the bytes are, nothing is raised.

    Args:
        arrival: Subject and bytes as the hub handed them over: claims of an untrusted carrier.
        trust: What we trust now.
        county: Ourselves.
        unwrap: Opens content keys that were wrapped for us.
    """
    opened = open_arrival(arrival, trust)
    return conclude(opened, first_broken(opened.claims), trust=trust, county=county, unwrap=unwrap)


def open_arrival(arrival: Arrival, trust: Trust) -> Opened:
    """Take the steps before the mathematics of signatures."""
    envelope = _open(arrival.message)
    return Opened(arrival, envelope, () if isinstance(envelope, Fault) else _claims_of(envelope, trust))


def _claims_of(envelope: Envelope, trust: Trust) -> tuple[Claim | Fault, ...]:
    return claims_of(envelope, _introduced(envelope, trust))


def conclude(
    opened: Opened, broken: Fault | None, *, trust: Trust, county: str, unwrap: Unwrap = no_private_keys
) -> Examined:
    """Take the steps after it.

    Args:
        opened: As ``open_arrival`` left it.
        broken: What ``first_broken`` said of its claims.
        trust: As for ``open_arrival``.
        county: Ourselves.
        unwrap: Opens content keys that were wrapped for us.
    """
    if isinstance(opened.envelope, Fault):
        found = Examined(opened.arrival, Outcome.QUARANTINED, opened.envelope, emptied=_emptied(opened.arrival.message))
    else:
        found = _examine_origin(opened.arrival, opened.envelope, broken, trust, county)
        if found.outcome is Outcome.ACCEPTABLE:
            found = _examine_content(found, opened.envelope, trust, county, unwrap)
    return found if found.fault is None else replace(found, fault=presentable(found.fault))


def own_id(arrival: Arrival, county: str) -> str | None:
    """Return the envelope id of what comes in our own space, None for everything else; nothing is verified.

    The id covers every signed byte. What we hold under it, byte for byte, is our own echo and needs no examination.
    """
    if not is_from(arrival.subject, county):
        return None
    subject = parse_subject(arrival.subject)
    parts = split_wire(arrival.message, max_bytes=MESSAGE_MAX_BYTES)
    if subject is None or isinstance(parts, Fault):
        return None
    return digest_of(pre_authentication_encoding(payload_type_of(subject.wire_type), parts.header))


def _emptied(message: bytes) -> Envelope | None:
    parts = split_wire(message, max_bytes=MESSAGE_MAX_BYTES)
    return None if isinstance(parts, Fault) else open_emptied(parts)


def _open(message: bytes) -> Envelope | Fault:
    parts = split_wire(message, max_bytes=MESSAGE_MAX_BYTES)  # 1 four byte strings
    return parts if isinstance(parts, Fault) else open_parts(parts)  # 2 strict header; content and keys it binds


def _examine_origin(arrival: Arrival, envelope: Envelope, broken: Fault | None, trust: Trust, county: str) -> Examined:
    fault = broken or judge_position(envelope, trust)  # 3 every promised signature, by the source's keys
    if fault is None and envelope.header.source == county:
        return Examined(arrival, Outcome.OWN, envelope=envelope)
    kind = matching_kind(envelope.header)
    astray = _misdirected(arrival, envelope, county) or (_STRANGE_CHANNEL if kind is None else None)  # 4, 5
    if astray is None and fault is not None and _may_heal(fault, envelope, trust):
        return Examined(arrival, Outcome.UNKNOWN_REGISTRY, envelope=envelope)
    fault = fault or astray
    if fault is not None:
        return Examined(arrival, Outcome.QUARANTINED, fault, envelope)
    return Examined(arrival, Outcome.ACCEPTABLE, envelope=envelope, kind=kind)  # as far as its origin goes


def _introduced(envelope: Envelope, trust: Trust) -> Trust:
    """A record that tells of a new key may be signed by that very key: let its documents, which stand alone, speak."""
    header = envelope.header
    if header.type != DocumentsPublished.wire_type or all(kid in trust.keys for kid in header.signers):
        return trust
    parsed = _unreadable(envelope) or _founded(header, envelope.content, trust)
    if isinstance(parsed, Fault) or not isinstance(parsed.event, DocumentsPublished):
        return trust
    return with_changes(trust, parsed.event.documents)[0]


def _may_heal(fault: Fault, envelope: Envelope, trust: Trust) -> bool:
    if fault.code in _HEALED_BY_REGISTRY and envelope.header.registry > trust.registry.version:
        return True
    return fault.code == "signature.unknown_key" and is_announced(envelope, trust)


def _misdirected(arrival: Arrival, envelope: Envelope, county: str) -> Fault | None:
    if county not in envelope.header.to:
        return Fault("wire.wrong_recipient", "to", f"it is addressed to others, not to {county}")
    subject = parse_subject(arrival.subject)
    if subject is None or not carries(subject, envelope.header, county):
        return Fault("wire.wrong_subject", "subject", "the subject is not one of this envelope")
    return None


def _examine_content(found: Examined, envelope: Envelope, trust: Trust, county: str, unwrap: Unwrap) -> Examined:
    arrival, kind = found.arrival, found.kind
    fault = judge_permission(envelope, trust)  # 6 agreement or membership
    if fault is not None and _may_heal(fault, envelope, trust):
        return Examined(arrival, Outcome.UNKNOWN_REGISTRY, envelope=envelope, kind=kind)
    opened = fault or _unreadable(envelope) or open_content(envelope, county, unwrap)  # 7 opened if it is encrypted
    if isinstance(opened, Fault):
        return Examined(arrival, Outcome.REJECTED, opened, envelope, kind)
    parsed = _founded(envelope.header, opened.content, trust)
    if isinstance(parsed, Fault):
        return Examined(arrival, Outcome.REJECTED, parsed, envelope, kind)
    event = parsed.event
    carriage = judge_carriage(event, envelope.header.content) or _mishandled(event, envelope.header)
    carriage = carriage or judge_case_event(event, Carriage.of(envelope.header))
    if carriage is not None:
        return Examined(arrival, Outcome.REJECTED, carriage, envelope, kind)
    unresolved = judge_opening(envelope.header.source, event, trust) if isinstance(event, EpochOpened) else None
    if unresolved is not None:
        waits = unresolved.code == "chain.unresolved_fork"
        outcome = Outcome.UNKNOWN_REGISTRY if waits else Outcome.QUARANTINED
        return Examined(arrival, outcome, None if waits else unresolved, envelope, kind)
    return Examined(
        arrival,
        Outcome.ACCEPTABLE,
        envelope=envelope,
        kind=kind,
        event=event,
        newer_schema=parsed.newer_schema,
        level=level_of(event),
        about=about_of(event),
        waits=is_by_ended_key(envelope, trust),
        content_key=opened.key,
    )


def _mishandled(event: Event, header: Header) -> Fault | None:
    return judge_handling(
        event,
        source=header.source,
        to=header.to,
        information_class=header.information_class,
        encrypted=header.content.encoding != "none",
        expires=header.expires,
        at=header.time,
    )


def _founded(header: Header, content: bytes, trust: Trust) -> Parsed | Fault:
    parsed = _read(header, content)
    if isinstance(parsed, Fault) or not isinstance(parsed.event, DocumentsPublished):
        return parsed
    return judge_published(parsed.event.documents, trust) or parsed


def _read(header: Header, content: bytes) -> Parsed | Fault:
    value = parse_strict(content, max_bytes=len(content), what="content")  # 7 strict JSON
    if isinstance(value, Fault):
        return value
    if header.type.startswith(CONTROL_PREFIX):
        fault = guard_control(value, content)  # 8 the guards, on the raw content
    else:
        fault = guard_content(value, content, header.type)
    if fault is not None:
        return fault
    parsed = parse_received(header.type, content, header.schema_ref.digest)  # 9 the type
    return parsed[0] if isinstance(parsed, tuple) else parsed


def _unreadable(envelope: Envelope) -> Fault | None:
    if envelope.header.content.media_type != MEDIA_TYPE:
        return Fault("content.media_type", "content.media_type", f"this node reads {MEDIA_TYPE}")
    return None


def presentable(fault: Fault) -> Fault:
    """Make a fault fit for logs, rows and receipts: a stranger's bytes may have named its field.

    Only printable characters in NFC stay, at most 80 of the field and 200 of the mend, and no personal number.
    """
    field, mend = (without_numbers(_printable(text)) for text in (fault.field, fault.mend))
    return Fault(fault.code, field[:_FIELD_MAX], mend[:_MEND_MAX])


def _printable(text: str) -> str:
    shown = (char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)
    return unicodedata.normalize("NFC", "".join(shown))


def judge_permission(envelope: Envelope, trust: Trust) -> Fault | None:
    """Check an envelope against the agreement it names, or a control record against the registry."""
    header = envelope.header
    if header.type.startswith(CONTROL_PREFIX):
        return judge_membership(trust, header.source, header.to)
    in_force = trust.by_reference.get(header.agreement)
    return judge_event(trust, in_force, ask_of(header))
