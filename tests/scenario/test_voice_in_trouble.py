"""Calls by SIP against SIPp when something is wrong: passwords, lost datagrams, dead servers, a missing voice."""

import asyncio
import re
import shutil
import time
from dataclasses import replace
from pathlib import Path

import pytest

from adapters.clock import SystemClock
from adapters.voice.sip import SipPager
from adapters.voice.sip_line import SipSettings
from adapters.voice.speech import Speaker, SpeechSettings
from schemas.errors import InvariantError, UnavailableError
from schemas.pages import Inbound, Refused, ReportState, Retry, Submitted
from tests.calls import PAGE, PICKED_UP, RINGING, Ear, calling, dispatch, recorded, until
from tests.ports import free_port
from tests.telephones import CALLER, ask, losing, pause, receive, send, sound, telephone


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    """A second of sound."""
    return recorded(tmp_path / "page.wav")


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
    """The first INVITE, the first 200, our first ACK and BYE get lost: the call is held, and held once."""
    steps = (
        receive("INVITE"),
        RINGING,
        send("200 OK", sdp=sound(), retrans=200),
        receive("ACK"),
        receive("BYE"),
        send("200 OK", tag=False),
        pause(1000),  # stays, to answer the second BYE
    )
    lost = (b"INVITE", b"SIP/2.0 200", b"ACK", b"BYE")
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


async def test_the_voice_is_not_installed() -> None:
    """The default command, with a Chinese text: several seconds of sound that is not silence."""
    if shutil.which("espeak-ng") is None:
        pytest.skip("espeak-ng not found: Debian's espeak-ng")
    said = await Speaker(SpeechSettings()).say("荔波县发布暴雨红色预警，请按您的密码签收。")
    samples = memoryview(said).cast("h")
    assert 3 < len(samples) / 8000 < 20
    assert max(samples) > 3000


async def test_a_page_that_cannot_be_called_takes_a_line(tmp_path: Path, recording: Path) -> None:
    """No number: never. All lines taken: later; and a line is free again once its call is over."""
    steps = (receive("INVITE"), RINGING, PICKED_UP, receive("ACK"), receive("BYE"), send("200 OK", tag=False))
    ear = Ear()
    async with telephone(tmp_path, *steps) as phone, calling(phone.port, recording, ear, lines=1) as pager:
        await pager.submit(dispatch())
        other = replace(dispatch("13900000009"), page_id="f" * 32)
        found = [(await pager.submit(one))[0] for one in (replace(other, address="110x"), other)]
        assert [(one.retry, one.code) for one in found if isinstance(one, Refused)] == [
            (Retry.PERMANENT, "number"),
            (Retry.THROTTLED, "lines_busy"),
        ]
        await until(lambda: len(ear.codes) == 2)
        assert await phone.ended() == 0
        (later,) = await pager.submit(other)
        assert isinstance(later, Refused)
        assert later.code == "unreachable"


async def test_a_voice_without_words_calls(recording: Path) -> None:
    """No command and no recording: refused for good, so that the next medium's turn comes at once."""
    ear = Ear()
    async with calling(free_port(), recording, ear, speech=SpeechSettings(command=())) as pager:
        (result,) = await pager.submit(dispatch())
    assert isinstance(result, Refused)
    assert (result.retry, result.code) == (Retry.PERMANENT, "speechless")


async def test_a_report_that_was_not_kept_is_lost(tmp_path: Path, recording: Path) -> None:
    """The store is down for a moment: what was keyed is handed on again until it is kept."""
    steps = (receive("INVITE"), PICKED_UP, receive("ACK"), receive("BYE"), send("200 OK", tag=False))
    ear = Ear()
    failures = [UnavailableError("not kept")]

    async def hear(heard: Inbound) -> None:
        if failures:
            raise failures.pop()
        await ear.hear(heard)

    async with telephone(tmp_path, *steps) as phone:
        settings = SipSettings(
            "trunk",
            "127.0.0.1",
            "07788820110",
            port=phone.port,
            heartbeat_seconds=0,
            plays=1,
            answer_seconds=0.1,
            speech=SpeechSettings((), {"": recording}),
        )
        pager = SipPager(settings, clock=SystemClock())
        async with pager.running(hear):
            await until(lambda: pager.health().ready)
            await pager.submit(dispatch())
            await until(lambda: len(ear.codes) == 2)
    assert ear.codes == ["answered", "played"]


async def test_a_bug_behind_the_ear_is_swallowed(tmp_path: Path, recording: Path) -> None:
    """A crash of whoever listens hangs up, ends the block, and comes out as what it is."""
    steps = (receive("INVITE"), PICKED_UP, receive("ACK"), receive("BYE"), send("200 OK", tag=False))

    class Broken(Ear):
        async def hear(self, heard: Inbound) -> None:
            raise InvariantError(f"a bug at {type(heard).__name__}")

    async def call(port: int) -> None:
        async with calling(port, recording, Broken()) as pager:
            await pager.submit(dispatch())
            await asyncio.sleep(20)

    async with telephone(tmp_path, *steps) as phone:
        with pytest.raises(InvariantError, match="a bug at Report"):
            await call(phone.port)
        assert await phone.ended() == 0
