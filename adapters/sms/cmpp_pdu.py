"""Packets of CMPP 2.0 and 3.0 (China Mobile Point to Point) as bytes.

Pure. Numbers are big-endian; texts are octets padded with NUL, read and written as Latin-1, so that no octet is lost.

Source: 中国移动通信互联网短信网关接口协议 V2.0 (2002-04) and V3.0.0; docs/alerting/cmpp.md
"""

import hashlib
import struct
from typing import Any, Final

from adapters.sms.cmpp_bodies import (
    ActiveTest,
    ActiveTestResp,
    Body,
    Connect,
    ConnectResp,
    Deliver,
    DeliverResp,
    Packet,
    StatusReport,
    Submit,
    SubmitResp,
    Terminate,
    TerminateResp,
    Version,
)
from schemas.errors import Fault, InvariantError, PeerError

HEADER_BYTES: Final = 12
PACKET_MAX_BYTES: Final = 16 * 1024
"""More than the longest packet of either version (a submit to 99 numbers: 3,491 bytes)."""
SEQUENCE_MAX: Final = 0xFFFF_FFFF
DESTINATIONS_MAX: Final = 99
CONTENT_MAX_BYTES: Final = 255
"""What the one octet Msg_Length can say; what a handset takes is less: 140."""

_HEADER: Final = struct.Struct(">III")
_ZEROS: Final = bytes(9)


class _Layout:
    """Fields in a row, ``name=code``: ``B``, ``I``, ``Q`` are numbers, ``21s`` a text, ``16r`` raw octets."""

    def __init__(self, **fields: str) -> None:
        self._fields = fields
        self._struct = struct.Struct(">" + "".join(code.replace("r", "s") for code in fields.values()))
        self.size = self._struct.size

    def pack(self, body: object) -> bytes:
        return self._struct.pack(*(self._value(body, name, code) for name, code in self._fields.items()))

    def unpack(self, data: bytes) -> dict[str, Any]:
        values = zip(self._fields.items(), self._struct.unpack(data), strict=True)
        return {name: _text_of(value) if code.endswith("s") else value for (name, code), value in values}

    @staticmethod
    def _value(body: object, name: str, code: str) -> int | bytes:
        value: int | str | bytes = getattr(body, name)
        if isinstance(value, int):
            return value
        octets = value.encode("latin-1") if isinstance(value, str) else value
        if len(octets) > int(code[:-1]):
            raise InvariantError(f"{name} has {len(octets)} octets, more than {code[:-1]}")
        return octets


def _text_of(octets: bytes) -> str:
    return octets.partition(b"\0")[0].decode("latin-1")


# -- layouts ------------------------------------------------------------------------------------------


def _submit_head(version: Version) -> _Layout:
    fee = {"fee_terminal_id": "21s"}
    if version is Version.V3:
        fee = {"fee_terminal_id": "32s", "fee_terminal_type": "B"}
    return _Layout(
        msg_id="Q",
        pk_total="B",
        pk_number="B",
        registered_delivery="B",
        msg_level="B",
        service_id="10s",
        fee_user_type="B",
        **fee,
        tp_pid="B",
        tp_udhi="B",
        msg_fmt="B",
        msg_src="6s",
        fee_type="2s",
        fee_code="6s",
        valid_time="17s",
        at_time="17s",
        src_id="21s",
    )


def _deliver_head(version: Version) -> _Layout:
    source = {"src_terminal_id": "21s"}
    if version is Version.V3:
        source = {"src_terminal_id": "32s", "src_terminal_type": "B"}
    return _Layout(
        msg_id="Q",
        dest_id="21s",
        service_id="10s",
        tp_pid="B",
        tp_udhi="B",
        msg_fmt="B",
        **source,
        registered_delivery="B",
    )


def _report(terminal: str) -> _Layout:
    return _Layout(
        msg_id="Q", stat="7s", submit_time="10s", done_time="10s", dest_terminal_id=terminal, smsc_sequence="I"
    )


def _both(layout: _Layout) -> dict[Version, _Layout]:
    return dict.fromkeys(Version, layout)


