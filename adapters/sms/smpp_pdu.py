"""SMPP 3.4 on the wire: octets to values and back. Nothing here waits, logs or knows what a page is.

What came from outside is read without an exception: a ``Fault`` says what is wrong with it. No text of a fault shows a
number or a word of a message.

Source: Short Message Peer to Peer Protocol Specification v3.4, issue 1.2; docs/decisions/0030-speak-smpp-and-cmpp.md
"""

import struct
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Final

from schemas.errors import Fault

HEADER_BYTES: Final = 16
PDU_MAX_BYTES: Final = 64 * 1024
SEQUENCE_MAX: Final = 0x7FFFFFFF
RESPONSE: Final = 0x80000000
"""Set in the command of every answer."""
SHORT_MESSAGE_MAX: Final = 254
_STRING_MAX: Final = 255
"""Octets of a C string that is read; the longest field of the specification has 65."""
_OPTIONS_MAX: Final = 64
_LENGTH_BYTES: Final = 4

_HEADER: Final = struct.Struct(">IIII")
_OPTION: Final = struct.Struct(">HH")


class Command(IntEnum):
    """Commands of 3.4 that either side of this link uses; an answer is the same with ``RESPONSE`` set."""

    GENERIC_NACK = 0x80000000
    BIND_TRANSCEIVER = 0x00000009
    BIND_TRANSCEIVER_RESP = 0x80000009
    SUBMIT_SM = 0x00000004
    SUBMIT_SM_RESP = 0x80000004
    DELIVER_SM = 0x00000005
    DELIVER_SM_RESP = 0x80000005
    UNBIND = 0x00000006
    UNBIND_RESP = 0x80000006
    ENQUIRE_LINK = 0x00000015
    ENQUIRE_LINK_RESP = 0x80000015
    ALERT_NOTIFICATION = 0x00000102
    """Has no answer."""


class Option(IntEnum):
    """Tags of the optional parameters that are read."""

    RECEIPTED_MESSAGE_ID = 0x001E
    SAR_MSG_REF_NUM = 0x020C
    SAR_TOTAL_SEGMENTS = 0x020E
    SAR_SEGMENT_SEQNUM = 0x020F
    NETWORK_ERROR_CODE = 0x0423
    MESSAGE_PAYLOAD = 0x0424
    MESSAGE_STATE = 0x0427


@dataclass(frozen=True, slots=True)
class Pdu:
    """One protocol data unit; ``body`` as it is on the wire, never shown: it may hold a password or a number."""

    command: int
    status: int
    sequence: int
    body: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class Address:
    """A number with its type (TON) and numbering plan (NPI)."""

    ton: int
    npi: int
    digits: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Bind:
    """Who wants to bind as what."""

    system_id: str
    password: str = field(repr=False)
    system_type: str = ""
    interface_version: int = 0x34


@dataclass(frozen=True, slots=True)
class Message:
    """Body of ``submit_sm`` and ``deliver_sm``, which have the same fields.

    Attributes:
        validity_period: As the specification spells it, e.g. ``000000001000000R`` for ten minutes; empty for none.
        short_message: At most 254 octets, user data header included.
        options: Optional parameters as (tag, octets), in their order.
    """

    source: Address
    destination: Address
    short_message: bytes = field(repr=False)
    esm_class: int = 0
    data_coding: int = 0
    registered_delivery: int = 0
    validity_period: str = ""
    service_type: str = ""
    options: tuple[tuple[int, bytes], ...] = field(default=(), repr=False)

    def option(self, tag: int) -> bytes | None:
        """Return the octets of the first optional parameter of a tag, or None."""
        return next((octets for found, octets in self.options if found == tag), None)


class Frames:
    """Cuts a stream of octets into PDUs, however TCP split them."""

    def __init__(self) -> None:
        """Start with nothing."""
        self._octets = bytearray()

    def feed(self, octets: bytes) -> None:
        """Take what came."""
        self._octets += octets

    def take(self) -> Pdu | Fault | None:
        """Return the next PDU; None if it is not whole yet; a fault if this can be no PDU: then the stream is lost."""
        if len(self._octets) < _LENGTH_BYTES:
            return None
        length = int.from_bytes(self._octets[:_LENGTH_BYTES], "big")
        if not HEADER_BYTES <= length <= PDU_MAX_BYTES:
            return Fault(
                "smpp.length",
                "command_length",
                f"a PDU has {HEADER_BYTES} to {PDU_MAX_BYTES} octets, this one claims {length}",
            )
        if len(self._octets) < length:
            return None
        _, command, status, sequence = _HEADER.unpack_from(self._octets)
        body = bytes(self._octets[HEADER_BYTES:length])
        del self._octets[:length]
        return Pdu(command, status, sequence, body)


def spell(pdu: Pdu) -> bytes:
    """Return the octets of a PDU."""
    return _HEADER.pack(HEADER_BYTES + len(pdu.body), pdu.command, pdu.status, pdu.sequence) + pdu.body


# -- bodies -------------------------------------------------------------------------------------------


