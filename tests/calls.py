"""What the tests of calls share: a pager with a recording for its voice, and an ear that keeps what was heard."""

import asyncio
import wave
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from adapters.clock import SystemClock
from adapters.voice.sip import SipPager
from adapters.voice.sip_line import SipSettings
from adapters.voice.speech import SpeechSettings
from schemas.pages import Dispatch, Inbound, Keyed, Medium, Report
from tests.telephones import send, sound

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


def recorded(path: Path) -> Path:
    """Write a second of sound, to stand in the place of a voice."""
    with wave.open(str(path), "wb") as written:
        written.setparams((1, 2, 8000, 0, "NONE", ""))
        samples = (number * 321 % 20_000 - 10_000 for number in range(8000))
        written.writeframes(b"".join(sample.to_bytes(2, "little", signed=True) for sample in samples))
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
