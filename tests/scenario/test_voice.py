"""Calls by SIP against SIPp, a user agent that others wrote: every way a call can go, with real sound and real keys."""

import asyncio
import re
import time
import wave
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from adapters.clock import SystemClock
from adapters.voice.sip import SipPager
from adapters.voice.sip_line import SipSettings
from adapters.voice.speech import SpeechSettings
from schemas.pages import Dispatch, Inbound, Keyed, Medium, Refused, Report, ReportState, Retry, Submitted
from tests.ports import free_port
from tests.telephones import CALLER, ask, keys, losing, pause, receive, send, sound, telephone

PAGE = "0123456789abcdef" * 2
TRYING, RINGING = send("100 Trying", tag=False), send("180 Ringing")
PICKED_UP = send("200 OK", sdp=sound(), retrans=500)


class Ear:
    """Keeps what was heard, and waits for it."""

    def __init__(self) -> None:
        self.heard: list[Inbound] = []

    async def hear(self, heard: Inbound) -> None:
        self.heard.append(heard)

    @property
    def codes(self) -> list[str]:
        return [one.code for one in self.heard if isinstance(one, Report)]

    @property
    def digits(self) -> list[str]:
        return [one.digits for one in self.heard if isinstance(one, Keyed)]

    @property
    def last(self) -> Report:
        return [one for one in self.heard if isinstance(one, Report)][-1]


async def until(is_so: Callable[[], bool], seconds: float = 20) -> None:
    async with asyncio.timeout(seconds):
        while not is_so():
            await asyncio.sleep(0.02)


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    """A second of sound in the place of a voice."""
    path = tmp_path / "page.wav"
    with wave.open(str(path), "wb") as written:
        written.setparams((1, 2, 8000, 0, "NONE", ""))
        written.writeframes(
            b"".join((number * 321 % 20_000 - 10_000).to_bytes(2, "little", signed=True) for number in range(8000))
        )
    return path


@asynccontextmanager
async def calling(port: int, recording: Path, ear: Ear, **changes: object) -> AsyncIterator[SipPager]:
    given: dict[str, object] = {
        "name": "trunk",
        "server": "127.0.0.1",
        "port": port,
        "user": "07788820110",
        "password": "geheim",
        "heartbeat_seconds": 0.0,
        "t1": 0.1,
        "reach_seconds": 2.0,
        "ring_seconds": 10.0,
        "plays": 2,
        "answer_seconds": 0.5,
        "pause_seconds": 1.0,
        "speech": SpeechSettings(command=(), recordings={"": recording}),
    }
    pager = SipPager(SipSettings(**(given | changes)), clock=SystemClock())  # type: ignore[arg-type]
    async with pager.running(ear.hear):
        await until(lambda: pager.health().ready)
        yield pager


def dispatch(number: str = "13900000001") -> Dispatch:
    return Dispatch(page_id=PAGE, medium=Medium.VOICE, address=number, text="荔波县发布暴雨红色预警", pin_wanted=True)


async def test_a_call_says_nothing(tmp_path: Path, recording: Path) -> None:
    """Picked up, said twice, hung up by us: delivered, and the sound came every 20 ms."""
    steps = (receive("INVITE"), TRYING, RINGING, PICKED_UP, receive("ACK"), receive("BYE"), send("200 OK", tag=False))
    ear = Ear()
    async with (
        telephone(tmp_path, *steps, options=("-rtp_echo",)) as phone,
        calling(phone.port, recording, ear) as pager,
    ):
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


@pytest.mark.parametrize("status", ["401", "407"])
async def test_a_password_is_not_given_when_asked(tmp_path: Path, recording: Path, status: str) -> None:
    """A digest challenge, as a caller meets it at every trunk; SIPp itself checks the answer."""
    name = {"401": "WWW-Authenticate", "407": "Proxy-Authenticate"}[status]
    challenge = (
        f'      {name}: Digest realm="sihu.test", algorithm=MD5, nonce="47364c23432d2e131a5fb210812c", qop="auth"'
    )
    header = {"401": "Authorization:", "407": "Proxy-Authorization:"}[status]
    checked = '<action><verifyauth assign_to="right" username="07788820110" password="geheim"/></action>'
    if status == "407":  # SIPp checks the other header only
        found = 'regexp="Digest username" search_in="hdr" header="Proxy-Authorization:" check_it="true"'
        checked = f'<action><ereg {found} assign_to="right"/></action>'
    steps = (
        receive("INVITE"),
        send(f"{status} Who Are You", more=challenge),
        receive("ACK"),
        receive("INVITE", action=checked),
        '<nop hide="true" test="right" next="good"/>',
        send("403 Wrong"),
        receive("ACK"),
        '<nop next="end"/>',
        '<label id="good"/>',
        RINGING,
        PICKED_UP,
        receive("ACK"),
        receive("BYE"),
        send("200 OK", tag=False),
        '<label id="end"/>',
    )
    ear = Ear()
    async with telephone(tmp_path, *steps) as phone, calling(phone.port, recording, ear) as pager:
        assert await pager.submit(dispatch()) == (Submitted(1, PAGE),)
        await until(lambda: len(ear.codes) == 2)
        assert await phone.ended() == 0
    assert header in phone.log()
    assert ear.last.code == "played"
    assert "geheim" not in phone.log()


