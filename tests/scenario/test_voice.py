"""Calls by SIP against SIPp, a user agent that others wrote: every way a call can go, with real sound and real keys."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import pairwise
from pathlib import Path

import pytest

from adapters.voice.g711 import to_alaw
from adapters.voice.rtp import Packet, packet
from adapters.voice.speech import samples_of
from schemas.pages import Keyed, Refused, Report, ReportState, Retry, Submitted
from tests.calls import PAGE, PICKED_UP, RINGING, TRYING, Ear, calling, dispatch, recorded, until
from tests.telephones import CALLER, ask, keys, pause, receive, send, sound, telephone


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    """A second of sound."""
    return recorded(tmp_path / "page.wav")


async def test_a_call_says_nothing(tmp_path: Path, recording: Path) -> None:
    """Picked up, said twice, hung up by us: delivered; every packet of the sound came, in its order and form."""
    packets: list[tuple[float, Packet]] = []
    async with hearing(packets) as port:
        steps = (
            receive("INVITE"),
            TRYING,
            RINGING,
            send("200 OK", sdp=sound().replace("[media_port]", str(port)), retrans=500),
            receive("ACK"),
            receive("BYE"),
            send("200 OK", tag=False),
        )
        ear = Ear()
        async with telephone(tmp_path, *steps) as phone, calling(phone.port, recording, ear) as pager:
            assert await pager.submit(dispatch()) == (Submitted(1, PAGE),)
            assert await pager.submit(dispatch()) == (Submitted(1, PAGE),), "the same page is not called twice"
            await until(lambda: len(ear.codes) == 2)
            assert await phone.ended() == 0
    assert [(one.code, one.state) for one in ear.heard if isinstance(one, Report)] == [
        ("answered", ReportState.ACCEPTED),
        ("played", ReportState.DELIVERED),
    ]
    assert ear.last.reference == PAGE
    assert phone.seen("INVITE") == 1
    assert "sip:13900000001@127.0.0.1" in phone.log()
    _judge_sound(packets, recording)


def _judge_sound(packets: list[tuple[float, Packet]], recording: Path) -> None:
    read = [packet for _, packet in packets]
    said = to_alaw(samples_of(recording.read_bytes()))
    whole = b"".join(packet.payload for packet in read)
    assert whole.startswith(said)
    assert whole.count(said) == 2
    steps = {((b.sequence - a.sequence) & 0xFFFF, (b.timestamp - a.timestamp) & 0xFFFFFFFF) for a, b in pairwise(read)}
    assert steps == {(1, 160)}
    assert {(packet.kind, len(packet.payload), packet.source) for packet in read} == {(8, 160, read[0].source)}
    seconds = packets[-1][0] - packets[0][0]
    assert seconds == pytest.approx(0.02 * (len(packets) - 1), abs=0.5)


@asynccontextmanager
async def hearing(packets: list[tuple[float, Packet]]) -> AsyncIterator[int]:
    """Hear sound in SIPp's place; yields the port."""

    class Hearer(asyncio.DatagramProtocol):
        def datagram_received(self, data: bytes, _addr: object) -> None:
            read = packet(data)
            assert read is not None
            packets.append((time.monotonic(), read))

    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(Hearer, local_addr=("127.0.0.1", 0))
    try:
        yield transport.get_extra_info("sockname")[1]
    finally:
        transport.close()
        await asyncio.sleep(0)


async def test_keys_are_lost_or_doubled(tmp_path: Path, recording: Path) -> None:
    """Keys as telephone-event, from recordings of another program: each one once, the voice stops, one entry."""
    steps = (
        receive("INVITE"),
        RINGING,
        PICKED_UP,
        receive("ACK"),
        pause(300),
        keys("1379#"),
        receive("BYE"),
        send("200 OK", tag=False),
    )
    ear = Ear()
    async with telephone(tmp_path, *steps) as phone, calling(phone.port, recording, ear, pause_seconds=3.0) as pager:
        await pager.submit(dispatch())
        await until(lambda: bool(ear.digits))
        await until(lambda: len(ear.codes) == 2)
        assert await phone.ended() == 0
    assert ear.digits == ["1379"]
    assert (ear.last.code, ear.last.state) == ("keyed", ReportState.DELIVERED)
    (keyed,) = (one for one in ear.heard if isinstance(one, Keyed))
    assert (keyed.provider, keyed.page_id) == ("trunk", PAGE)
    assert "1379" not in repr(keyed)


