"""云MAS against a server that checks the mac as public programs describe it; the platform itself was never reached."""

import base64
import hashlib
import json
from datetime import UTC, datetime

import aiohttp
import pytest
from aiohttp import web

from adapters.memory.clock import ManualClock
from adapters.sms.inbound_http import InboundHttp, InboundSettings
from adapters.sms.pushes import Read
from adapters.sms.yunmas import YunmasSettings, YunmasSms, read_replies, read_reports, spell
from schemas.errors import Fault, RequestError
from schemas.pages import Refused, Reply, Report, ReportState, Retry, Submitted
from tests.http_peer import OFFICER, TEXT, Heard, Seen, a_page, http_peer, says

NOW = datetime(2026, 3, 3, 23, 0, tzinfo=UTC)
SECRET = "no-real-secret"  # noqa: S105 - of a server that lives for one test
GROUP = "0304070000001000000001"


def settings(url: str, **changes: object) -> YunmasSettings:
    """Return an account."""
    return YunmasSettings("mas", "某县应急联络办", "duty", SECRET, "sIgN1", url, **changes)  # type: ignore[arg-type]


def platform(seen: Seen) -> web.Response:
    """Answer as the platform does: decode, check the mac, give a batch number."""
    document = json.loads(base64.b64decode(seen.body, validate=True))
    values = [document[name] for name in ("ecName", "apId")]
    values += [SECRET, *(document[name] for name in ("mobiles", "content", "sign", "addSerial"))]
    right = document["mac"] == hashlib.md5("".join(values).encode(), usedforsecurity=False).hexdigest()
    code = "success" if right else "IllegalMac"
    return says({"msgGroup": GROUP if right else "", "rspcod": code, "success": right})


async def test_a_page_goes_out_with_a_mac_that_the_platform_checks() -> None:
    """The order of seven values is all that there is: one out of place and nothing goes out."""
    async with http_peer(platform) as peer, aiohttp.ClientSession() as session:
        account = settings(peer.url, service_number="1065000001", extension=True)
        pager = YunmasSms(account, session=session, clock=ManualClock())
        assert await pager.submit(a_page(address=f"+86{OFFICER}")) == (Submitted(1, GROUP),)
    document = json.loads(base64.b64decode(peer.last.body))
    assert peer.last.path == "/sms/norsubmit"
    assert (document["mobiles"], document["content"], document["addSerial"]) == (OFFICER, TEXT, "37")
    assert SECRET not in base64.b64decode(peer.last.body).decode(), "the secret goes into the mac and nowhere else"


def test_the_mac_of_a_known_case() -> None:
    """A vector by hand: the lowercase MD5 of the seven values, nothing between them."""
    vector = hashlib.md5(
        "某县应急联络办duty".encode() + SECRET.encode() + f"{OFFICER}收到请回复sIgN137".encode(), usedforsecurity=False
    ).hexdigest()
    body = json.loads(base64.b64decode(spell(settings("https://example.org"), OFFICER, "收到请回复", "37")))
    assert body["mac"] == vector


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ({"rspcod": "InvalidMobile", "success": False}, (Retry.PERMANENT, "InvalidMobile")),
        ({"rspcod": "IllegalMac", "success": False}, (Retry.TEMPORARY, "IllegalMac")),
        ({"rspcod": "FlowOverLimit", "success": False}, (Retry.THROTTLED, "FlowOverLimit")),
        ({"rspcod": "success", "success": False, "msgGroup": GROUP}, (Retry.TEMPORARY, "success")),
        ({"rspcod": "success", "success": True, "msgGroup": ""}, (Retry.TEMPORARY, "unreadable")),
        ({}, (Retry.TEMPORARY, "unreadable")),
    ],
)
async def test_a_refusal_says_what_to_do(document: dict[str, object], expected: tuple[Retry, str]) -> None:
    """A code and a flag can contradict each other: only both together say that a page went."""
    async with http_peer(lambda _: says(document)) as peer, aiohttp.ClientSession() as session:
        pager = YunmasSms(settings(peer.url), session=session, clock=ManualClock())
        async with pager.running(Heard()):
            assert pager.health().ready
            (result,) = await pager.submit(a_page())
            assert pager.health().ready is (
                document.get("rspcod") not in {None, "IllegalMac"} and expected[1] != "unreadable"
            )
    assert isinstance(result, Refused)
    assert (result.retry, result.code) == expected


async def test_both_spellings_of_the_batch_number_are_read() -> None:
    """One edition of the platform's document spells it mgsGroup: without it no report is ever joined."""
    answer = {"mgsGroup": GROUP, "rspcod": "success", "success": True}
    async with http_peer(lambda _: says(answer)) as peer, aiohttp.ClientSession() as session:
        pager = YunmasSms(settings(peer.url), session=session, clock=ManualClock())
        assert await pager.submit(a_page()) == (Submitted(1, GROUP),)


