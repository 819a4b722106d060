"""Neither secrets nor numbers are shown; settings that cannot be right are refused by name."""

import asyncio
import logging
from typing import Any

import pytest
import structlog

from adapters.memory.clock import ManualClock
from adapters.sms.smpp_pdu import Command, parse_message
from adapters.sms.smpp_status import Status
from schemas.errors import RequestError
from tests.scripted_smsc import (
    PASSWORD,
    from_officer,
    pager_of,
    played_on,
    read_message,
    scripted_smsc,
    settings,
    sms,
    until,
)


async def test_neither_password_nor_number_is_shown(caplog: pytest.LogCaptureFixture) -> None:
    """A log goes to many eyes."""
    caplog.set_level(logging.DEBUG)
    with structlog.testing.capture_logs() as lines:
        async with scripted_smsc() as smsc, played_on(smsc) as played:
            line = await smsc.line()
            asked = await line.read(Command.BIND_TRANSCEIVER)
            line.answer(asked, Status.ESME_RINVPASWD)
            await until(lambda: "refused" in played.pager.health().problem)
            await played.clock.move(60)
            line = await smsc.bound()
            await until(lambda: played.pager.health().ready)
            submitting = asyncio.create_task(played.pager.submit(sms("一")))
            sent = await line.read(Command.SUBMIT_SM)
            line.answer(sent, Status.ESME_RINVDSTADR)
            result = await submitting
            line.deliver(from_officer(b"\xff" * 9, 4))
            await line.any()
            line.write(b"\0\0\0\1")
            await line.closed()
            await until(lambda: "no SMPP" in played.pager.health().problem)
            message = read_message(sent, parse_message)
            shown = repr((asked, sent, message, settings(1), result, played.pager.health(), sms("一")))
    assert [one["event"] for one in lines] == ["smpp.bind_refused", "smpp.bound", "smpp.unreadable", "smpp.lost"]
    everything = shown + repr(lines) + caplog.text
    assert PASSWORD not in everything
    assert "13900000001" not in everything
    assert lines[0]["status"] == "ESME_RINVPASWD"


async def test_the_same_trouble_is_logged_once() -> None:
    """A carrier that is down over a weekend would fill the disk."""
    with structlog.testing.capture_logs() as lines:
        async with scripted_smsc() as smsc, played_on(smsc) as played:
            for known in range(1, 5):
                line = await smsc.line()
                line.answer(await line.read(Command.BIND_TRANSCEIVER), Status.ESME_RSYSERR)
                await line.closed()
                await until(lambda: "refused" in played.pager.health().problem)
                while smsc.connections == known:
                    await played.clock.move(1)
    assert [one["event"] for one in lines] == ["smpp.bind_refused"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("host", "a..b"),
        ("host", ""),
        ("host", "smsc example"),
        ("port", 0),
        ("system_id", ""),
        ("system_id", "s" * 16),
        ("password", "p" * 33),
        ("password", "密"),
        ("system_type", "t" * 13),
        ("number", "1069-1"),
        ("number", "1" * 19),
        ("window", 0),
        ("enquire_seconds", 0.5),
        ("timeout_seconds", 1e9),
        ("join_seconds", -1),
        ("validity_seconds", 8 * 86400),
        ("utc_offset_hours", 15),
    ],
)
def test_settings_that_cannot_be_right_are_refused_by_name(field: str, value: Any) -> None:  # noqa: ANN401 - as wrong as can be
    """A typo that only shows when the first alert comes."""
    with pytest.raises(RequestError) as refused:
        pager_of(2775, ManualClock(), **{field: value})
    assert {fault.field for fault in refused.value.faults} == {field}
    assert refused.value.fault.code == "smpp.setting"
