"""What Alibaba Cloud SMS pushes: reports and replies."""

import json
from datetime import UTC, datetime

import aiohttp
import pytest

from adapters.memory.clock import ManualClock
from adapters.memory.ids import SequentialIds
from adapters.sms.aliyun import AliyunSettings, AliyunSms, read_replies, read_reports
from adapters.sms.inbound_http import InboundHttp, InboundSettings
from adapters.sms.pushes import Push, Read
from schemas.errors import Fault
from schemas.pages import Reply, Report, ReportState
from tests.http_peer import OFFICER, Heard, http_peer, says

NOW = datetime(2026, 3, 3, 23, 0, tzinfo=UTC)


def push(kind: str, document: object, method: str = "POST") -> Push:
    """Return a push as the listener hands it over."""
    return Push(kind, method, "", json.dumps(document).encode(), NOW)


async def test_pushes_are_read_as_documented() -> None:
    """The sample of the vendor's own page, with a number that nobody has."""
    async with aiohttp.ClientSession() as session:
        settings = AliyunSettings("ali", "i", "s", "n", ())
        pager = AliyunSms(settings, session=session, clock=ManualClock(), ids=SequentialIds())
        report = {
            "phone_number": OFFICER,
            "send_time": "2026-03-04 07:00:00",
            "report_time": "2026-03-04 07:00:00",
            "success": True,
            "err_code": "DELIVERED",
            "err_msg": "用户接收成功",
            "sms_size": "1",
            "biz_id": "12345",
            "out_id": "67890",
        }
        failed = report | {"success": False, "err_code": "MK:0001", "out_id": "6"}
        assert pager.read(push("report", [report, failed])) == Read(
            (
                Report("ali", "67890", ReportState.DELIVERED, "DELIVERED", NOW, NOW),
                Report("ali", "6", ReportState.FAILED, "MK:0001", NOW, NOW),
            )
        )
        reply = {
            "phone_number": OFFICER,
            "content": "37收到",
            "send_time": "2026-03-04 07:00:00",
            "dest_code": "37",
            "sequence_id": 1234567890,
        }
        assert pager.read(push("reply", [reply])) == Read((Reply("ali", "1234567890", OFFICER, "37", "37收到", NOW),))
        assert isinstance(pager.read(push("report", [report], "GET")), Fault)


@pytest.mark.parametrize(
    "document",
    [
        {},
        "x",
        1,
        None,
        [{}],
        [1],
        [{"out_id": "", "success": True}],
        [{"out_id": "1"}],
        [{"biz_id": "1", "success": True}],
    ],
)
def test_what_is_no_report_is_refused(document: object) -> None:
    """Believed, it would be a page that counts as delivered."""
    assert isinstance(read_reports(json.dumps(document).encode(), "ali", NOW), Fault)


@pytest.mark.parametrize("document", [{}, [{"phone_number": OFFICER}], [{"phone_number": "x", "content": "37"}]])
def test_what_is_no_reply_is_refused(document: object) -> None:
    """Without a sender nobody answered."""
    assert isinstance(read_replies(json.dumps(document).encode(), "ali", NOW), Fault)


async def test_a_push_comes_in_by_the_listener() -> None:
    """The three rooms must fit: provider, listener, notifier."""
    inbound, heard = InboundHttp(InboundSettings("t" * 32), ManualClock()), Heard()
    async with inbound.running(), http_peer(lambda _: says({"Code": "OK"})) as peer, aiohttp.ClientSession() as session:
        settings = AliyunSettings("ali", "i", "s", "n", (), base_url=peer.url, poll_seconds=0)
        pager = AliyunSms(settings, session=session, clock=ManualClock(), ids=SequentialIds(), inbound=inbound)
        assert (pager.capabilities.reply, pager.capabilities.report) == (True, True)
        async with pager.running(heard):
            reply = [{"phone_number": OFFICER, "content": "收到", "dest_code": "37", "sequence_id": "1"}]
            async with session.post(inbound.address_of("ali", "reply"), json=reply) as answer:
                assert (answer.status, await answer.json()) == (200, {"code": 0, "msg": "接收成功"})
    assert heard.kept == [Reply("ali", "1", OFFICER, "37", "收到", NOW)]
