"""Fax: what HylaFAX 6 makes of our pages, from hfaxd to the queue, the conversion by Ghostscript, and faxq's verdicts.

No modem and no line: the dialling program is a script of ours.
"""

import asyncio
import subprocess
from collections.abc import AsyncIterator, Callable
from datetime import datetime
from pathlib import Path

import pytest

from adapters.clock import SystemClock
from adapters.fax.hylafax import HylafaxPager, HylafaxSettings
from schemas.pages import (
    Attachment,
    Dispatch,
    Inbound,
    Medium,
    Refused,
    Report,
    ReportState,
    Retry,
    Submitted,
)
from tests.faxes import FAILED, SENT, FaxServer, fax_server, needed
from tests.ports import free_port

PAGE = "0123456789abcdef" * 2
NUMBER = "0778-8820112"


@pytest.fixture(scope="module")
def pdf() -> bytes:
    """A sheet as it is printed."""
    needed()
    try:
        from adapters.pdf.printer import PdfPrinter  # noqa: PLC0415 - needs pango
    except OSError as exc:
        pytest.skip(f"pango is not installed: {exc}")
    return asyncio.run(PdfPrinter().render("<h1>【演练】</h1><p>环江 0778</p>"))


@pytest.fixture
async def server() -> AsyncIterator[FaxServer]:
    async with fax_server() as running:
        yield running


def dispatch(pdf: bytes, page_id: str = PAGE, **changes: object) -> Dispatch:
    document = Attachment("page.pdf", "application/pdf", pdf)
    given: dict[str, object] = {
        "page_id": page_id,
        "medium": Medium.FAX,
        "address": NUMBER,
        "text": "",
        "attachment": document,
    }
    return Dispatch(**(given | changes))  # type: ignore[arg-type]


def pager(port: int, **changes: object) -> HylafaxPager:
    settings = HylafaxSettings("fax-room", port=port, **changes)  # type: ignore[arg-type]
    return HylafaxPager(settings, clock=SystemClock())


class Ear:
    """Keeps what was heard."""

    def __init__(self) -> None:
        self.reports: list[Report] = []

    async def hear(self, heard: Inbound) -> None:
        assert isinstance(heard, Report)
        assert isinstance(heard.heard_at, datetime)
        self.reports.append(heard)


def tiffinfo(path: Path) -> str:
    return subprocess.run(["tiffinfo", str(path)], capture_output=True, text=True, check=False, timeout=20).stdout


async def until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not is_so():
            await asyncio.sleep(0.05)


async def test_the_fax_in_the_queue_is_another_than_ours(server: FaxServer, pdf: bytes) -> None:
    """The number, the tag and every byte of the document lie in HylaFAX's queue."""
    fax = pager(server.port)
    assert await fax.submit(dispatch(pdf)) == (Submitted(1, PAGE),)
    (job,) = server.jobs()
    assert (job["number"], job["jobtag"], job["jobtype"]) == ("07788820112", PAGE, "facsimile")
    assert (job["resolution"], job["maxdials"], job["notify"]) == ("196", "6", "none")
    assert int(job["killtime"]) - int(job["tts"]) == pytest.approx(30 * 60, abs=30)  # the clock goes on in between
    assert [path.read_bytes() for path in server.documents()] == [pdf]
    assert fax.health().ready


async def test_a_crash_after_the_submission_doubles_the_fax(server: FaxServer, pdf: bytes) -> None:
    """The same page again, by a node that does not know it had handed it over: still one job."""
    assert await pager(server.port).submit(dispatch(pdf)) == (Submitted(1, PAGE),)
    assert await pager(server.port).submit(dispatch(pdf)) == (Submitted(1, PAGE),)
    other = "f" * 32
    assert await pager(server.port).submit(dispatch(pdf, other)) == (Submitted(1, other),)
    assert sorted(job["jobtag"] for job in server.jobs()) == [PAGE, other]