async def test_keys_as_messages_are_not_understood(tmp_path: Path, recording: Path) -> None:
    """The second way: INFO with dtmf-relay, one key each, closed by a pause."""
    pressed = [
        ask("INFO", body=f"Signal={key}\nDuration=160", kind="application/dtmf-relay", number=number)
        for number, key in enumerate("4711", 1)
    ]
    steps = (
        receive("INVITE", action=CALLER),
        RINGING,
        PICKED_UP,
        receive("ACK"),
        pause(200),
        *pressed,
        receive("BYE"),
        send("200 OK", tag=False),
    )
    ear = Ear()
    async with telephone(tmp_path, *steps) as phone, calling(phone.port, recording, ear, pause_seconds=0.5) as pager:
        await pager.submit(dispatch())
        await until(lambda: bool(ear.digits))
        assert await phone.ended() == 0
    assert ear.digits == ["4711"]


@pytest.mark.parametrize(
    ("status", "code"),
    [("486 Busy Here", "busy 486"), ("600 Busy Everywhere", "busy 600"), ("480 Unavailable", "no_answer 480")],
)
async def test_a_busy_line_looks_refused(tmp_path: Path, recording: Path, status: str, code: str) -> None:
    """The provider took the call, and nobody could be had: a report, so that the next medium's turn comes."""
    steps = (receive("INVITE"), TRYING, RINGING, send(status), receive("ACK"))
    ear = Ear()
    async with telephone(tmp_path, *steps) as phone, calling(phone.port, recording, ear) as pager:
        assert await pager.submit(dispatch()) == (Submitted(1, PAGE),)
        await until(lambda: bool(ear.codes))
        assert await phone.ended() == 0
    assert (ear.last.code, ear.last.state) == (code, ReportState.FAILED)


@pytest.mark.parametrize(
    ("status", "retry"),
    [
        ("404 Not Found", Retry.PERMANENT),
        ("403 Forbidden", Retry.PERMANENT),
        ("603 Decline", Retry.PERMANENT),
        ("302 Moved Temporarily", Retry.PERMANENT),
        ("503 Service Unavailable", Retry.TEMPORARY),
    ],
)
async def test_a_refusal_is_taken_for_a_call(tmp_path: Path, recording: Path, status: str, retry: Retry) -> None:
    """A refusal without any progress comes back from ``submit``, as what may be tried again and what may not."""
    steps = (receive("INVITE"), send(status, more="      Contact: <sip:13900000002@127.0.0.2:9>"), receive("ACK"))
    ear = Ear()
    async with telephone(tmp_path, *steps) as phone, calling(phone.port, recording, ear) as pager:
        (result,) = await pager.submit(dispatch())
        assert await phone.ended() == 0
    assert isinstance(result, Refused)
    assert (result.retry, result.code) == (retry, status[:3])
    assert ear.heard == []


async def test_nobody_picks_up_and_it_rings_for_ever(tmp_path: Path, recording: Path) -> None:
    """After the time for ringing the call is taken back by CANCEL, and its 487 is confirmed."""
    steps = (
        receive("INVITE"),
        RINGING,
        receive("CANCEL"),
        send("200 OK", tag=False),
        send("487 Request Terminated").replace("[last_CSeq:]", "CSeq: 1 INVITE"),
        receive("ACK"),
    )
    ear = Ear()
    async with telephone(tmp_path, *steps) as phone, calling(phone.port, recording, ear, ring_seconds=0.5) as pager:
        await pager.submit(dispatch())
        await until(lambda: bool(ear.codes))
        assert await phone.ended() == 0
    assert (ear.last.code, ear.last.state) == ("no_answer 487", ReportState.FAILED)
    assert phone.seen("CANCEL") == 1