def spell_bind(bind: Bind) -> bytes:
    """Return the body of ``bind_transceiver``; every text is ASCII without NUL."""
    return (
        _c_string(bind.system_id)
        + _c_string(bind.password)
        + _c_string(bind.system_type)
        + bytes([bind.interface_version, 0, 0])
        + _c_string("")
    )


def parse_bind(body: bytes) -> Bind | Fault:
    """Read the body of ``bind_transceiver``."""
    reader = _Reader(body)
    texts = (reader.c_string("system_id"), reader.c_string("password"), reader.c_string("system_type"))
    version = reader.octet("interface_version")
    return reader.fault or Bind(*texts, interface_version=version)


def spell_text(text: str) -> bytes:
    """Return the body of an answer that is one C string, such as a message id."""
    return _c_string(text)


def parse_text(body: bytes) -> str:
    """Read the C string that an answer begins with; empty if there is none, as in most refusals."""
    return body.partition(b"\0")[0][:_STRING_MAX].decode("latin-1")


def spell_message(message: Message) -> bytes:
    """Return the body of ``submit_sm`` or ``deliver_sm``."""
    return b"".join(
        (
            _c_string(message.service_type),
            _spell_address(message.source),
            _spell_address(message.destination),
            bytes([message.esm_class, 0, 0]),  # protocol_id, priority_flag
            _c_string(""),  # schedule_delivery_time
            _c_string(message.validity_period),
            bytes([message.registered_delivery, 0, message.data_coding, 0, len(message.short_message)]),
            message.short_message,
            spell_options(message.options),
        )
    )


def parse_message(body: bytes) -> Message | Fault:
    """Read the body of ``deliver_sm`` or ``submit_sm``."""
    reader = _Reader(body)
    service_type = reader.c_string("service_type")
    source, destination = _read_address(reader, "source_addr"), _read_address(reader, "destination_addr")
    esm_class, _, _ = (reader.octet(name) for name in ("esm_class", "protocol_id", "priority_flag"))
    reader.c_string("schedule_delivery_time")
    validity_period = reader.c_string("validity_period")
    registered, _, coding, _ = (reader.octet(name) for name in _FLAGS)
    short_message = reader.octets(reader.octet("sm_length"), "short_message")
    options = parse_options(reader.rest())
    return reader.fault or Message(
        source, destination, short_message, esm_class, coding, registered, validity_period, service_type, options
    )


_FLAGS: Final = ("registered_delivery", "replace_if_present_flag", "data_coding", "sm_default_msg_id")


def spell_options(options: Iterable[tuple[int, bytes]]) -> bytes:
    """Return optional parameters as they stand behind a body."""
    return b"".join(_OPTION.pack(tag, len(octets)) + octets for tag, octets in options)


def parse_options(octets: bytes) -> tuple[tuple[int, bytes], ...]:
    """Read what stands behind the fields of a body, up to the first that is not whole.

    A text whose sender and words are there is not lost for a broken end.
    """
    found: list[tuple[int, bytes]] = []
    at = 0
    while len(octets) - at >= _OPTION.size and len(found) < _OPTIONS_MAX:
        tag, length = _OPTION.unpack_from(octets, at)
        at += _OPTION.size
        if len(octets) - at < length:
            break
        found.append((tag, octets[at : at + length]))
        at += length
    return tuple(found)


def _c_string(text: str) -> bytes:
    return text.encode("latin-1") + b"\0"


def _spell_address(address: Address) -> bytes:
    return bytes([address.ton, address.npi]) + _c_string(address.digits)


def _read_address(reader: "_Reader", name: str) -> Address:
    return Address(reader.octet(f"{name}_ton"), reader.octet(f"{name}_npi"), reader.c_string(name))


class _Reader:
    """Reads fields one after the other; what is missing becomes the one ``fault``, and every later field is empty."""

    def __init__(self, octets: bytes) -> None:
        self._octets, self._at = octets, 0
        self.fault: Fault | None = None

    def octet(self, name: str) -> int:
        """Return one octet, 0 if it is missing."""
        return int.from_bytes(self.octets(1, name), "big")

    def octets(self, count: int, name: str) -> bytes:
        """Return so many octets, none if they are missing."""
        found = self._octets[self._at : self._at + count]
        if len(found) < count:
            return self._missing(name, f"{count} octets are wanted, {len(found)} came")
        self._at += count
        return found

    def c_string(self, name: str) -> str:
        """Return a text that ends with NUL; each octet becomes the character of its number."""
        end = self._octets.find(b"\0", self._at, self._at + _STRING_MAX + 1)
        if end < 0:
            self._missing(name, f"a text ends with NUL, after {_STRING_MAX} octets at most")
            return ""
        found = self._octets[self._at : end]
        self._at = end + 1
        return found.decode("latin-1")

    def rest(self) -> bytes:
        """Return what is left."""
        return self._octets[self._at :] if self.fault is None else b""

    def _missing(self, name: str, mend: str) -> bytes:
        self.fault = self.fault or Fault("smpp.field", name, mend)
        self._at = len(self._octets)
        return b""
