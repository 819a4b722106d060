"""Alibaba Cloud SMS against a server that answers as its documentation says."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl

import aiohttp
import pytest
from aiohttp import web

from adapters.memory.clock import ManualClock
from adapters.memory.ids import SequentialIds
from adapters.sms.aliyun import WAITING_MAX, AliyunSettings, AliyunSms, read_detail
from adapters.sms.calling import ANSWER_MAX_BYTES
from schemas.errors import RequestError
from schemas.pages import Refused, Report, ReportState, Retry, Submitted
from tests.http_peer import OFFICER, PAGE_ID, Cut, Heard, Peer, Seen, a_page, http_peer, says

NOW = datetime(2026, 3, 3, 23, 0, tzinfo=UTC)
SENT = {"Code": "OK", "Message": "OK", "BizId": "9006^0", "RequestId": "r"}


def a_pager(url: str, session: aiohttp.ClientSession, clock: ManualClock | None = None, **changes: object) -> AliyunSms:
    """Return the adapter towards a server."""
    settings = AliyunSettings(
        "ali",
        "key-id",
        "key-secret",
        "联络办",
        (("alert", "SMS_1"),),
        base_url=url,
        **changes,  # type: ignore[arg-type]
    )
    return AliyunSms(settings, session=session, clock=clock or ManualClock(), ids=SequentialIds())


def query_of(seen: Seen) -> dict[str, str]:
    """Return what stood in the address of a request."""
    return dict(parse_qsl(seen.query, keep_blank_values=True))


@asynccontextmanager
async def answering(answers: Callable[[Seen], web.StreamResponse]) -> AsyncIterator[tuple[Peer, aiohttp.ClientSession]]:
    """Run a server and a client."""
    async with http_peer(answers) as peer, aiohttp.ClientSession() as session:
        yield peer, session


async def test_a_page_goes_out_by_template() -> None:
    """A gateway of templates refuses free text, and a page without its code cannot be answered."""
    async with answering(lambda _: says(SENT)) as (peer, session):
        pager = a_pager(peer.url, session, extension=True)
        assert await pager.submit(a_page(address=f"+86{OFFICER}")) == (Submitted(1, PAGE_ID),)
    assert (peer.last.method, peer.last.path, peer.last.body) == ("POST", "/", b"")
    assert query_of(peer.last) == {
        "PhoneNumbers": OFFICER,
        "SignName": "联络办",
        "TemplateCode": "SMS_1",
        "TemplateParam": '{"level":"一级","code":"37"}',
        "SmsUpExtendCode": "37",
        "OutId": PAGE_ID,
    }
    assert peer.last.headers["x-acs-date"] == "2026-03-03T23:00:00Z"


@pytest.mark.parametrize(
    ("document", "status", "expected"),
    [
        ({"Code": "isv.MOBILE_NUMBER_ILLEGAL", "Message": "号码"}, 200, (Retry.PERMANENT, "isv.MOBILE_NUMBER_ILLEGAL")),
        (
            {"Code": "isv.BUSINESS_LIMIT_CONTROL", "Message": "触发分钟级流控Permits:1"},
            200,
            (Retry.THROTTLED, "isv.BUSINESS_LIMIT_CONTROL"),
        ),
        (
            {"Code": "isv.BUSINESS_LIMIT_CONTROL", "Message": "触发天级流控Permits:10"},
            200,
            (Retry.TEMPORARY, "isv.BUSINESS_LIMIT_CONTROL"),
        ),
        ({"Code": "Throttling.User", "Message": "m"}, 400, (Retry.THROTTLED, "Throttling.User")),
        ({"Code": "SignatureDoesNotMatch", "Message": "m"}, 400, (Retry.TEMPORARY, "SignatureDoesNotMatch")),
        ({"Code": "isv.NEW_CODE", "Message": "m"}, 200, (Retry.TEMPORARY, "isv.NEW_CODE")),
        ([], 200, (Retry.TEMPORARY, "unreadable")),
        ({}, 503, (Retry.TEMPORARY, "http.503")),
        ({}, 429, (Retry.THROTTLED, "http.429")),
        ({}, 302, (Retry.TEMPORARY, "http.302")),
    ],
)
async def test_a_refusal_says_what_to_do(document: object, status: int, expected: tuple[Retry, str]) -> None:
    """A wrong meaning costs a page, or a minute."""
    async with answering(lambda _: says(document, status, Location="http://127.0.0.1:1/")) as (peer, session):
        (result,) = await a_pager(peer.url, session).submit(a_page())
    assert isinstance(result, Refused)
    assert (result.retry, result.code) == expected
    assert len(peer.seen) == 1, "nothing is sent twice, no redirect followed"


async def test_an_answer_without_end_is_not_read() -> None:
    """A provider, or who sits before it, could fill the memory of the node."""
    async with answering(lambda _: says(SENT | {"more": "x" * ANSWER_MAX_BYTES})) as (peer, session):
        (result,) = await a_pager(peer.url, session).submit(a_page())
    assert isinstance(result, Refused)
    assert (result.retry, result.code) == (Retry.TEMPORARY, "unreadable")


async def test_health_says_since_when() -> None:
    """An operator asks since when a provider is away, not when it was last asked."""
    answer: dict[str, object] = dict(SENT)
    async with answering(lambda _: says(dict(answer))) as (peer, session):
        clock = ManualClock()
        pager = a_pager(peer.url, session, clock)
        for code, seconds in (
            ("OK", 0),
            ("OK", 0),
            ("isv.OUT_OF_SERVICE", 20),
            ("isv.ACCOUNT_ABNORMAL", 20),
            ("OK", 40),
        ):
            answer["Code"] = code
            await pager.submit(a_page())
            assert pager.health().since == NOW + timedelta(seconds=seconds)
            assert pager.health().ready is (code == "OK")
            await clock.move(10)


async def test_the_wait_that_is_asked_for_is_handed_on() -> None:
    """Retrying into a throttle makes it longer."""
    async with answering(lambda _: says({"Code": "Throttling", "Message": ""}, 429, Retry_After="7")) as (
        peer,
        session,
    ):
        (result,) = await a_pager(peer.url, session).submit(a_page())
    assert result == Refused(1, Retry.THROTTLED, "Throttling", "", 7)


async def test_what_may_have_gone_out_is_told_from_what_did_not() -> None:
    """Both are tried again; only the first can double a page."""

    def cut(_: Seen) -> web.StreamResponse:
        raise Cut

    async with answering(cut) as (peer, session):
        pager = a_pager(peer.url, session)
        (cut_off,) = await pager.submit(a_page())
        assert len(peer.seen) == 1, "the library must not send a page again by itself"
        (dead,) = await a_pager("http://127.0.0.1:9", session).submit(a_page())
    assert isinstance(cut_off, Refused)
    assert isinstance(dead, Refused)
    assert (cut_off.retry, cut_off.code, dead.retry, dead.code) == (
        Retry.TEMPORARY,
        "timeout",
        Retry.TEMPORARY,
        "unreachable",
    )


@pytest.mark.parametrize(
    ("changes", "code"), [({"address": "075512345678"}, "address"), ({"template": "offer"}, "template")]
)
async def test_what_cannot_be_sent_is_not_tried(changes: dict[str, str], code: str) -> None:
    """Each attempt costs time that the next medium could have used."""
    async with answering(lambda _: says(SENT)) as (peer, session):
        (result,) = await a_pager(peer.url, session).submit(a_page(**changes))
    assert isinstance(result, Refused)
    assert (result.retry, result.code, peer.seen) == (Retry.PERMANENT, code, [])


def details(*states: int, code: str = "DELIVERED", page_id: str = PAGE_ID) -> dict[str, object]:
    """Return an answer of QuerySendDetails: an older page to the same number, and what became of this one."""
    older = {"SendStatus": 3, "ErrCode": "DELIVERED", "ReceiveDate": "2026-03-04 06:00:00", "OutId": "f" * 32}
    ours = [
        {"SendStatus": state, "ErrCode": code, "ReceiveDate": "2026-03-04 07:00:09", "OutId": page_id}
        for state in states
    ]
    return {"Code": "OK", "TotalCount": 2, "SmsSendDetailDTOs": {"SmsSendDetailDTO": [older, *ours]}}


async def test_a_report_is_asked_for_until_it_comes() -> None:
    """A report that is not asked for again counts as lost after 120 s, and the next medium rings for nothing."""
    state = [1]

    def answer(seen: Seen) -> web.Response:
        action = seen.headers["x-acs-action"]
        return says(
            SENT if action == "SendSms" else details(state[0]) if action == "QuerySendDetails" else {"Code": "OK"}
        )

    clock, heard = ManualClock(), Heard()
    async with answering(answer) as (peer, session):
        pager = a_pager(peer.url, session, clock)
        assert pager.health().problem == "not running"
        async with pager.running(heard):
            await until(lambda: pager.health().ready)
            await pager.submit(a_page())
            await moved(clock, 5, peer)
            assert query_of(peer.last) == {
                "PhoneNumber": OFFICER,
                "SendDate": "20260304",
                "PageSize": "50",
                "CurrentPage": "1",
            }
            assert heard.kept == [], "the carrier has not reported yet"
            state[0], heard.refusing = 3, 1
            await moved(clock, 5, peer)
            await moved(clock, 5, peer)
            await until(lambda: bool(heard.kept))
            await clock.move(5)
            asked = [seen for seen in peer.seen if seen.headers["x-acs-action"] == "QuerySendDetails"]
        assert not pager.health().ready
    at = datetime(2026, 3, 3, 23, 0, 9, tzinfo=UTC)
    assert heard.kept == [Report("ali", PAGE_ID, ReportState.DELIVERED, "DELIVERED", at, NOW + timedelta(seconds=15))]
    assert len(asked) == 3, "once it is kept, nobody asks again"


async def test_a_report_that_does_not_come_is_asked_for_less_often_and_then_no_more() -> None:
    """A telephone that is off for a night would cost 17,000 questions; one that is lost would be asked for for ever."""
    clock, asked = ManualClock(), 0

    def answer(seen: Seen) -> web.Response:
        nonlocal asked
        asked += seen.headers["x-acs-action"] == "QuerySendDetails"
        return says(details(1) | {"BizId": "1"})

    async with answering(answer) as (peer, session):
        pager = a_pager(peer.url, session, clock, poll_seconds=60, heartbeat_seconds=10**6)
        async with pager.running(Heard()):
            await until(lambda: pager.health().ready)
            pager.expect(PAGE_ID, OFFICER, clock.now())
            pager.expect("c" * 32, "no number", clock.now())
            for _ in range(5):
                await moved(clock, 60, peer)
            assert asked == 5
            clock.jump(timedelta(hours=24).total_seconds())
            await clock.move(60)
            await asyncio.sleep(0.05)
            await clock.move(60)
            await asyncio.sleep(0.05)
    assert asked == 5


async def test_what_is_asked_for_already_is_not_asked_for_anew() -> None:
    """Said again every five minutes, a page of an hour ago would be asked for as often as one of this minute."""
    clock, asked = ManualClock(), 0

    def answer(seen: Seen) -> web.Response:
        nonlocal asked
        asked += seen.headers["x-acs-action"] == "QuerySendDetails"
        return says(details(1))

    async with answering(answer) as (peer, session):
        pager = a_pager(peer.url, session, clock, poll_seconds=5, heartbeat_seconds=10**6)
        pager.expect(PAGE_ID, OFFICER, clock.now() - timedelta(hours=1))
        async with pager.running(Heard()):
            await until(lambda: asked == 1)
            for _ in range(5):
                pager.expect(PAGE_ID, OFFICER, clock.now())
                await clock.move(5)
                await asyncio.sleep(0.02)
    assert asked == 1


async def test_every_page_has_its_turn() -> None:
    """With 1,000 pages open, the first 400 would be asked for again and again, and the last never."""
    clock, questions = ManualClock(), set[str]()

    def answer(seen: Seen) -> web.Response:
        if seen.headers["x-acs-action"] == "QuerySendDetails":
            questions.add(query_of(seen)["PhoneNumber"])
        return says(details(1))

    async with answering(answer) as (peer, session):
        pager = a_pager(peer.url, session, clock)
        for number in range(1_000):
            pager.expect(f"{number:032x}", f"139{number:08}", clock.now())
        async with pager.running(Heard()):
            for wanted in (400, 800, 1_000):
                async with asyncio.timeout(10):
                    while len(questions) < wanted:
                        await asyncio.sleep(0.05)
                await clock.move(5)


async def test_a_page_in_doubt_before_midnight_is_found_after_it() -> None:
    """The provider keeps pages by day, in Beijing's time."""
    days: list[str] = []

    def answer(seen: Seen) -> web.Response:
        if seen.headers["x-acs-action"] == "SendSms":
            raise Cut
        days.append(query_of(seen)["SendDate"])
        return says(details(3))

    clock = ManualClock(datetime(2026, 3, 4, 15, 59, 58, tzinfo=UTC))
    async with answering(answer) as (peer, session):
        pager = a_pager(peer.url, session, clock)
        await pager.submit(a_page())
        tried_at = clock.now()
        await clock.move(5)
        assert await pager.submit(a_page(tried_at=tried_at)) == (Submitted(1, PAGE_ID),)
    assert days == ["20260304"]


