"""Signals: beacons, requests and proofs. Signed like every record, but in no chain, and never receipted.

A signal has a channel of its own per source and recipient, no predecessor, and as its sequence the milliseconds of its
time, which only grow. So an old one that comes again is known by its number, and one that was held up by its time.

Content is in clear for now, as all control records are. When content is encrypted, ``compose`` is where it is sealed
and ``examine_signal`` where it is opened; nothing else looks at the bytes.

Source: docs/protocol.md, section "Completeness".
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from schemas.base import Event, InformationClass, Status
from schemas.carriage import Arrival
from schemas.catalogue import parse_received
from schemas.control import CONTROL_PURPOSE, ChunksRequested, ForkProved, HeadBeaconed, RangeRequested
from schemas.envelope import MESSAGE_MAX_BYTES, ContentBinding, Envelope, Header
from schemas.errors import Fault
from schemas.ids import CONTROL_AGREEMENT, NO_LINK, CountyCode
from schemas.subjects import SignalSubject, parse_signal_subject
from services.domain.drafting import MEDIA_TYPE, schema_ref
from services.domain.encoding import digest_of, length_prefixed, parse_strict, split_wire
from services.domain.guards import guard_control
from services.domain.key_ends import judge_unended
from services.domain.sharing import judge_membership
from services.domain.signing import attach, open_parts, prepare, verify
from services.domain.trust import Trust

SIGNAL_TYPES: Final = frozenset(one.wire_type for one in (HeadBeaconed, RangeRequested, ForkProved, ChunksRequested))
EPOCH: Final = "1-0000000000000000"
"""Signals have no epochs; the field has a form."""
FRESH: Final = timedelta(minutes=10)
"""A signal whose time is further from ours than that says nothing about now."""
_LABEL: Final = b"sihu-signal-channel-v1\0"
_MILLISECOND: Final = timedelta(milliseconds=1)
_ZERO: Final = datetime(1970, 1, 1, tzinfo=UTC)
_PRIORITY: Final = 2


@dataclass(frozen=True, slots=True)
class Signal:
    """A signal that may be believed to come from its source, for us, now."""

    envelope: Envelope
    event: Event

    @property
    def source(self) -> CountyCode:
        """Who signed it."""
        return self.envelope.header.source


def signal_channel(source: str, recipient: str) -> str:
    """Return the channel of the signals of one county to one other."""
    return digest_of(_LABEL + length_prefixed((source, CONTROL_AGREEMENT, recipient)))


def number_at(now: datetime, last: int) -> int:
    """Return the sequence of a signal: milliseconds since 1970, but always more than the ``last`` one."""
    return max(last + 1, (now - _ZERO) // _MILLISECOND)


def compose(
    event: Event,
    *,
    source: CountyCode,
    to: CountyCode,
    number: int,
    now: datetime,
    content_id: str,
    registry_version: int,
    signer: tuple[str, Callable[[bytes], bytes]],
) -> tuple[str, bytes]:
    """Return subject and message of a signal.

    Args:
        event: What it says.
        source: Ourselves.
        to: The one county that it is for.
        number: Its sequence, see ``number_at``.
        now: The time that we claim.
        content_id: 32 hex characters from the port of randomness.
        registry_version: The registry that we know.
        signer: Key id, and what signs.
    """
    kid, sign = signer
    content = event.model_dump_json(exclude_none=True).encode()
    digest = digest_of(content)
    header = Header(
        type=event.wire_type,
        source=source,
        channel=signal_channel(source, to),
        epoch=EPOCH,
        seq=number,
        prev=NO_LINK,
        time=now,
        to=(to,),
        agreement=CONTROL_AGREEMENT,
        registry=registry_version,
        purpose=CONTROL_PURPOSE,
        information_class=InformationClass.INTERNAL,
        status=Status.SYSTEM,
        kind=event.kind,
        priority=_PRIORITY,
        refs=(),
        schema_ref=schema_ref(event.wire_type),
        content=ContentBinding(
            media_type=MEDIA_TYPE, encoding="none", digest=digest, size=len(content), content_id=content_id
        ),
        signers=(kid,),
    )
    prepared = prepare(header)
    envelope = attach(prepared, [(kid, sign(prepared.to_be_signed))], content)
    return str(SignalSubject(source, to, event.wire_type)), envelope.to_wire()


def examine_signal(arrival: Arrival, *, trust: Trust, county: str, now: datetime) -> Signal | Fault:
    """Judge one signal by itself, in the order of section "Verification". Whatever the bytes are, nothing is raised.

    Args:
        arrival: Subject and bytes as the hub handed them over.
        trust: What we trust now.
        county: Ourselves.
        now: Our time.
    """
    parts = split_wire(arrival.message, max_bytes=MESSAGE_MAX_BYTES)
    envelope = parts if isinstance(parts, Fault) else open_parts(parts)
    if isinstance(envelope, Fault):
        return envelope
    header = envelope.header
    return (
        verify(envelope, trust)
        or judge_unended(envelope, trust)
        or _misdirected(arrival, header, county)
        or judge_membership(trust, header.source, header.to)
        or _out_of_time(header, now)
        or _read(envelope)
    )


def _misdirected(arrival: Arrival, header: Header, county: str) -> Fault | None:
    if header.to != (county,) or header.source == county:
        return Fault("wire.wrong_recipient", "to", f"it is addressed to others, not to {county}")
    if parse_signal_subject(arrival.subject) != SignalSubject(header.source, CountyCode(county), header.type):
        return Fault("wire.wrong_subject", "subject", "the subject is not one of this envelope")
    if header.type not in SIGNAL_TYPES:
        return Fault("signal.unknown_type", "type", "this type is not a signal; it belongs into a chain")
    if header.channel != signal_channel(header.source, county) or header.agreement_id != CONTROL_AGREEMENT:
        return Fault("chain.wrong_channel", "channel", "it is not the channel of this source's signals to us")
    return None


def _out_of_time(header: Header, now: datetime) -> Fault | None:
    if abs(header.time - now) <= FRESH:
        return None
    return Fault("signal.out_of_time", "time", "it was made more than ten minutes before or after now: compare clocks")


def _read(envelope: Envelope) -> Signal | Fault:
    header, content = envelope.header, envelope.content
    if header.content.encoding != "none" or header.content.media_type != MEDIA_TYPE:
        return Fault("content.encoding", "content.encoding", "this node reads signals in clear")
    value = parse_strict(content, max_bytes=len(content), what="content")
    if isinstance(value, Fault):
        return value
    fault = guard_control(value, content)
    if fault is not None:
        return fault
    parsed = parse_received(header.type, content, header.schema_ref.digest)
    return parsed[0] if isinstance(parsed, tuple) else Signal(envelope, parsed.event)
