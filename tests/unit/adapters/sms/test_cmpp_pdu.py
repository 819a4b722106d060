"""Bytes of CMPP, counted and compared one by one; nothing here opens a connection."""

import hashlib

import pytest

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
from adapters.sms.cmpp_pdu import (
    PACKET_MAX_BYTES,
    authenticator_ismg,
    authenticator_source,
    decode,
    encode,
    parse_report,
    spell_report,
    take_packet,
)
from schemas.errors import Fault, InvariantError

NUMBER = "13900000001"
THIRTY = "暴雨红色预警立即转移请回复收到三".encode("utf-16-be")[:30]


def submit(content: bytes = THIRTY) -> Submit:
    return Submit(
        msg_src="106001",
        src_id="1069000137",
        dest_terminal_ids=(NUMBER,),
        content=content,
        msg_fmt=8,
        service_id="HELP",
    )


@pytest.mark.parametrize(("version", "size"), [(Version.V2, 189), (Version.V3, 225)])
def test_a_submit_of_thirty_bytes(version: Version, size: int) -> None:
    """One octet more or less and the gateway reads every field behind it at the wrong place."""
    data = encode(Packet(1, submit()), version)
    assert len(data) == size
    assert int.from_bytes(data[:4], "big") == size


@pytest.mark.parametrize(("version", "size"), [(Version.V2, 21), (Version.V3, 24)])
def test_the_answers_to_submit_and_deliver(version: Version, size: int) -> None:
    """The result has one octet in 2.0 and four in 3.0."""
    assert len(encode(Packet(1, SubmitResp(1, 0)), version)) == size
    assert len(encode(Packet(1, DeliverResp(1, 0)), version)) == size


@pytest.mark.parametrize(("version", "size", "around"), [(Version.V2, 60, 85), (Version.V3, 71, 109)])
def test_a_report_and_the_deliver_around_it(version: Version, size: int, around: int) -> None:
    """The number has 21 octets in 2.0 and 32 in 3.0."""
    content = spell_report(StatusReport(1, "DELIVRD", "2603040729", "2603040730", NUMBER, 7), version)
    assert len(content) == size
    body = Deliver(2, "10690001", NUMBER, content, 0, registered_delivery=1)
    assert len(encode(Packet(1, body), version)) == around + size


@pytest.mark.parametrize(
    ("body", "v2", "v3"),
    [
        (Connect("106001", bytes(16), 0x20, 304073000), 39, 39),
        (Terminate(), 12, 12),
        (TerminateResp(), 12, 12),
        (ActiveTest(), 12, 12),
        (ActiveTestResp(), 13, 13),
    ],
)
def test_the_small_ones(body: Body, v2: int, v3: int) -> None:
    """Lengths of the packets that keep a link alive."""
    assert [len(encode(Packet(1, body), version)) for version in Version] == [v2, v3]


@pytest.mark.parametrize(("version", "size"), [(Version.V2, 30), (Version.V3, 33)])
def test_the_answer_to_connect_shows_its_version_by_its_length(version: Version, size: int) -> None:
    """A 2.0 gateway answers a 3.0 greeting in its own form: read as 3.0 the refusal would look like rubbish."""
    data = encode(Packet(1, ConnectResp(4, bytes(16), 0x20, version)), version)
    assert len(data) == size
    for asked in Version:
        assert decode(data, asked) == Packet(1, ConnectResp(4, bytes(16), 0x20, version))


def test_every_octet_of_a_2_0_submit_stands_where_the_specification_puts_it() -> None:
    """Written out by hand, so that a mistake in our tables cannot hide in a round trip."""
    head = bytes.fromhex("000000bd 00000004 00000017 0000000000000000 01 01 01 00")
    fields = b"HELP" + bytes(6) + b"\x02" + bytes(21) + b"\x00\x00\x08" + b"106001" + b"01" + b"000000"
    times = bytes(34)
    numbers = b"1069000137" + bytes(11) + b"\x01" + b"13900000001" + bytes(10)
    assert encode(Packet(23, submit()), Version.V2) == head + fields + times + numbers + b"\x1e" + THIRTY + bytes(8)


