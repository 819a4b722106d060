"""Files of ``smsd``: numbers, alphabets, reports; and a folder in which others have left their things."""

import asyncio
import os
import time
from pathlib import Path

import pytest

from adapters.clock import SystemClock
from adapters.modem.folders import KEPT_SECONDS
from adapters.modem.spool import ModemPager, ModemSettings
from adapters.modem.spool_files import FILE_MAX_BYTES, dialled, outgoing, plain, read, reported
from schemas.errors import InvariantError
from schemas.pages import Dispatch, Inbound, Medium, Part, Refused, ReportState, Retry

PAGE = "0123456789abcdef" * 2


@pytest.mark.parametrize(
    ("address", "number"),
    [
        ("13900000001", "8613900000001"),
        ("139-0000-0001", "8613900000001"),
        ("+86 139 0000 0001", "8613900000001"),
        ("+8613900000001", "8613900000001"),
        ("0778-8820112", "s07788820112"),
        ("10086", "s10086"),
        ("", None),
        ("139x", None),
        ("1\nTo: 2", None),
        ("1" * 40, None),
    ],
)
def test_a_text_goes_to_another_number(address: str, number: str | None) -> None:
    """Country code for a mobile, plus taken off, others as they are; a line feed would be a second header."""
    assert dialled(address, "86") == number


def test_a_single_text_gets_a_header_of_parts() -> None:
    """One part: none. Several: six octets, each part its own."""
    assert outgoing("1", Part(1, 1, 9, "好")) == b"To: 1\nAlphabet: UCS2\nReport: yes\nAutosplit: 0\n\n\x59\x7d"
    assert b"UDH-DATA: 05 00 03 FF 03 02\n" in outgoing("1", Part(2, 3, 0x1FF, "好"))


@pytest.mark.parametrize(
    ("alphabet", "body", "text"),
    [
        ("UCS2", "收到".encode("utf-16-be"), "收到"),
        ("UTF-8", "收到".encode(), "收到"),
        ("ISO", b"caf\xe9\n", "café"),
        ("", b"\xa4", "€"),
        ("UCS2", b"\x65", "�"),
    ],
)
def test_an_alphabet_is_guessed(alphabet: str, body: bytes, text: str) -> None:
    """Decoded by what the file says, never by what it looks like."""
    head = f"From: 8613900000001\nAlphabet: {alphabet}\n\n" if alphabet else "From: 8613900000001\n\n"
    file = read(head.encode() + body)
    assert file is not None
    assert file.text == text
    assert "8613900000001" not in repr(file)


@pytest.mark.parametrize("content", [b"", b"\n\nx", b"no header", b"From: 1\n\n" + bytes(FILE_MAX_BYTES)])
def test_what_is_no_file_of_smsd_is_heard(content: bytes) -> None:
    """Empty, without headers, too large."""
    assert read(content) is None


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("0,Ok,short message received by the SME", ReportState.DELIVERED),
        ("2,Ok,short message replaced by the SC", ReportState.DELIVERED),
        ("48,Still trying,congestion", ReportState.ACCEPTED),
        ("70,Error,SM validity period expired", ReportState.FAILED),
        ("99,Error,no response from SME", ReportState.FAILED),
    ],
)
def test_a_status_is_misread(status: str, state: ReportState) -> None:
    """Below 32 it is there, below 64 the carrier still tries, above it is given up."""
    text = f"SMS STATUS REPORT\nMessage_id: 117\nDischarge_timestamp: 26-11-30 01:02:03\nStatus: {status}"
    assert reported(text) == ("117", state, status)


@pytest.mark.parametrize(
    "text", ["收到", "SMS STATUS REPORT", "SMS STATUS REPORT\nMessage_id: x\nStatus: 0,Ok", "Status: 0,"]
)
def test_an_answer_is_taken_for_a_report(text: str) -> None:
    """Only a whole report is one."""
    assert reported(text) is None


def test_a_reason_spells_a_number_out() -> None:
    """A modem's words may hold the number."""
    assert plain("cannot send\nto 8613900000001, error 38") == "cannot send to …, error 38"


async def test_foreign_files_are_taken(tmp_path: Path) -> None:
    """Locked, foreign and broken files stay; old sent ones go; nothing is reported of any of them."""
    for name in ("outgoing", "checked", "sent", "failed", "incoming", "report"):
        (tmp_path / name).mkdir()
    old = tmp_path / "own" / "sent" / f"{PAGE}-01"
    old.parent.mkdir(parents=True)
    old.write_text("To: 1\n\n")
    os.utime(old, (time.time() - KEPT_SECONDS - 60,) * 2)
    stay = [
        tmp_path / "sent" / "other-program",
        tmp_path / "failed" / "other-program",
        tmp_path / "incoming" / "broken",
        tmp_path / "incoming" / "GSM1.x",
        tmp_path / "incoming" / "GSM1.x.LOCK",
    ]
    for path in stay:
        path.write_text("From: 1\n\nx" if path.name.startswith("GSM1") else "")
    heard: list[Inbound] = []

    async def hear(one: Inbound) -> None:
        heard.append(one)

    sms = ModemPager(ModemSettings("modem", tmp_path, tmp_path / "own"), clock=SystemClock())
    assert await sms.look_once(hear) == 0
    assert heard == []
    assert all(path.exists() for path in stay)
    assert not old.exists()


async def test_a_bad_number_lies_in_the_spool(tmp_path: Path) -> None:
    """Refused for good, one result for each part, and no file."""
    sms = ModemPager(ModemSettings("modem", tmp_path, tmp_path / "own"), clock=SystemClock())
    parts = (Part(1, 2, 1, "a"), Part(2, 2, 1, "b"))
    results = await sms.submit(Dispatch(page_id=PAGE, medium=Medium.SMS, address="x", text="ab", parts=parts))
    assert [(one.part, one.retry, one.code) for one in results if isinstance(one, Refused)] == [
        (1, Retry.PERMANENT, "number"),
        (2, Retry.PERMANENT, "number"),
    ]
    (result,) = await sms.submit(Dispatch(page_id=PAGE, medium=Medium.SMS, address="139 0000 0001", text="a"))
    assert isinstance(result, Refused)
    assert (result.retry, result.code) == (Retry.TEMPORARY, "spool")


async def test_a_bug_behind_the_ear_is_swallowed(tmp_path: Path) -> None:
    """A crash of whoever listens ends the block, and comes out as what it is."""
    for name in ("outgoing", "checked", "sent", "failed", "incoming", "report"):
        (tmp_path / name).mkdir()
    (tmp_path / "incoming" / "GSM1.a").write_text("From: 8613900000001\n\nx")

    async def hear(_one: Inbound) -> None:
        raise InvariantError("a bug")

    sms = ModemPager(ModemSettings("modem", tmp_path, tmp_path / "own"), clock=SystemClock())
    with pytest.raises(InvariantError, match="a bug"):
        async with sms.running(hear):
            await asyncio.sleep(30)
