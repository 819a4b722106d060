"""Tencent Cloud SMS against a server that answers as its documentation says."""

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import aiohttp
import pytest
from aiohttp import web

from adapters.memory.clock import ManualClock
from adapters.sms.inbound_http import InboundHttp, InboundSettings
from adapters.sms.pushes import Push, Read
from adapters.sms.tencent import TencentSettings, TencentSms, read_replies, read_reports
from schemas.errors import Fault
from schemas.pages import Refused, Reply, Report, ReportState, Retry, Submitted
from tests.http_peer import OFFICER, PAGE_ID, Heard, Seen, a_page, http_peer, says

NOW = datetime(2026, 3, 3, 23, 0, tzinfo=UTC)
SENT = {"Code": "Ok", "SerialNo": "5000:1", "PhoneNumber": f"+86{OFFICER}", "Message": "send success"}


def a_pager(
    url: str, session: aiohttp.ClientSession, clock: ManualClock | None = None, **changes: object
) -> TencentSms:
    """Return the adapter towards a server."""
    settings = TencentSettings(
        "ten",
        "key-id",
        "key-secret",
        "1400000001",
        "联络办",
        (("alert", "100"),),
        base_url=url,
        **changes,  # type: ignore[arg-type]
    )
    return TencentSms(settings, session=session, clock=clock or ManualClock())


def response(**fields: object) -> web.Response:
    """Return an answer in the vendor's wrapping."""
    return says({"Response": {"RequestId": "r", **fields}})


async def until(true: Callable[[], bool]) -> None:
    """Let real sockets work until something is so."""
    async with asyncio.timeout(10):
        while not true():
            await asyncio.sleep(0.01)


async def test_a_page_goes_out_by_template() -> None:
    """Variables go by place there, not by name: a wrong order tells the wrong place."""
    async with http_peer(lambda _: response(SendStatusSet=[SENT])) as peer, aiohttp.ClientSession() as session:
        pager = a_pager(peer.url, session, extension=True)
        assert await pager.submit(a_page()) == (Submitted(1, "5000:1"),)
    assert peer.last.json == {
        "PhoneNumberSet": [f"+86{OFFICER}"],
        "SmsSdkAppId": "1400000001",
        "SignName": "联络办",
        "TemplateId": "100",
        "TemplateParamSet": ["一级", "37"],
        "SessionContext": PAGE_ID,
        "ExtendCode": "37",
    }
    named = {name: peer.last.headers[f"x-tc-{name}"] for name in ("action", "version", "region", "timestamp")}
    stamp = str(int(NOW.timestamp()))
    assert named == {"action": "SendSms", "version": "2021-01-11", "region": "ap-guangzhou", "timestamp": stamp}


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        (
            {"SendStatusSet": [SENT | {"Code": "InvalidParameterValue.IncorrectPhoneNumber"}]},
            (Retry.PERMANENT, "InvalidParameterValue.IncorrectPhoneNumber"),
        ),
        (
            {"SendStatusSet": [SENT | {"Code": "LimitExceeded.PhoneNumberThirtySecondLimit"}]},
            (Retry.THROTTLED, "LimitExceeded.PhoneNumberThirtySecondLimit"),
        ),
        (
            {"Error": {"Code": "AuthFailure.SignatureFailure", "Message": "m"}},
            (Retry.TEMPORARY, "AuthFailure.SignatureFailure"),
        ),
        ({"Error": {"Code": "RequestLimitExceeded", "Message": "m"}}, (Retry.THROTTLED, "RequestLimitExceeded")),
        ({"Error": {}}, (Retry.TEMPORARY, "none")),
        ({"SendStatusSet": []}, (Retry.TEMPORARY, "unreadable")),
        ({"SendStatusSet": [SENT | {"SerialNo": ""}]}, (Retry.TEMPORARY, "unreadable")),
    ],
)
async def test_a_refusal_says_what_to_do(fields: dict[str, object], expected: tuple[Retry, str]) -> None:
    """The vendor answers 200 to everything: what counts stands inside, in two places."""
    async with http_peer(lambda _: response(**fields)) as peer, aiohttp.ClientSession() as session:
        (result,) = await a_pager(peer.url, session).submit(a_page())
    assert isinstance(result, Refused)
    assert (result.retry, result.code) == expected