async def test_a_number_that_grows_too_long_is_refused_here() -> None:
    """The platform takes 20 digits with the extension; behind them the code would be cut."""
    async with http_peer(platform) as peer, aiohttp.ClientSession() as session:
        account = settings(peer.url, service_number="1" * 19, extension=True)
        (result,) = await YunmasSms(account, session=session, clock=ManualClock()).submit(a_page())
    assert isinstance(result, Refused)
    assert (result.code, peer.seen) == ("extension", [])


async def test_the_way_without_tls_must_be_asked_for() -> None:
    """The platform's published address has no TLS: nobody may take it without knowing."""
    async with aiohttp.ClientSession() as session:
        with pytest.raises(RequestError, match="https"):
            YunmasSms(settings("http://192.0.2.1:1992"), session=session, clock=ManualClock())
        YunmasSms(settings("http://192.0.2.1:1992", plain_http=True), session=session, clock=ManualClock())


@pytest.mark.parametrize(
    ("status", "error", "state"),
    [
        ("CM:0000", "DELIVRD", ReportState.DELIVERED),
        ("DELIVRD", "", ReportState.DELIVERED),
        ("DELIVRD", "0", ReportState.DELIVERED),
        ("CM:0000", "", ReportState.ACCEPTED),
        ("CM:3000", "0", ReportState.ACCEPTED),
        ("CM:0000", "UNKNOWN", ReportState.UNKNOWN),
        ("UNDELIV", "DB:0140", ReportState.FAILED),
        ("CM:0000", "MK:0001", ReportState.FAILED),
        ("CM:8004", "", ReportState.FAILED),
    ],
)
def test_a_report_is_read_by_either_convention(status: str, error: str, state: ReportState) -> None:
    """Public programs disagree where the carrier's word stands; taken by one alone, half the counties see no report."""
    record = {
        "reportStatus": status,
        "mobile": OFFICER,
        "submitDate": "20260304065900",
        "receiveDate": "20260304070000",
        "errorCode": error,
        "msgGroup": GROUP,
    }
    for body in (json.dumps(record).encode(), base64.b64encode(json.dumps([record]).encode())):
        read = read_reports(body, "mas", NOW)
        assert isinstance(read, Read)
        (report,) = read.inbound
        assert isinstance(report, Report)
        assert (report.reference, report.state, report.done_at) == (GROUP, state, NOW)


async def test_a_reply_comes_in_by_the_listener() -> None:
    """The number an officer answered to is whole there: only what stands behind ours is the code."""
    inbound, heard = InboundHttp(InboundSettings("t" * 32), ManualClock()), Heard()
    async with inbound.running(), aiohttp.ClientSession() as session:
        account = settings("https://example.org", service_number="1065000001", extension=True)
        async with YunmasSms(account, session=session, clock=ManualClock(), inbound=inbound).running(heard):
            for number in ("106500000137", "1065000001", "10659999"):
                reply = {
                    "mobile": OFFICER,
                    "smsContent": "收到",
                    "sendTime": "2026-03-04 07:00:00",
                    "addSerial": number,
                }
                async with session.post(inbound.address_of("mas", "reply"), json=reply) as answer:
                    assert (answer.status, await answer.read()) == (200, b"ok")
    assert heard.kept == [Reply("mas", "", OFFICER, extension, "收到", NOW) for extension in ("37", "", "")]


@pytest.mark.parametrize(
    "body", [b"", b"{}", b"[1]", b"bm90IGpzb24=", b"\xff\xfe", b'{"msgGroup": "1"}', b'{"mobile": "1"}']
)
def test_what_says_nothing_is_refused(body: bytes) -> None:
    """Believed, it would be a page that counts as delivered."""
    assert isinstance(read_reports(body, "mas", NOW), Fault)
    assert isinstance(read_replies(body, "mas", NOW, ""), Fault)


@pytest.mark.parametrize(("changes", "code"), [({"address": "075512345678"}, "address")])
async def test_what_cannot_be_sent_is_not_tried(changes: dict[str, str], code: str) -> None:
    """Each attempt costs time that the next medium could have used."""
    async with http_peer(lambda _: says({})) as peer, aiohttp.ClientSession() as session:
        (result,) = await YunmasSms(settings(peer.url), session=session, clock=ManualClock()).submit(a_page(**changes))
    assert isinstance(result, Refused)
    assert (result.retry, result.code, peer.seen) == (Retry.PERMANENT, code, [])


def test_no_secret_stands_in_a_representation() -> None:
    """Settings end up in a log line when somebody debugs a start."""
    assert SECRET not in repr(settings("https://example.org"))