def test_every_octet_of_a_3_0_submit_stands_where_the_specification_puts_it() -> None:
    """3.0 widens two numbers, gives each a kind, and ends with LinkID."""
    head = bytes.fromhex("000000e1 00000004 00000017 0000000000000000 01 01 01 00")
    fields = b"HELP" + bytes(6) + b"\x02" + bytes(32) + b"\x00" + b"\x00\x00\x08" + b"106001" + b"01" + b"000000"
    times = bytes(34)
    numbers = b"1069000137" + bytes(11) + b"\x01" + b"13900000001" + bytes(21) + b"\x00"
    assert encode(Packet(23, submit()), Version.V3) == head + fields + times + numbers + b"\x1e" + THIRTY + bytes(20)


def test_the_proofs_are_what_the_specification_says() -> None:
    """Nine zeros, ten digits, and the status as wide as it is on the wire."""
    expected = hashlib.md5(b"106001" + bytes(9) + b"secret" + b"0304073000").digest()  # noqa: S324
    assert authenticator_source("106001", "secret", 304073000) == expected
    assert authenticator_ismg(0, Version.V2, expected, "secret") == hashlib.md5(b"\0" + expected + b"secret").digest()  # noqa: S324
    wide = hashlib.md5(bytes(4) + expected + b"secret").digest()  # noqa: S324
    assert authenticator_ismg(0, Version.V3, expected, "secret") == wide


def test_texts_end_at_the_first_zero_and_lose_no_octet() -> None:
    """Gateways leave rubbish behind the zero, and some write GBK into a service code."""
    data = bytearray(encode(Packet(1, Deliver(2, "10690001", NUMBER, b"37", 0, service_id="AB")), Version.V2))
    data[12 + 8 + 21 + 3] = 0x41
    data[12 + 8 + 21] = 0xCA
    packet = decode(bytes(data), Version.V2)
    assert isinstance(packet, Packet)
    assert isinstance(packet.body, Deliver)
    assert packet.body.service_id == "ÊB"


def test_an_answer_to_a_test_may_lack_its_octet() -> None:
    """Old gateways leave the reserved octet out; dropping the link for that would drop it every minute."""
    assert decode(bytes.fromhex("0000000c 80000008 00000001"), Version.V2) == Packet(1, ActiveTestResp())


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "cmpp.length"),
        (bytes(11), "cmpp.length"),
        (bytes.fromhex("0000000d 00000008 00000001"), "cmpp.length"),
        (bytes.fromhex("0000000c 00000006 00000001"), "cmpp.command"),
        (bytes.fromhex("0000000c 00000005 00000001"), "cmpp.malformed"),
        (bytes.fromhex("0000000e 80000008 00000001 0000"), "cmpp.malformed"),
        (encode(Packet(1, submit()), Version.V2), "cmpp.malformed"),  # read as 3.0
        (encode(Packet(1, submit()), Version.V2)[:-9] + bytes(9), "cmpp.malformed"),
    ],
)
def test_what_is_none_is_told_as_a_value(data: bytes, code: str) -> None:
    """An exception out of a decoder is a node that anybody on the line can stop."""
    packet = decode(data, Version.V3)
    assert isinstance(packet, Fault)
    assert packet.code == code


def test_a_submit_to_nobody_or_to_a_hundred_is_none() -> None:
    """The count is one octet; the specification ends at 99."""
    data = bytearray(encode(Packet(1, submit()), Version.V2))
    for count in (0, 100, 255):
        data[12 + 116] = count
        assert isinstance(decode(bytes(data), Version.V2), Fault)