async def test_the_balance_that_ran_out_shows_in_health() -> None:
    """It stands with the number, not with the call: easily taken for the number's own trouble."""
    status = SENT | {"Code": "FailedOperation.InsufficientBalanceInSmsPackage", "Message": f"for +86{OFFICER}"}
    async with http_peer(lambda _: response(SendStatusSet=[status])) as peer, aiohttp.ClientSession() as session:
        pager = a_pager(peer.url, session)
        (result,) = await pager.submit(a_page())
        problem = pager.health().problem
    assert isinstance(result, Refused)
    assert problem.startswith("FailedOperation.InsufficientBalance")
    assert OFFICER not in problem + result.text


def report_of(number: int, status: str = "SUCCESS") -> dict[str, object]:
    """Return one record of PullSmsSendStatus."""
    return {
        "UserReceiveTime": int(NOW.timestamp()),
        "CountryCode": "86",
        "SubscriberNumber": OFFICER,
        "PhoneNumber": f"+86{OFFICER}",
        "SerialNo": f"5000:{number}",
        "ReportStatus": status,
        "Description": "DELIVRD" if status == "SUCCESS" else "UNDELIV",
        "SessionContext": PAGE_ID,
    }


class Queue:
    """The vendor's queues: what is pulled is gone there."""

    def __init__(self, reports: int, replies: list[str]) -> None:
        """Fill them."""
        self.reports = [report_of(n) for n in range(reports)]
        self.replies = [
            {
                "CountryCode": "86",
                "SubscriberNumber": OFFICER,
                "PhoneNumber": f"+86{OFFICER}",
                "SignName": "联络办",
                "ExtendCode": "37",
                "ReplyContent": text,
                "ReplyTime": int(NOW.timestamp()),
            }
            for text in replies
        ]
        self.asked: list[str] = []
        self.by_number: list[object] = []

    def __call__(self, seen: Seen) -> web.Response:
        """Answer a pull."""
        action, most = seen.headers["x-tc-action"], int(seen.json["Limit"])
        self.asked.append(action)
        if action == "PullSmsSendStatus":
            taken, self.reports = self.reports[:most], self.reports[most:]
            return response(PullSmsSendStatusSet=taken)
        if action == "PullSmsReplyStatus":
            texts, self.replies = self.replies[:most], self.replies[most:]
            return response(PullSmsReplyStatusSet=texts)
        if action == "PullSmsSendStatusByPhoneNumber":
            self.by_number.append({name: seen.json[name] for name in ("PhoneNumber", "BeginTime", "Offset")})
            return response(PullSmsSendStatusSet=[report_of(7)])
        return response()


async def test_what_a_pull_takes_out_is_handed_over_though_the_store_fails() -> None:
    """It will not come again: given up, a reply 收到 is lost and the leader is called for nothing."""
    queue, clock, heard = Queue(3, ["37收到"]), ManualClock(), Heard(refusing=2)
    async with http_peer(queue) as peer, aiohttp.ClientSession() as session:
        pager = a_pager(peer.url, session, clock)
        async with pager.running(heard):
            await until(lambda: heard.refusing == 1)
            assert heard.kept == []
            await clock.move(1)
            assert heard.refusing == 0
            await clock.move(1)
            await until(lambda: len(heard.kept) == 4)
            assert pager.health().ready
    states = [one.state for one in heard.kept if isinstance(one, Report)]
    assert states == [ReportState.DELIVERED] * 3
    (reply,) = (one for one in heard.kept if isinstance(one, Reply))
    assert (reply.sender, reply.extension, reply.text, reply.message_id) == (f"+86{OFFICER}", "37", "37收到", "")


async def test_a_full_pull_is_followed_at_once() -> None:
    """A hundred a poll would be 33 a second: 10,000 reports would take five minutes."""
    queue, heard = Queue(350, []), Heard()
    async with (
        http_peer(queue) as peer,
        aiohttp.ClientSession() as session,
        a_pager(peer.url, session, ManualClock()).running(heard),
    ):
        await until(lambda: len(heard.kept) == 350)
    assert queue.asked.count("PullSmsSendStatus") == 4, "without any time passing"