async def test_what_is_waited_for_has_a_bound() -> None:
    """A provider that reports nothing for a day must not fill the memory of the node: the oldest gives way."""
    questions: list[str] = []

    def answer(seen: Seen) -> web.Response:
        if seen.headers["x-acs-action"] == "QuerySendDetails":
            questions.append(query_of(seen)["PhoneNumber"])
        return says(details(1))

    async with answering(answer) as (peer, session):
        clock = ManualClock()
        pager = a_pager(peer.url, session, clock)
        for number in range(WAITING_MAX + 1):
            pager.expect(f"{number:032x}", f"139{number:08}", clock.now())
        async with pager.running(Heard()):
            await until(lambda: len(questions) >= 8)
    assert f"139{0:08}" not in questions
    assert f"139{1:08}" in questions


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        ((), None),
        ((1,), None),
        ((2,), ReportState.FAILED),
        ((3,), ReportState.DELIVERED),
        ((2, 1), None),
        ((2, 3), ReportState.DELIVERED),
        ((2, 2), ReportState.FAILED),
    ],
)
def test_a_page_sent_twice_is_delivered_once_and_failed_only_twice(
    states: tuple[int, ...], expected: ReportState | None
) -> None:
    """The first record of two says that it failed, and the leader is called although the officer has read it."""
    report = read_detail(details(*states), "ali", PAGE_ID, NOW)
    assert (report and report.state) is expected


