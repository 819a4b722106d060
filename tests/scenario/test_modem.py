"""SMS by a modem: Debian's ``smsd`` reads our files, makes PDUs of them, and hears what the modem hands in.

The modem is ours, on a pseudo-terminal; no radio. PDUs are compared as bytes with 3GPP TS 23.040.
"""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from adapters.clock import SystemClock
from adapters.modem.spool import ModemPager, ModemSettings
from schemas.errors import UnavailableError
from schemas.pages import Dispatch, Inbound, Medium, Part, Reply, Report, ReportState, Submitted
from tests.modems import FOLDERS, Modem, modem

PAGE = "0123456789abcdef" * 2
NUMBER = "0D91683109000000F1"  # 8613900000001: 13 digits, international, pairs turned round
STAMP = "62110310203023"  # 2026-11-30 01:02:03 +08:00
TEXT = "【环江】荔波县发布暴雨红色预警，请回复37收到。"


class Ear:
    """Keeps what was heard; deaf at first if told so."""

    def __init__(self, deaf_for: int = 0) -> None:
        self.heard: list[Inbound] = []
        self.deaf_for = deaf_for

    async def hear(self, heard: Inbound) -> None:
        if self.deaf_for:
            self.deaf_for -= 1
            raise UnavailableError("not kept")
        self.heard.append(heard)

    def states(self, reference: str) -> list[ReportState]:
        return [one.state for one in self.heard if isinstance(one, Report) and one.reference == reference]


async def until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not is_so():
            await asyncio.sleep(0.05)


def pager(spool: Path, **changes: float) -> ModemPager:
    settings = ModemSettings("modem", spool, spool / "own", **changes)  # type: ignore[arg-type]
    return ModemPager(settings, clock=SystemClock())


def dispatch(*parts: Part, page_id: str = PAGE) -> Dispatch:
    return Dispatch(page_id=page_id, medium=Medium.SMS, address="139 0000 0001", text=TEXT, parts=parts)


@asynccontextmanager
async def running(spool: Path, ear: Ear) -> AsyncIterator[tuple[ModemPager, Modem]]:
    async with modem(spool) as one:
        sms = pager(spool, look_seconds=0.2)
        async with sms.running(ear.hear):
            yield sms, one


async def test_a_long_text_arrives_in_pieces(tmp_path: Path) -> None:
    """UCS-2, one reference, the part's number, a report asked for, no surrogate pair torn; and each part once."""
    first, second = TEXT[:20] + "😀", "😀" + TEXT[20:]
    parts = (Part(1, 2, 7, first), Part(2, 2, 7, second))
    ear = Ear()
    async with running(tmp_path, ear) as (sms, card):
        assert await sms.submit(dispatch(*parts)) == (Submitted(1, f"{PAGE}-01"), Submitted(2, f"{PAGE}-02"))
        await sms.submit(dispatch(*parts))
        await until(lambda: len(card.sent) == 2)
        await until(lambda: len(ear.heard) == 2)
        await sms.submit(dispatch(*parts))
        await asyncio.sleep(2)
        assert sms.health().ready
    assert card.sent == [
        f"007100{NUMBER}0008FF{len(body) // 2:02X}{body}"
        for body in (
            f"050003070201{first.encode('utf-16-be').hex().upper()}",
            f"050003070202{second.encode('utf-16-be').hex().upper()}",
        )
    ]
    assert ear.states(f"{PAGE}-01") == [ReportState.ACCEPTED]
    assert ear.states(f"{PAGE}-02") == [ReportState.ACCEPTED]


async def test_a_report_or_an_answer_is_lost(tmp_path: Path) -> None:
    """A report finds its part by number and message number; an answer is decoded; what was not kept comes again."""
    answer = "37收到".encode("utf-16-be").hex().upper()
    ear = Ear(deaf_for=2)
    async with running(tmp_path, ear) as (sms, card):
        assert await sms.submit(dispatch()) == (Submitted(1, f"{PAGE}-01"),)
        await until(lambda: len(ear.heard) == 1)
        (sent,) = card.sent
        assert sent == f"003100{NUMBER}0008FF{len(TEXT) * 2:02X}{TEXT.encode('utf-16-be').hex().upper()}"
        card.card[1] = f"0006{card.reference:02X}{NUMBER}{STAMP}{STAMP}00"
        card.card[2] = f"0004{NUMBER}0008{STAMP}{len(answer) // 2:02X}{answer}"
        card.card[3] = f"0006EE{NUMBER}{STAMP}{STAMP}46"
        await until(lambda: len(ear.heard) == 4)
        await until(lambda: not [path for name in FOLDERS for path in (tmp_path / name).iterdir()])
    assert ear.states(f"{PAGE}-01") == [ReportState.ACCEPTED, ReportState.DELIVERED]
    assert ear.states("unknown-238") == [ReportState.FAILED]
    (reply,) = (one for one in ear.heard if isinstance(one, Reply))
    assert (reply.provider, reply.sender, reply.text, reply.extension) == ("modem", "8613900000001", "37收到", "")
    assert reply.message_id.startswith("GSM1")


async def test_a_refused_text_looks_sent(tmp_path: Path) -> None:
    """The modem refuses: after smsd's own tries a final report; the same page may then be tried again."""
    ear = Ear()
    async with running(tmp_path, ear) as (sms, card):
        card.refuses = True
        await sms.submit(dispatch())
        await until(lambda: bool(ear.heard))
        (report,) = ear.heard
        assert isinstance(report, Report)
        assert (report.reference, report.state) == (f"{PAGE}-01", ReportState.FAILED)
        assert report.code.startswith("failed")
        card.refuses = False
        await sms.submit(dispatch())
        await until(lambda: len(card.sent) == 1)


async def test_a_dead_smsd_takes_texts(tmp_path: Path) -> None:
    """Nobody empties ``outgoing``: health says so, and says so no more once somebody does."""
    for name in FOLDERS:
        (tmp_path / name).mkdir()
    sms, ear = pager(tmp_path), Ear()
    await sms.submit(dispatch())
    await sms.look_once(ear.hear)
    assert sms.health().ready
    (waiting,) = (tmp_path / "outgoing").iterdir()
    os.utime(waiting, (time.time() - 90, time.time() - 90))
    await sms.look_once(ear.hear)
    assert not sms.health().ready
    assert "smsd" in sms.health().problem
    waiting.unlink()
    await sms.look_once(ear.hear)
    assert sms.health().ready


@pytest.mark.parametrize("missing", ["outgoing", "incoming"])
async def test_a_missing_folder_crashes_the_node(tmp_path: Path, missing: str) -> None:
    """A spool that is not there is no crash: refused for now, and health says why."""
    for name in FOLDERS:
        if name != missing:
            (tmp_path / name).mkdir()
    sms, ear = pager(tmp_path, look_seconds=0.01), Ear()
    async with sms.running(ear.hear):
        await until(lambda: sms.health().problem != "not yet looked")
    assert not sms.health().ready
    assert sms.health().problem == "No such file or directory"