async def test_a_report_that_a_crash_ate_is_asked_for_by_its_number() -> None:
    """The queue there is empty: pulled and not kept, it would count as lost, and the next medium rings for nothing."""
    queue, clock, heard = Queue(0, []), ManualClock(), Heard()
    async with http_peer(queue) as peer, aiohttp.ClientSession() as session:
        pager = a_pager(peer.url, session, clock)
        pager.expect("5000:7", OFFICER, NOW)
        pager.expect("5000:6", f"+86{OFFICER}", NOW - timedelta(minutes=5))
        pager.expect("5000:5", "no number", NOW)
        async with pager.running(heard):
            await until(lambda: bool(heard.kept))
            await clock.move(3)
            await until(lambda: queue.asked.count("PullSmsSendStatus") == 2)
    assert heard.kept == [Report("ten", "5000:7", ReportState.DELIVERED, "DELIVRD", NOW, NOW)]
    since = int((NOW - timedelta(minutes=5)).timestamp())
    assert queue.by_number == [{"PhoneNumber": f"+86{OFFICER}", "BeginTime": since, "Offset": 0}], "once"


async def test_who_gets_pushes_pulls_nothing() -> None:
    """A heartbeat by a pull would take reports out of a queue that nobody else reads."""
    queue, clock = Queue(3, ["37"]), ManualClock()
    async with http_peer(queue) as peer, aiohttp.ClientSession() as session:
        pager = a_pager(peer.url, session, clock, poll_seconds=0)
        async with pager.running(Heard()):
            await until(lambda: pager.health().ready)
            await clock.move(60)
            await until(lambda: len(queue.asked) == 2)
    assert set(queue.asked) == {"SendStatusStatistics"}
    assert (len(queue.reports), len(queue.replies)) == (3, 1)


async def test_pushes_are_read_as_documented() -> None:
    """The samples of the vendor's own pages, with a number that nobody has."""
    report = {
        "user_receive_time": "2026-03-04 07:00:00",
        "nationcode": "86",
        "mobile": OFFICER,
        "report_status": "FAIL",
        "errmsg": "UNDELIV",
        "description": "用户短信送达失败",
        "sid": "5000:1",
    }
    reply = {
        "extend": "37",
        "mobile": OFFICER,
        "nationcode": "86",
        "sign": "联络办",
        "text": "收到",
        "time": 1457336869,
    }
    inbound, heard = InboundHttp(InboundSettings("t" * 32), ManualClock()), Heard()
    async with inbound.running(), http_peer(lambda _: response()) as peer, aiohttp.ClientSession() as session:
        settings = TencentSettings("ten", "i", "s", "1", "n", (), base_url=peer.url, poll_seconds=0)
        async with TencentSms(settings, session=session, clock=ManualClock(), inbound=inbound).running(heard):
            for kind, document in (("report", [report]), ("reply", reply)):
                async with session.post(inbound.address_of("ten", kind), json=document) as answer:
                    assert (answer.status, await answer.json()) == (200, {"result": 0, "errmsg": "OK"})
    assert heard.kept == [
        Report("ten", "5000:1", ReportState.FAILED, "UNDELIV", NOW, NOW),
        Reply("ten", "", f"+86{OFFICER}", "37", "收到", NOW),
    ]


@pytest.mark.parametrize(
    "document", [{}, [{}], [1], "x", None, [{"sid": "1"}], [{"sid": "1", "report_status": "MAYBE"}]]
)
def test_what_is_no_report_is_refused(document: object) -> None:
    """Believed, it would be a page that counts as delivered."""
    assert isinstance(read_reports(json.dumps(document).encode(), "ten", NOW), Fault)
    assert isinstance(read_replies(json.dumps(document).encode(), "ten", NOW), Fault)


async def test_a_get_is_no_push() -> None:
    """A browser that finds the address must not say anything."""
    async with aiohttp.ClientSession() as session:
        assert isinstance(a_pager("https://example.org", session).read(Push("report", "GET", "", b"[]", NOW)), Fault)
        assert a_pager("https://example.org", session).read(Push("report", "POST", "", b"[]", NOW)) == Read(())


@pytest.mark.parametrize(
    ("changes", "code"), [({"address": "075512345678"}, "address"), ({"template": "offer"}, "template")]
)
async def test_what_cannot_be_sent_is_not_tried(changes: dict[str, str], code: str) -> None:
    """Each attempt costs time that the next medium could have used."""
    async with http_peer(lambda _: response(SendStatusSet=[SENT])) as peer, aiohttp.ClientSession() as session:
        (result,) = await a_pager(peer.url, session).submit(a_page(**changes))
    assert isinstance(result, Refused)
    assert (result.retry, result.code, peer.seen) == (Retry.PERMANENT, code, [])


def test_no_secret_stands_in_a_representation() -> None:
    """Settings end up in a log line when somebody debugs a start."""
    assert "key-secret" not in repr(TencentSettings("ten", "key-id", "key-secret", "1", "n", ()))