_SUBMIT_HEAD: Final = {version: _submit_head(version) for version in Version}
_DELIVER_HEAD: Final = {version: _deliver_head(version) for version in Version}
_TAIL: Final = {Version.V2: _Layout(link_id="8s"), Version.V3: _Layout(link_id="20s")}
_TERMINAL_BYTES: Final = {Version.V2: 21, Version.V3: 32}
_DEST_TYPE_BYTES: Final = {Version.V2: 0, Version.V3: 1}
_REPORT: Final = {Version.V2: _report("21s"), Version.V3: _report("32s")}
_RESULT: Final = {
    Version.V2: _Layout(msg_id="Q", result="B"),
    Version.V3: _Layout(msg_id="Q", result="I"),
}
_CONNECT_RESP: Final = {
    Version.V2: _Layout(status="B", authenticator="16r", version="B"),
    Version.V3: _Layout(status="I", authenticator="16r", version="B"),
}
_PLAIN: Final[dict[type[Body], dict[Version, _Layout]]] = {
    Connect: _both(_Layout(source_addr="6s", authenticator="16r", version="B", timestamp="I")),
    Terminate: _both(_Layout()),
    TerminateResp: _both(_Layout()),
    SubmitResp: _RESULT,
    DeliverResp: _RESULT,
    ActiveTest: _both(_Layout()),
    ActiveTestResp: _both(_Layout(reserved="B")),
}
_BODIES: Final[dict[int, type[Body]]] = {kind.command: kind for kind in (*_PLAIN, ConnectResp, Submit, Deliver)}


# -- writing ------------------------------------------------------------------------------------------


def encode(packet: Packet, version: Version) -> bytes:
    """Return the bytes of a packet.

    Raises:
        InvariantError: A value does not fit its field; what comes from outside is checked before.
    """
    try:
        payload = _payload(packet.body, version)
        return _HEADER.pack(HEADER_BYTES + len(payload), packet.body.command, packet.sequence) + payload
    except (struct.error, UnicodeEncodeError) as exc:
        raise InvariantError(f"a field of {type(packet.body).__name__} does not fit: {type(exc).__name__}") from None


def _payload(body: Body, version: Version) -> bytes:
    match body:
        case Submit():
            return _submit_payload(body, version)
        case Deliver():
            return _DELIVER_HEAD[version].pack(body) + _content(body.content) + _TAIL[version].pack(body)
        case ConnectResp():
            return _CONNECT_RESP[body.form].pack(body)
        case _:
            return _PLAIN[type(body)][version].pack(body)


def _submit_payload(body: Submit, version: Version) -> bytes:
    size = _TERMINAL_BYTES[version]
    numbers = [number.encode("latin-1") for number in body.dest_terminal_ids]
    if not 1 <= len(numbers) <= DESTINATIONS_MAX or any(len(number) > size for number in numbers):
        raise InvariantError("a submit goes to 1 to 99 numbers that fit their field")
    kind = bytes([body.dest_terminal_type]) if version is Version.V3 else b""
    listed = b"".join(number.ljust(size, b"\0") for number in numbers)
    head = _SUBMIT_HEAD[version].pack(body) + bytes([len(numbers)]) + listed + kind
    return head + _content(body.content) + _TAIL[version].pack(body)


def _content(content: bytes) -> bytes:
    if len(content) > CONTENT_MAX_BYTES:
        raise InvariantError(f"the content has {len(content)} octets")
    return bytes([len(content)]) + content


def spell_report(report: StatusReport, version: Version) -> bytes:
    """Return the content of a deliver that reports: 60 bytes in 2.0, 71 in 3.0."""
    return _REPORT[version].pack(report)


# -- reading ------------------------------------------------------------------------------------------


def take_packet(buffer: bytearray) -> bytes | Fault | None:
    """Take the first packet off what has come.

    Returns:
        The packet; None if it has not come whole; a fault if what has come can never become one.
    """
    if len(buffer) < _HEADER.size:
        return _LENGTH if len(buffer) >= 4 and not _is_length(buffer) else None  # noqa: PLR2004 - the length's octets
    if not _is_length(buffer):
        return _LENGTH
    size, command, _ = _HEADER.unpack_from(buffer)
    if command not in _BODIES:
        return _COMMAND
    if len(buffer) < size:
        return None
    packet = bytes(buffer[:size])
    del buffer[:size]
    return packet


def _is_length(buffer: bytearray) -> bool:
    return HEADER_BYTES <= int.from_bytes(buffer[:4], "big") <= PACKET_MAX_BYTES


