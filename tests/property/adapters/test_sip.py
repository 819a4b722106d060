"""Garbage from the network: nothing that comes in a datagram raises, and what is read keeps its bounds."""

from collections.abc import Callable
from contextlib import suppress
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.voice.digest import answer, challenge
from adapters.voice.rtp import KeyListener, packet
from adapters.voice.sdp import answer_of, offer
from adapters.voice.sip_call import Call, Line
from adapters.voice.sip_message import DATAGRAM_MAX_BYTES, parse, render
from adapters.voice.speech import SpeechError, samples_of

LINE = Line(host="127.0.0.1", port=5062, domain="sip.test", user="07788820110", password="x")  # noqa: S106
SDP = offer("127.0.0.2", 4000, 1)
WORDS = [
    *(
        "SIP/2.0 200 OK",
        "SIP/2.0 183 x",
        "SIP/2.0 407 x",
        "SIP/2.0 486 Busy",
        "BYE sip:x SIP/2.0",
        "INFO sip:x SIP/2.0",
    ),
    *("Via: SIP/2.0/UDP h;branch=z9hG4bKw3", "v: x", "From: <sip:a>;tag=1", "To: <sip:b>;tag=", "t: <sip:b>"),
    *("Call-ID: w1@127.0.0.1", "CSeq: 1 INVITE", "CSeq: 99999999999 BYE", "CSeq: 2 INFO", "Content-Length: 5", "l: -1"),
    *('WWW-Authenticate: Digest realm="r", nonce="n"', 'Proxy-Authenticate: Digest nonce="', "Contact: <sip:x>", ": "),
    *("Record-Route: <sip:a>, <sip:b", "Content-Type: application/dtmf-relay", " folded", "\t", "", "\x00", "Signal=1"),
]
LINES = st.lists(st.sampled_from(WORDS) | st.text(max_size=20), max_size=14)
MIXED = st.builds(lambda lines, body: "\r\n".join(lines).encode() + b"\r\n\r\n" + body, LINES, st.binary(max_size=40))


def mutated(data: bytes, changes: list[tuple[int, int]]) -> bytes:
    """Change some bytes of a good message."""
    raw = bytearray(data)
    for at, value in changes:
        raw[at % len(raw)] = value
    return bytes(raw)


def good_answer(status: int, branch: str) -> bytes:
    return render(
        f"SIP/2.0 {status} OK",
        [
            ("Via", f"SIP/2.0/UDP 127.0.0.1:5062;branch={branch}"),
            ("From", "<sip:07788820110@sip.test>;tag=w2"),
            ("To", "<sip:13900000001@sip.test>;tag=far"),
            ("Call-ID", "w1@127.0.0.1"),
            ("CSeq", "1 INVITE"),
            ("Contact", "<sip:far@127.0.0.2>"),
            ("Content-Type", "application/sdp"),
        ],
        SDP,
    )


WAV = b"RIFF\x28\0\0\0WAVEfmt \x10\0\0\0\1\0\1\0\x40\x1f\0\0\x80\x3e\0\0\2\0\x10\0data\4\0\0\0abcd"
CHANGES = st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), max_size=6)
ALMOST = st.builds(
    mutated, st.builds(good_answer, st.sampled_from([100, 180, 200, 302, 401, 486]), st.just("z9hG4bKw3")), CHANGES
)


@pytest.mark.timeout(3600)
def test_a_datagram_breaks_the_parser(reduced: Callable[[int, int], int]) -> None:
    """Bytes of any kind, mixed lines, and good messages with bytes changed: a message or None."""

    @settings(max_examples=reduced(1500, 200_000), deadline=None)
    @given(st.binary(max_size=200) | MIXED | ALMOST)
    def check(datagram: bytes) -> None:
        message = parse(datagram)
        if message is not None:
            assert message.call_id
            assert 0 <= message.number < 2**31
            assert message.method
            assert len(message.body) <= len(datagram)
            for name in ("via", "route", "contact"):
                assert all(message.every(name))
            assert isinstance(message.branch + message.to_tag + message.from_tag, str)

    check()


@pytest.mark.timeout(3600)
def test_a_message_breaks_a_call(reduced: Callable[[int, int], int]) -> None:
    """Any sequence of such messages and any passing of time: no exception, no growth, and an end."""
    step = ALMOST | MIXED | st.integers(1, 50)

    @settings(max_examples=reduced(300, 30_000), deadline=None)
    @given(st.lists(step, max_size=25))
    def check(steps: list[bytes | int]) -> None:
        numbers, now = count(1), 0.0
        call = Call(LINE, "13900000001", SDP, lambda: f"w{next(numbers)}", now)
        for one in steps:
            if isinstance(one, int):
                now += one
                call.tick(now)
            elif message := parse(one):
                call.receive(message, now)
            assert all(parse(datagram) is not None for datagram in call.outbox), "what we say must be SIP, too"
            assert len(call.outbox) < 20
            call.outbox.clear()
        call.hang_up(now)
        for _ in range(40):
            now += 5
            call.tick(now)
            call.hang_up(now)
        assert call.finished

    check()


@pytest.mark.timeout(3600)
def test_sound_breaks_us(reduced: Callable[[int, int], int]) -> None:
    """RTP, SDP, digest challenges and WAV files of any kind: a value, or an error of ours."""

    @settings(max_examples=reduced(1000, 100_000), deadline=None)
    @given(st.binary(max_size=64), CHANGES, st.text(max_size=60))
    def check(data: bytes, changes: list[tuple[int, int]], text: str) -> None:
        read = packet(data)
        assert read is None or len(read.payload) <= len(data)
        assert len(KeyListener(101).hear(data)) <= 1
        answer_of(data)
        answer_of(mutated(SDP, changes))
        asked = challenge(f'Digest realm="{text}", nonce="n", {text}')
        if asked is not None:
            said = answer(asked, user=text, password="p", method="INVITE", uri="sip:x", cnonce="c")  # noqa: S106
            assert said.startswith("Digest ")
        with suppress(SpeechError):
            samples_of(mutated(WAV, changes))

    check()


def test_a_datagram_is_larger_than_a_datagram() -> None:
    """A bound is a bound, for the whole, for the headers and for a line."""
    good = good_answer(200, "b")
    assert parse(good) is not None
    assert parse(good + bytes(DATAGRAM_MAX_BYTES)) is None
    head, _, body = good.partition(b"\r\n\r\n")
    assert parse(head + b"\r\nX: y" * 100 + b"\r\n\r\n" + body) is None
    assert parse(head + b"\r\nX: " + b"y" * 9000 + b"\r\n\r\n" + body) is None
