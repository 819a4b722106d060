"""Judge what arrived, step by step. Pure: the received bytes, our trust and our code are arguments.

The numbered steps are those of docs/protocol.md, section "Verification". The chain is judged
afterwards, inside the transaction, because it needs the head we hold.
"""

from dataclasses import dataclass, replace
from enum import Enum

from schemas.base import Event
from schemas.carriage import Arrival
from schemas.catalogue import parse_received
from schemas.control import ChainKind
from schemas.envelope import MESSAGE_MAX_BYTES, Envelope
from schemas.errors import Fault
from schemas.subjects import parse_subject
from services.domain.chain import matching_kind
from services.domain.delivery import carries
from services.domain.drafting import level_of
from services.domain.encoding import parse_strict, split_wire
from services.domain.guards import guard_content
from services.domain.sharing import CONTROL_PREFIX, ask_of, judge_membership, judge_sharing
from services.domain.signing import open_parts, verify
from services.domain.trust import Trust


class Outcome(Enum):
    """What the examination found, before the chain is judged."""

    ACCEPTABLE = "acceptable"
    REJECTED = "rejected"
    """Truly the source's, but not permitted or not valid: a receipt says so and the chain goes on."""
    QUARANTINED = "quarantined"
    """Nobody can be answered: kept with the reason, no receipt."""
    UNKNOWN_REGISTRY = "unknown_registry"
    """Made under a registry newer than ours: held until we have it."""
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
    """

    arrival: Arrival
    outcome: Outcome
    fault: Fault | None = None
    envelope: Envelope | None = None
    kind: ChainKind | None = None
    event: Event | None = None
    newer_schema: bool = False
    level: int | None = None


def examine(arrival: Arrival, *, trust: Trust, county: str) -> Examined:
    """Judge one arrival by itself.

    Args:
        arrival: Subject and bytes as the hub handed them over: claims of an untrusted carrier.
        trust: What we trust now.
        county: Ourselves.
    """
    quarantined = Examined(arrival, Outcome.QUARANTINED)
    parts = split_wire(arrival.message, max_bytes=MESSAGE_MAX_BYTES)  # 1 four byte strings
    if isinstance(parts, Fault):
        return replace(quarantined, fault=parts)
    envelope = open_parts(parts)  # 2 strict header, content and keys are those it binds
    if isinstance(envelope, Fault):
        return replace(quarantined, fault=envelope)
    found = replace(quarantined, envelope=envelope)
    fault = verify(envelope, trust)  # 3 every promised signature, by the source's keys
    if fault is not None:
        if envelope.header.registry > trust.registry.version:
            return replace(found, outcome=Outcome.UNKNOWN_REGISTRY)
        return replace(found, fault=fault)
    if envelope.header.source == county:
        return replace(found, outcome=Outcome.OWN)
    fault = _misdirected(arrival, envelope, county)  # 4 addressed to us, on a subject that is its own
    kind = matching_kind(envelope.header)  # 5 the channel that source, agreement and audience give
    if fault is None and kind is None:
        fault = Fault("chain.wrong_channel", "channel", "it is not the channel of this source, agreement and audience")
    if fault is not None or kind is None:
        return replace(found, fault=fault)
    return _examine_content(replace(found, kind=kind), envelope, trust)


def _misdirected(arrival: Arrival, envelope: Envelope, county: str) -> Fault | None:
    if county not in envelope.header.to:
        return Fault("wire.wrong_recipient", "to", f"it is addressed to others, not to {county}")
    subject = parse_subject(arrival.subject)
    if subject is None or not carries(subject, envelope.header, county):
        return Fault("wire.wrong_subject", "subject", "the subject is not one of this envelope")
    return None


def _examine_content(found: Examined, envelope: Envelope, trust: Trust) -> Examined:
    rejected = replace(found, outcome=Outcome.REJECTED)
    fault = judge_permission(envelope, trust)  # 6 agreement or membership
    if fault is not None:
        return replace(rejected, fault=fault)
    value = parse_strict(envelope.content, max_bytes=len(envelope.content), what="content")  # 7 strict JSON
    if isinstance(value, Fault):
        return replace(rejected, fault=value)
    control = envelope.header.type.startswith(CONTROL_PREFIX)
    fault = None if control else guard_content(value, envelope.content)  # 8 the guards, on the raw content
    if fault is not None:
        return replace(rejected, fault=fault)
    parsed = parse_received(envelope.header.type, envelope.content, envelope.header.schema_ref.digest)  # 9 the type
    if isinstance(parsed, tuple):
        return replace(rejected, fault=parsed[0])
    return replace(
        found,
        outcome=Outcome.ACCEPTABLE,
        event=parsed.event,
        newer_schema=parsed.newer_schema,
        level=level_of(parsed.event),
    )


def judge_permission(envelope: Envelope, trust: Trust) -> Fault | None:
    """Check an envelope against the agreement it names, or a control record against the registry."""
    header = envelope.header
    if header.type.startswith(CONTROL_PREFIX):
        return judge_membership(trust, header.source, header.to)
    in_force = trust.by_reference.get(header.agreement)
    return judge_sharing(in_force.agreement if in_force else None, ask_of(header))