@pytest.mark.parametrize(
    "body",
    [
        Submit("1060012", "1", (NUMBER,), b"", 8),
        Submit("106001", "1" * 22, (NUMBER,), b"", 8),
        Submit("106001", "1", (), b"", 8),
        Submit("106001", "1", ("1" * 22,), b"", 8),
        Submit("106001", "1", (NUMBER,), bytes(256), 8),
        Submit("106001", "接入", (NUMBER,), b"", 8),
        Submit("106001", "1", (NUMBER,), b"", 256),
        SubmitResp(2**64, 0),
        SubmitResp(1, 256),
    ],
)
def test_what_does_not_fit_its_field_is_our_own_bug(body: Body) -> None:
    """``struct`` cuts a text that is too long without a word: a shorter number is somebody else's."""
    with pytest.raises(InvariantError):
        encode(Packet(1, body), Version.V2)


@pytest.mark.parametrize("version", Version)
def test_a_stream_may_be_cut_anywhere(version: Version) -> None:
    """Whatever the borders, the same packets come out, and nothing is left."""
    packets = [
        encode(Packet(1, ActiveTest()), version),
        encode(Packet(2, SubmitResp(9, 0)), version),
        encode(Packet(3, submit()), version),
    ]
    stream = b"".join(packets)
    for cut in range(len(stream) + 1):
        buffer, found = bytearray(), []
        for piece in (stream[:cut], stream[cut:]):
            buffer += piece
            while isinstance(packet := take_packet(buffer), bytes):
                found.append(packet)
            assert packet is None
        assert found == packets
        assert not buffer


@pytest.mark.parametrize(
    ("start", "verdict"),
    [
        (b"", None),
        (b"\0\0\0", None),
        (b"\0\0\0\x0c", None),
        (b"\0\0\0\x0b", "cmpp.length"),
        (b"HTTP", "cmpp.length"),
        (PACKET_MAX_BYTES.to_bytes(4, "big") + b"\0\0\0\x05\0\0\0\1", None),
        ((PACKET_MAX_BYTES + 1).to_bytes(4, "big"), "cmpp.length"),
        (b"\0\0\0\x0c\0\0\0\x06\0\0\0\1", "cmpp.command"),
    ],
)
def test_rubbish_is_seen_by_its_first_octets(start: bytes, verdict: str | None) -> None:
    """Waiting for the thousand million bytes that a web server's greeting promises would take for ever."""
    found = take_packet(bytearray(start))
    assert (found.code if isinstance(found, Fault) else found) == verdict


def test_a_report_is_read_by_its_length() -> None:
    """Anything but 60 or 71 bytes is none."""
    report = StatusReport(1, "UNDELIV", "2603040729", "2603040730", NUMBER, 7)
    for version in Version:
        assert parse_report(spell_report(report, version)) == report
    assert isinstance(parse_report(bytes(61)), Fault)


def test_nothing_personal_shows() -> None:
    """A repr ends in a log sooner or later."""
    shown = repr(
        [
            submit(),
            Deliver(1, "10690001", NUMBER, b"37", 0),
            StatusReport(1, "DELIVRD", "", "", NUMBER, 7),
            Connect("106001", b"proof", 0x20, 1),
        ]
    )
    assert NUMBER not in shown
    assert "proof" not in shown
    assert "content" not in shown


CMPPY_SUBMIT = (
    "000000e1000000040000000200000000000000000101010048454c500000000000000200000000000000000000000000000000000000"
    "000000000000000000000000000000000831303630303130313030303030300000000000000000000000000000000000000000000000"
    "000000000000000000000031303639303030313337000000000000000000000001313339303030303030303100000000000000000000"
    "0000000000000000000000001e66b496e87ea2827298848b667acb53738f6c79fb8bf756de590d653652300000000000000000000000"
    "000000000000000000"
)
CMPPY_CONNECT = "0000002700000001000000033130363030315ac334122d0eed7a59a3f5d9c378786c30435a97f2"


def test_the_bytes_of_another_encoder_of_3_0() -> None:
    """Made once with cmppy 0.3 (PyPI), which knows 3.0 only: the same submit, the same greeting."""
    assert encode(Packet(2, submit()), Version.V3).hex() == CMPPY_SUBMIT
    proof = authenticator_source("106001", "only-for-this-test", 1130010610)
    assert encode(Packet(3, Connect("106001", proof, 0x30, 1130010610)), Version.V3).hex() == CMPPY_CONNECT
