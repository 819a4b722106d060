"""A million wrong packets: the decoder answers each with a value."""

import random
from collections import Counter
from collections.abc import Callable

import pytest

from adapters.sms.cmpp_bodies import (
    ActiveTestResp,
    Body,
    ConnectResp,
    Deliver,
    Packet,
    StatusReport,
    Submit,
    SubmitResp,
    Terminate,
    Version,
)
from adapters.sms.cmpp_codes import state_of
from adapters.sms.cmpp_pdu import decode, encode, parse_report, spell_report, take_packet
from adapters.sms.cmpp_text import Joining, decode_text, piece_of
from schemas.errors import Fault

NUMBER = "13900000001"
REPORT = StatusReport(1, "DELIVRD", "2603040729", "2603040730", NUMBER, 7)


def samples() -> list[tuple[Version, bytes]]:
    return [(version, encode(Packet(1, body), version)) for version in Version for body in bodies(version)]


def bodies(version: Version) -> tuple[Body, ...]:
    report = spell_report(REPORT, version)
    return (
        ConnectResp(0, bytes(16), version, version),
        Submit("106001", "10690001", (NUMBER, NUMBER), b"\x05\x00\x03\x01\x02\x01" + bytes(134), 8, tp_udhi=1),
        SubmitResp(1, 0),
        Deliver(1, "1069000137", NUMBER, "37收到".encode("utf-16-be"), 8),
        Deliver(1, "1069000137", NUMBER, b"\x05\x00\x03\x01\x02\x01\x00\x31", 8, tp_udhi=1),
        Deliver(1, "10690001", NUMBER, report, 0, registered_delivery=1),
        ActiveTestResp(),
        Terminate(),
    )


def mutated(source: random.Random, packet: bytes) -> bytes:
    """Change a packet: octets, its length, a piece of it; half of the time its length field is put right again."""
    data = bytearray(packet)
    for _ in range(source.randint(1, 4)):
        kind = source.randrange(5)
        at = source.randrange(len(data)) if data else 0
        if kind == 0 and data:
            data[at] = source.randrange(256)
        elif kind == 1:
            del data[at : at + source.randint(1, 40)]
        elif kind == 2:
            data[at:at] = source.randbytes(source.randint(1, 40))
        elif kind == 3:
            data[at:at] = data[: source.randint(0, len(data))]
        elif data:
            data[at] = source.choice((0, 1, 0x7F, 0x80, 0xFF))
    if source.random() < 0.5 and len(data) >= 4:
        data[:4] = len(data).to_bytes(4, "big")
    return bytes(data)


def judged(version: Version, data: bytes) -> str:
    """Take bytes the whole way that they take in the adapter; return what became of them."""
    buffer = bytearray(data)
    first = take_packet(buffer)
    whole = decode(data, version)
    assert not isinstance(first, bytes) or len(first) + len(buffer) == len(data)
    if isinstance(whole, Fault):
        return whole.code
    assert encode(whole, version) == data or not lossless(whole), "what is read is what was written"
    if isinstance(whole.body, Deliver):
        report = parse_report(whole.body.content)
        if isinstance(report, StatusReport):
            state_of(report.stat)
        piece = piece_of(whole.body)
        assert 1 <= piece.number <= piece.total <= 16
        decode_text(whole.body.msg_fmt, piece.octets).text.encode("utf-8")
        Joining(piece.total, whole.body.msg_fmt, {piece.number: (whole.body, piece.octets)}).text()
    return type(whole.body).__name__


def lossless(packet: Packet) -> bool:
    """Octets behind the zero of a text are dropped, and an old answer to a test gets its octet: the only losses."""
    return not isinstance(packet.body, Submit | Deliver | ActiveTestResp) and type(packet.body).__name__ != "Connect"


@pytest.mark.timeout(600)
def test_no_bytes_stop_the_decoder(reduced: Callable[[int, int], int]) -> None:
    """Whoever sits on the line, or a gateway with a fault, must not be able to stop a node."""
    count = reduced(20_000, 1_000_000)
    source, seeds, seen = random.Random(20260303), samples(), Counter[str]()
    for number in range(count):
        version, packet = seeds[number % len(seeds)]
        data = source.randbytes(source.randrange(200)) if number % 10 == 0 else mutated(source, packet)
        seen[judged(version, data)] += 1
    print(f"{count:,} inputs: {dict(seen.most_common())}")  # noqa: T201
    assert {"cmpp.length", "cmpp.command", "cmpp.malformed", "Deliver", "Submit", "SubmitResp"} <= seen.keys()