async def test_before_a_doubtful_page_is_sent_again_the_provider_is_asked() -> None:
    """SendSms is not idempotent: sent again unasked, the officer gets the same text twice."""
    sends, kept = [0], [False]

    def answer(seen: Seen) -> web.Response:
        if seen.headers["x-acs-action"] != "SendSms":
            return says(details(1) if kept[0] else details())
        sends[0] += 1
        if sends[0] == 1:
            kept[0] = True
            raise Cut
        return says(SENT)

    async with answering(answer) as (peer, session):
        (first,) = await a_pager(peer.url, session).submit(a_page())
        assert isinstance(first, Refused)
        restarted = a_pager(peer.url, session)
        assert await restarted.submit(a_page(tried_at=NOW)) == (Submitted(1, PAGE_ID),)
        assert sends == [1], "it had gone out, and the process that knew it is gone"
        kept[0] = False
        assert await restarted.submit(a_page(page_id="e" * 32, tried_at=NOW)) == (Submitted(1, "e" * 32),)
        assert sends == [2], "it had not"


async def until(true: Callable[[], bool]) -> None:
    """Let real sockets work until something is so."""
    async with asyncio.timeout(10):
        while not true():
            await asyncio.sleep(0.01)


async def moved(clock: ManualClock, seconds: float, peer: Peer) -> None:
    """Let time pass, and wait for the request that this brings."""
    before = len(peer.seen)
    await clock.move(seconds)
    await until(lambda: len(peer.seen) > before)
    await asyncio.sleep(0.05)