async def test_a_sent_fax_is_never_reported(server: FaxServer, pdf: bytes) -> None:
    """Done is reported, under the page's id, and once only."""
    fax, ear = pager(server.port), Ear()
    server.attach(SENT)
    await fax.submit(dispatch(pdf))
    await until(lambda: bool(server.jobs()) and server.jobs()[0]["state"] == "7")
    assert await fax.look_once(ear.hear) == 1
    assert await fax.look_once(ear.hear) == 0
    (report,) = ear.reports
    assert (report.provider, report.reference, report.state) == ("fax-room", PAGE, ReportState.DELIVERED)
    assert report.code.startswith("DONE")


async def test_the_fax_has_other_measures_than_a_machine_takes(server: FaxServer, pdf: bytes) -> None:
    """A4, 1,728 dots wide, 196 lines to the inch, black and white: read by another program than wrote it."""
    await pager(server.port).submit(dispatch(pdf))
    server.attach(SENT)
    await until(lambda: bool(server.jobs()) and server.jobs()[0]["state"] == "7")
    (fax,) = (server.spool / "log").glob("doc*")
    said = tiffinfo(fax)
    assert "Image Width: 1728" in said
    assert "196 pixels/inch" in said
    assert "CCITT Group" in said


async def test_a_failed_fax_looks_delivered(server: FaxServer, pdf: bytes) -> None:
    """Nobody answers: HylaFAX gives up, and the report is final; a new try of the same page makes a new job."""
    fax, ear = pager(server.port), Ear()
    server.attach(FAILED)
    await fax.submit(dispatch(pdf))
    await until(lambda: bool(server.jobs()) and server.jobs()[0]["state"] == "8")
    await fax.look_once(ear.hear)
    assert [(one.reference, one.state) for one in ear.reports] == [(PAGE, ReportState.FAILED)]
    await fax.submit(dispatch(pdf))
    assert len(server.jobs()) == 2


async def test_a_restarted_node_forgets_its_faxes(server: FaxServer, pdf: bytes) -> None:
    """Its own loop finds the job of the node before it, though it never submitted it; foreign jobs it leaves alone."""
    server.attach(SENT)
    await pager(server.port).submit(dispatch(pdf))
    await until(lambda: bool(server.jobs()) and server.jobs()[0]["state"] == "7")
    ear = Ear()
    after = pager(server.port, poll_seconds=0.1)
    async with after.running(ear.hear):
        await until(lambda: bool(ear.reports))
        assert after.health().ready
    assert [one.reference for one in ear.reports] == [PAGE]


async def test_a_wrong_password_is_tried_for_ever(pdf: bytes) -> None:
    """Refused by the server itself: permanent, with its own code, and health says so."""
    async with fax_server("^sihu@127.0.0.1$:21:uGSyw3SP7s2Tc:\n") as server:
        fax = pager(server.port, password="wrong")  # noqa: S106 - no secret: it is the wrong one
        (result,) = await fax.submit(dispatch(pdf))
        assert isinstance(result, Refused)
        assert (result.retry, result.code) == (Retry.PERMANENT, "530")
        assert not fax.health().ready
        assert server.jobs() == []


async def test_a_dead_queue_takes_faxes(server: FaxServer, pdf: bytes) -> None:
    """The server answers and faxq is dead: the job is refused, and the refusal is no success."""
    server.queue.kill()
    server.queue.wait()
    (result,) = await pager(server.port).submit(dispatch(pdf))
    assert isinstance(result, Refused), result


async def test_a_server_that_is_not_there_is_a_crash(pdf: bytes) -> None:
    """Nobody listens: temporary, and the loop goes on looking."""
    fax, ear = pager(free_port(), poll_seconds=0.01), Ear()
    (result,) = await fax.submit(dispatch(pdf))
    assert isinstance(result, Refused)
    assert (result.retry, result.code) == (Retry.TEMPORARY, "unreachable")
    async with fax.running(ear.hear):
        await asyncio.sleep(0.05)
    assert not fax.health().ready
    assert fax.health().problem
