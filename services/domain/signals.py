"""Signals: beacons, requests and proofs. Signed like every record, but in no chain, and never receipted.

A signal has a channel of its own per source and recipient, no predecessor, and as its sequence the milliseconds of its
time, which only grow. So an old one that comes again is known by its number, and one that was held up by its time.

Its content is encrypted to its one recipient, by the key that the registry lists: ``compose`` closes it, and
``examine_signal`` opens it. It goes in clear only to a member for whom the registry lists no key that can be used.

Source: docs/protocol.md, section "Completeness"; docs/decisions/0028-encrypt-signals-to-the-registry-key.md
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
from schemas.registry import KeyRecord
from schemas.subjects import SignalSubject, parse_signal_subject
from services.domain.drafting import MEDIA_TYPE, schema_ref
from services.domain.encoding import digest_of, length_prefixed, parse_strict, require_base64url, split_wire
from services.domain.encryption import Unwrap, encrypt_content, no_private_keys, open_content, spell_keys, wrap_info
from services.domain.guards import guard_control
from services.domain.key_ends import judge_unended
from services.domain.office_keys import listed_key
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


@dataclass(frozen=True, slots=True)
class Unread:
    """A signal that is its source's, for us, now, and closed by a key that is not here: it proves life and no more."""

    envelope: Envelope
    fault: Fault


@dataclass(frozen=True, slots=True)
class Closing:
    """By what a signal is closed to everybody but its recipient; its ``repr`` shows nothing of the key.

    Attributes:
        reader: The recipient's encryption key.
        key: 32 random bytes that are used for this signal alone.
        salt: 16 random bytes.
        wrap: Wraps the key: (key, public key, info) to 80 bytes.
    """

    reader: KeyRecord
    key: bytes
    salt: bytes
    wrap: Callable[[bytes, bytes, bytes], bytes]

    def __repr__(self) -> str:
        """Name the reader's key alone."""
        return f"Closing({self.reader.kid})"


def signal_channel(source: str, recipient: str) -> str:
    """Return the channel of the signals of one county to one other."""
    return digest_of(_LABEL + length_prefixed((source, CONTROL_AGREEMENT, recipient)))


def number_at(now: datetime, last: int) -> int:
    """Return the sequence of a signal: milliseconds since 1970, but always more than the ``last`` one."""
    return max(last + 1, (now - _ZERO) // _MILLISECOND)


def compose(  # noqa: PLR0913 - what is said, by whom, to whom, when, and what signs and closes it
    event: Event,
    *,
    source: CountyCode,
    to: CountyCode,
    number: int,
    now: datetime,
    content_id: str,
    registry_version: int,
    signer: tuple[str, Callable[[bytes], bytes]],
    closing: Closing | None,
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
        closing: What closes it; None only if the registry lists no key of the recipient, see ``listed_key``.
    """
    kid, sign = signer
    content, keys = event.model_dump_json(exclude_none=True).encode(), b""
    channel = signal_channel(source, to)
    if closing is not None:
        info = wrap_info(
            wire_type=event.wire_type,
            source=source,
            channel=channel,
            epoch=EPOCH,
            seq=number,
            recipient=to,
            content_id=content_id,
        )
        content, keys = _closed(content, closing, source=source, to=to, content_id=content_id, info=info)
    header = Header(
        type=event.wire_type,
        source=source,
        channel=channel,
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
            media_type=MEDIA_TYPE,
            encoding="hpke" if keys else "none",
            digest=digest_of(content),
            size=len(content),
            content_id=content_id,
            keys_digest=digest_of(keys) if keys else None,
        ),
        signers=(kid,),
    )
    prepared = prepare(header)
    envelope = attach(prepared, [(kid, sign(prepared.to_be_signed))], content, keys)
    return str(SignalSubject(source, to, event.wire_type)), envelope.to_wire()


def _closed(
    plain: bytes, closing: Closing, *, source: str, to: str, content_id: str, info: bytes
) -> tuple[bytes, bytes]:
    """Return content as carried and keys part: for the recipient alone, since not even its source keeps a signal."""
    made = encrypt_content(plain, source=source, content_id=content_id, key=closing.key, salt=closing.salt)
    wrapped = closing.wrap(closing.key, require_base64url(closing.reader.public), info)
    return made.carried, spell_keys({to: (closing.reader.kid, wrapped)})


def examine_signal(
    arrival: Arrival, *, trust: Trust, county: str, now: datetime, unwrap: Unwrap = no_private_keys
) -> Signal | Unread | Fault:
    """Judge one signal by itself, in the order of section "Verification". Whatever the bytes are, nothing is raised.

    Args:
        arrival: Subject and bytes as the hub handed them over.
        trust: What we trust now.
        county: Ourselves.
        now: Our time.
        unwrap: Opens what was wrapped for one of our keys.
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
        or _in_clear(header, trust, county)
        or _read(envelope, county, unwrap)
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


def _in_clear(header: Header, trust: Trust, county: str) -> Fault | None:
    """Refuse what goes in clear although the registry lists a key: the one that its source knows, if we know that one.

    Under another version we cannot tell what its source found there, and a beacon must not get lost for that.
    """
    if header.content.encoding != "none" or header.registry != trust.registry.version:
        return None
    if listed_key(county, header.time, trust) is None:
        return None
    mend = f"the registry lists an encryption key of {county}: encrypt its content to that"
    return Fault("signal.not_encrypted", "content.encoding", mend)


def _read(envelope: Envelope, county: str, unwrap: Unwrap) -> Signal | Unread | Fault:
    header = envelope.header
    if header.content.media_type != MEDIA_TYPE:
        return Fault("content.media_type", "content.media_type", f"a signal is {MEDIA_TYPE}")
    opened = open_content(envelope, county, unwrap, readers=header.to)
    if isinstance(opened, Fault):
        return Unread(envelope, opened) if opened.code == "encryption.unknown_key" else opened
    content = opened.content
    value = parse_strict(content, max_bytes=len(content), what="content")
    if isinstance(value, Fault):
        return value
    fault = guard_control(value, content)
    if fault is not None:
        return fault
    parsed = parse_received(header.type, content, header.schema_ref.digest)
    return parsed[0] if isinstance(parsed, tuple) else Signal(envelope, parsed.event)