async def test_a_wrong_password_is_tried_again_and_again(tmp_path: Path, recording: Path) -> None:
    """The second challenge is a refusal: a locked account helps nobody."""
    challenge = '      WWW-Authenticate: Digest realm="sihu.test", algorithm=MD5, nonce="47364c23432d2e131a5fb210812c"'
    denied = (send("401 Who Are You", more=challenge), receive("ACK"))
    ear = Ear()
    async with (
        telephone(tmp_path, receive("INVITE"), *denied, receive("INVITE"), *denied) as phone,
        calling(phone.port, recording, ear) as pager,
    ):
        (result,) = await pager.submit(dispatch())
        assert await phone.ended() == 0
    assert isinstance(result, Refused)
    assert (result.retry, result.code) == (Retry.PERMANENT, "401")
    assert phone.seen("INVITE") == 2


async def test_a_lost_datagram_ends_a_call(tmp_path: Path, recording: Path) -> None:
    """The first INVITE, ringing, the 200, our ACK, our BYE and its answer get lost: the call is held, and held once."""
    steps = (
        receive("INVITE"),
        RINGING,
        send("200 OK", sdp=sound(), retrans=200),
        receive("ACK"),
        receive("BYE"),
        send("200 OK", tag=False),
        pause(1000),  # stays, to answer the second BYE
    )
    lost = (b"INVITE", b"SIP/2.0 180", b"SIP/2.0 200", b"ACK", b"BYE")
    ear = Ear()
    async with (
        telephone(tmp_path, *steps) as phone,
        losing(phone.port, *lost) as (port, left),
        calling(port, recording, ear, reach_seconds=8.0) as pager,
    ):
        assert await pager.submit(dispatch()) == (Submitted(1, PAGE),)
        await until(lambda: len(ear.codes) == 2)
        assert await phone.ended() == 0
    assert left == []
    assert ear.codes == ["answered", "played"]


async def test_the_far_side_hangs_up(tmp_path: Path, recording: Path) -> None:
    """Hung up before the text was said to its end: not delivered."""
    steps = (receive("INVITE", action=CALLER), RINGING, PICKED_UP, receive("ACK"), pause(200), ask("BYE"))
    ear = Ear()
    async with telephone(tmp_path, *steps) as phone, calling(phone.port, recording, ear) as pager:
        await pager.submit(dispatch())
        await until(lambda: len(ear.codes) == 2)
        assert await phone.ended() == 0
    assert (ear.last.code, ear.last.state) == ("hung_up", ReportState.FAILED)


async def test_another_codec_is_noise(tmp_path: Path, recording: Path) -> None:
    """The far side takes µ-law, our second choice: payload type 0 goes out; without any of both we hang up."""
    taken = send("200 OK", sdp=sound(0), retrans=500)
    none = send("200 OK", sdp=sound().replace("AVP 8", "AVP 18"), retrans=500)
    for number, (answer, code) in enumerate(((taken, "played"), (none, "no_sound 200"))):
        folder = tmp_path / str(number)
        folder.mkdir()
        steps = (receive("INVITE"), RINGING, answer, receive("ACK"), receive("BYE"), send("200 OK", tag=False))
        ear = Ear()
        async with telephone(folder, *steps) as phone, calling(phone.port, recording, ear) as pager:
            await pager.submit(dispatch())
            await until(lambda ear=ear: bool(ear.codes) and ear.last.state is not ReportState.ACCEPTED)  # type: ignore[misc]
            assert await phone.ended() == 0
        assert ear.last.code == code


async def test_a_stopping_node_leaves_a_line_open(tmp_path: Path, recording: Path) -> None:
    """The block ends in the middle of a call: BYE goes out."""
    steps = (receive("INVITE"), RINGING, PICKED_UP, receive("ACK"), receive("BYE"), send("200 OK", tag=False))
    ear = Ear()
    async with telephone(tmp_path, *steps) as phone:
        async with calling(phone.port, recording, ear) as pager:
            await pager.submit(dispatch())
            await until(lambda: bool(ear.codes))
        assert await phone.ended() == 0


async def test_a_dead_server_holds_a_page_up(recording: Path) -> None:
    """Nobody listens: after ``reach_seconds`` the next provider's turn has come."""
    ear = Ear()
    async with calling(free_port(), recording, ear, reach_seconds=0.5) as pager:
        began = time.monotonic()
        (result,) = await pager.submit(dispatch())
        assert time.monotonic() - began < 3
    assert isinstance(result, Refused)
    assert (result.retry, result.code) == (Retry.TEMPORARY, "unreachable")


@pytest.mark.parametrize("register", [False, True])
async def test_a_dead_line_looks_ready(tmp_path: Path, recording: Path, register: bool) -> None:  # noqa: FBT001 - a parameter
    """The server answers OPTIONS, or takes our registration after a challenge: ready; then it is gone: not ready."""
    challenge = '      WWW-Authenticate: Digest realm="sihu.test", algorithm=MD5, nonce="47364c23432d2e131a5fb210812c"'
    steps = (
        (receive("REGISTER"), send("401 Who", more=challenge), receive("REGISTER"), send("200 OK"))
        if register
        else (receive("OPTIONS"), send("200 OK"))
    )
    ear = Ear()
    async with (
        telephone(tmp_path, *steps) as phone,
        calling(phone.port, recording, ear, heartbeat_seconds=0.3, register=register) as pager,
    ):
        assert pager.health().ready
        assert await phone.ended() == 0
        await until(lambda: not pager.health().ready)
        assert pager.health().problem
    assert bool(re.search(r"Authorization: Digest", phone.log())) == register
