"""The fax pager against servers that speak nonsense: every outcome is a value, and none takes for ever."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

import pytest

from adapters.fax.hfaxd import Job, JobState, jobs_of
from adapters.fax.hylafax import PDF_MAX_BYTES, HylafaxPager, HylafaxSettings
from adapters.memory.clock import ManualClock
from schemas.pages import Attachment, Dispatch, Medium, Refused, Retry

PAGE = "0123456789abcdef" * 2
PDF = Attachment("page.pdf", "application/pdf", b"%PDF-1.7\n")


def dispatch(address: str = "0778-8820112", document: Attachment | None = PDF) -> Dispatch:
    return Dispatch(page_id=PAGE, medium=Medium.FAX, address=address, text="", attachment=document)


def pager(port: int, timeout_seconds: float = 5) -> HylafaxPager:
    settings = HylafaxSettings("fax-room", port=port, timeout_seconds=timeout_seconds, password="not shown")  # noqa: S106
    return HylafaxPager(settings, clock=ManualClock())


@asynccontextmanager
async def speaking(lines: Iterable[bytes], *, then_close: bool = True) -> AsyncIterator[int]:
    """Serve one greeting and the same answers to whatever comes."""
    answers = list(lines)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for answer in answers:
            writer.write(answer)
            await writer.drain()
            if not await reader.read(200):
                break
        while not then_close and await reader.read(200):
            pass
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


@pytest.mark.parametrize(
    ("address", "document", "code"),
    [
        ("", PDF, "number"),
        ("0778-88201xx", PDF, "number"),
        ("0778-8820112\r\nQUIT", PDF, "number"),
        ("1" * 40, PDF, "number"),
        ("0778-8820112", None, "document"),
        ("0778-8820112", Attachment("x", "text/plain", b"%PDF-"), "document"),
        ("0778-8820112", Attachment("x", "application/pdf", b"<html>"), "document"),
        ("0778-8820112", Attachment("x", "application/pdf", b"%PDF-" + bytes(PDF_MAX_BYTES)), "document"),
    ],
)
async def test_nonsense_reaches_the_server(address: str, document: Attachment | None, code: str) -> None:
    """What can never be faxed is refused here, for good; a number is no place for a command."""
    (result,) = await pager(1).submit(dispatch(address, document))
    assert isinstance(result, Refused)
    assert (result.retry, result.code) == (Retry.PERMANENT, code)


@pytest.mark.parametrize(
    "answers",
    [
        [b""],
        [b"garbage\r\n" * 300],
        [b"220-\r\n" * 300],
        [b"x" * 20_000],
        [b"220 ready\r\n", b"999 what\r\n"],
        [b"220 ready\r\n", b"230 in\r\n", b"200 ok\r\n", b"200 ok\r\n", b"200 ok\r\n", b"229 (|||99999|)\r\n"],
        [b"220 ready\r\n", b"230 in\r\n", b"200 ok\r\n", b"200 ok\r\n", b"200 ok\r\n", b"229 nothing\r\n"],
        [b"421 too many\r\n"],
    ],
)
async def test_a_broken_server_breaks_us(answers: list[bytes]) -> None:
    """Endless replies, no reply, replies of another protocol: temporary, with health saying so."""
    async with speaking(answers) as port:
        fax = pager(port, timeout_seconds=0.5)
        (result,) = await fax.submit(dispatch())
    assert isinstance(result, Refused)
    assert result.retry is Retry.TEMPORARY
    assert not fax.health().ready


async def test_a_silent_server_holds_a_page_up() -> None:
    """Connected and never answered: the whole session has its time."""
    async with speaking([], then_close=False) as port:
        (result,) = await pager(port, timeout_seconds=0.1).submit(dispatch())
    assert isinstance(result, Refused)
    assert (result.retry, result.code) == (Retry.TEMPORARY, "timeout")


async def test_a_refusal_spells_a_number_out() -> None:
    """The server repeats what it was given; a telephone number must not stand in a log."""
    async with speaking([b"220 ready\r\n", b"530 no user at 0778-8820112 here\r\n"]) as port:
        fax = pager(port)
        (result,) = await fax.submit(dispatch())
    assert isinstance(result, Refused)
    assert (result.retry, result.code) == (Retry.PERMANENT, "530")
    assert "8820112" not in repr(result) + repr(fax.health())
    assert "not shown" not in repr(HylafaxSettings("a", password="not shown"))  # noqa: S106


def test_a_listing_is_taken_at_its_word() -> None:
    """Lines of another form are passed over, a state that we do not know is undefined, the status may hold bars."""
    listing = f"1|D|{PAGE}|4|\r\nrubbish\n7|S|{PAGE}|x|No carrier | again\n8|!|tag|99999999999|\n²|D|a|0|\n|D|a|0|\n"
    assert list(jobs_of(listing)) == [
        Job("1", JobState.DONE, PAGE, 4, ""),
        Job("7", JobState.SLEEPING, PAGE, 0, "No carrier | again"),
        Job("8", JobState.UNDEFINED, "tag", 0, ""),
    ]