async def test_a_key_that_was_revoked_shows_before_the_next_alert() -> None:
    """Found out by the first page of an alert, it would cost that page."""
    answer: dict[str, object] = {"Code": "InvalidAccessKeyId.NotFound", "Message": f"no key for {OFFICER}"}
    clock = ManualClock()
    async with answering(lambda _: says(dict(answer))) as (peer, session):
        pager = a_pager(peer.url, session, clock)
        async with pager.running(Heard()):
            await until(lambda: bool(peer.seen))
            await until(lambda: pager.health().problem.startswith("InvalidAccessKeyId"))
            assert OFFICER not in pager.health().problem
            assert pager.health().last_heard_at == NOW
            answer["Code"] = "OK"
            await moved(clock, 60, peer)
            await until(lambda: pager.health().ready)
            assert pager.health().since == NOW + timedelta(seconds=60)


async def test_a_refused_number_is_no_trouble_of_the_provider() -> None:
    """One wrong number in a roster would take a sound provider out of use."""
    async with answering(lambda _: says({"Code": "isv.MOBILE_NUMBER_ILLEGAL", "Message": ""})) as (peer, session):
        pager = a_pager(peer.url, session)
        async with pager.running(Heard()):
            await pager.submit(a_page())
            assert pager.health().ready


@pytest.mark.parametrize("url", ["http://example.org", "ftp://127.0.0.1", "https://u:p@example.org", "https://", ""])
async def test_an_open_way_is_refused(url: str) -> None:
    """A typing error in the scheme would send numbers and texts in the clear."""
    async with aiohttp.ClientSession() as session:
        with pytest.raises(RequestError, match="https"):
            a_pager(url, session)


def test_no_secret_stands_in_a_representation() -> None:
    """Settings end up in a log line when somebody debugs a start."""
    assert "key-secret" not in repr(AliyunSettings("ali", "key-id", "key-secret", "n", ()))