def decode(data: bytes, version: Version) -> Packet | Fault:
    """Read one whole packet; anything that is not exactly one gives a fault, whatever the bytes."""
    if not HEADER_BYTES <= len(data) <= PACKET_MAX_BYTES or int.from_bytes(data[:4], "big") != len(data):
        return _LENGTH
    _, command, sequence = _HEADER.unpack_from(data)
    kind = _BODIES.get(command)
    if kind is None:
        return _COMMAND
    try:
        return Packet(sequence, _body(kind, data[HEADER_BYTES:], version))
    except PeerError as exc:
        return exc.fault


def _body(kind: type[Body], payload: bytes, version: Version) -> Body:
    if kind is Submit:
        return _read_submit(payload, version)
    if kind is Deliver:
        return _read_deliver(payload, version)
    if kind is ConnectResp:
        form = next((form for form, layout in _CONNECT_RESP.items() if layout.size == len(payload)), version)
        return ConnectResp(**_whole(_CONNECT_RESP[form], payload), form=form)
    if kind is ActiveTestResp and not payload:
        return ActiveTestResp()  # the octet was added with 2.0; older gateways still leave it out
    return kind(**_whole(_PLAIN[kind][version], payload))


def _whole(layout: _Layout, payload: bytes) -> dict[str, Any]:
    if len(payload) != layout.size:
        raise PeerError(_MALFORMED)
    return layout.unpack(payload)


class _Payload:
    """Reads a body from its front; every read is checked against what is left."""

    def __init__(self, payload: bytes) -> None:
        self._payload, self._at = payload, 0

    def octets(self, size: int) -> bytes:
        taken = self._payload[self._at : self._at + size]
        if len(taken) != size:
            raise PeerError(_MALFORMED)
        self._at += size
        return taken

    def fields(self, layout: _Layout) -> dict[str, Any]:
        return layout.unpack(self.octets(layout.size))

    def content(self) -> bytes:
        return self.octets(self.octets(1)[0])

    def end(self) -> None:
        if self._at != len(self._payload):
            raise PeerError(_MALFORMED)


def _read_submit(payload: bytes, version: Version) -> Submit:
    rest = _Payload(payload)
    head = rest.fields(_SUBMIT_HEAD[version])
    count = rest.octets(1)[0]
    if not 1 <= count <= DESTINATIONS_MAX:
        raise PeerError(_MALFORMED)
    numbers = tuple(_text_of(rest.octets(_TERMINAL_BYTES[version])) for _ in range(count))
    kind = int.from_bytes(rest.octets(_DEST_TYPE_BYTES[version]), "big")
    content = rest.content()
    tail = rest.fields(_TAIL[version])
    rest.end()
    return Submit(**head, **tail, dest_terminal_ids=numbers, dest_terminal_type=kind, content=content)


def _read_deliver(payload: bytes, version: Version) -> Deliver:
    rest = _Payload(payload)
    head = rest.fields(_DELIVER_HEAD[version])
    content = rest.content()
    tail = rest.fields(_TAIL[version])
    rest.end()
    return Deliver(**head, **tail, content=content)


def parse_report(content: bytes) -> StatusReport | Fault:
    """Read the content of a report by its own length: there are 3.0 gateways that send the form of 2.0."""
    for layout in _REPORT.values():
        if layout.size == len(content):
            return StatusReport(**layout.unpack(content))
    return _MALFORMED


_LENGTH: Final = Fault("cmpp.length", "Total_Length", f"a packet has {HEADER_BYTES} to {PACKET_MAX_BYTES} bytes")
_COMMAND: Final = Fault("cmpp.command", "Command_Id", "send only what a gateway and a service provider exchange")
_MALFORMED: Final = Fault("cmpp.malformed", "body", "fields fill the packet exactly, in the agreed version")


# -- proving ------------------------------------------------------------------------------------------


def authenticator_source(source_addr: str, secret: str, timestamp: int) -> bytes:
    """Return what proves us: MD5 over our address, nine zeros, the shared secret and MMDDHHMMSS in ten digits."""
    return _md5(source_addr.encode("latin-1") + _ZEROS + secret.encode() + b"%010d" % timestamp)


def authenticator_ismg(status: int, form: Version, source: bytes, secret: str) -> bytes:
    """Return what proves the gateway: MD5 over its status as on the wire, our authenticator, the shared secret."""
    width = 1 if form is Version.V2 else 4
    return _md5(status.to_bytes(width, "big") + source + secret.encode())


def _md5(octets: bytes) -> bytes:
    return hashlib.md5(octets, usedforsecurity=False).digest()  # the protocol's choice, not ours
