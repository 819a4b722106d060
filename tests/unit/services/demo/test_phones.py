"""The far side of the spool folders, met by the adapter that a node has for ``smsd``."""

import asyncio
from collections.abc import Callable
from pathlib import Path

from adapters.clock import SystemClock
from adapters.modem.spool import ModemPager, ModemSettings
from schemas.pages import Dispatch, Inbound, Medium, Reply, Report, ReportState, Submitted
from services.demo.phones import Phones

PAGE = "0123456789abcdef" * 2
PHONE = "13900000001"
TEXT = "【环江应急】荔波发2级预警：荔波，暴雨。回复37收到。"


async def until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not is_so():
            await asyncio.sleep(0.01)


async def test_an_sms_rings_is_reported_and_answered(tmp_path: Path) -> None:
    """What stands for smsd, modem and telephone must leave the files that smsd leaves, or the play shows nothing."""
    rang: list[tuple[str, str]] = []
    heard: list[Inbound] = []

    async def hear(inbound: Inbound) -> None:
        heard.append(inbound)

    phones = Phones(tmp_path, lambda number, text: rang.append((number, text)))
    pager = ModemPager(ModemSettings("modem", tmp_path, tmp_path / "own", look_seconds=0.1), clock=SystemClock())
    async with phones.opened(), pager.running(hear):
        dispatch = Dispatch(page_id=PAGE, medium=Medium.SMS, address="139 0000 0001", text=TEXT, parts=())
        assert await pager.submit(dispatch) == (Submitted(1, f"{PAGE}-01"),)
        await phones.answer(PHONE, "37", "收到")
        await until(lambda: len(heard) == 3)
        assert pager.health().ready
    assert rang == [(PHONE, TEXT)]
    states = [one.state for one in heard if isinstance(one, Report) and one.reference == f"{PAGE}-01"]
    assert states == [ReportState.ACCEPTED, ReportState.DELIVERED]
    (reply,) = (one for one in heard if isinstance(one, Reply))
    assert (reply.sender, reply.text) == (f"86{PHONE}", "37 收到")


async def test_two_answers_are_two(tmp_path: Path) -> None:
    """A reply whose file has the name of an earlier one is taken for that one, and nothing comes of it."""
    phones = Phones(tmp_path, lambda *_: None)
    async with phones.opened():
        (tmp_path / "outgoing" / "a").write_bytes(f"To: 86{PHONE}\n\n".encode() + TEXT.encode("utf-16-be"))
        await asyncio.wait_for(phones.answer(PHONE, "37", "收到"), 20)
        await asyncio.wait_for(phones.answer(PHONE, "37", "处置"), 20)
    assert len(list((tmp_path / "incoming").iterdir())) == 2


async def test_nobody_answers_what_has_not_come(tmp_path: Path) -> None:
    """Another's SMS, or another code, is not the one."""
    phones = Phones(tmp_path, lambda *_: None)
    async with phones.opened():
        (tmp_path / "outgoing" / "a").write_bytes(b"To: 8613900000002\n\n" + TEXT.encode("utf-16-be"))
        answering = asyncio.create_task(phones.answer(PHONE, "37", "收到"))
        await until(lambda: any((tmp_path / "sent").iterdir()))
        await asyncio.sleep(0.2)
        assert not answering.done()
        answering.cancel()
    assert not list((tmp_path / "incoming").iterdir())
