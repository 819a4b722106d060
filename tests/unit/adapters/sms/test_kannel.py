"""Kannel's interface as its source says; the real one is the peer of tests/scenario/test_kannel_adapter.py."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from urllib.parse import quote

import aiohttp
import pytest
from aiohttp import web

from adapters.memory.clock import ManualClock
from adapters.sms.inbound_http import InboundHttp, InboundSettings
from adapters.sms.kannel import KannelSettings, KannelSms, read_reply, read_report
from adapters.sms.pushes import Read
from schemas.errors import Fault, InvariantError
from schemas.pages import Part, Refused, Reply, Report, ReportState, Retry, Submitted
from tests.http_peer import OFFICER, PAGE_ID, Heard, Peer, Seen, a_page, http_peer

NOW = datetime(2026, 3, 3, 23, 0, tzinfo=UTC)
PASSWORD = "no-real-secret"  # noqa: S105 - of a server that lives for one test
NUMBER = "10690001"
PARTS = (Part(1, 3, 0xAB, "编号37。" + "预" * 60), Part(2, 3, 0xAB, "警" * 67), Part(3, 3, 0xAB, "。"))


def text(status: int, body: str) -> web.Response:
    """Return an answer as Kannel spells it."""
    return web.Response(status=status, text=body)


@asynccontextmanager
async def towards(answers: Callable[[Seen], web.Response]) -> AsyncIterator[tuple[KannelSms, Peer, InboundHttp]]:
    """Run a server that plays Kannel, a listener, and the adapter between."""
    inbound = InboundHttp(InboundSettings("t" * 32), ManualClock())
    async with http_peer(answers) as peer, inbound.running(), aiohttp.ClientSession() as session:
        settings = KannelSettings("box", "sihu", PASSWORD, peer.url, NUMBER)
        yield KannelSms(settings, session=session, clock=ManualClock(), inbound=inbound), peer, inbound


async def test_each_part_goes_by_itself_and_asks_for_its_report() -> None:
    """A fault known in peers: the report is asked for part 1 alone, and a text without its end counts as delivered."""
    async with towards(lambda _: text(202, "0: Accepted for delivery")) as (pager, peer, inbound):
        results = await pager.submit(a_page(parts=PARTS))
        back = inbound.address_of("box", "report")
    assert results == tuple(Submitted(n, f"{PAGE_ID}.{n}") for n in (1, 2, 3))
    for number, seen in enumerate(peer.seen, 1):
        named = {name.removeprefix("x-kannel-"): value for name, value in seen.headers.items() if "kannel" in name}
        assert named == {
            "username": "sihu",
            "password": PASSWORD,
            "from": f"{NUMBER}37",
            "to": OFFICER,
            "coding": "2",
            "udh": f"050003ab030{number}",
            "dlr-mask": "31",
            "dlr-url": f"{back}?ref={PAGE_ID}.{number}&state=%d&said=%A",
        }
        assert (seen.method, seen.path) == ("POST", "/cgi-bin/sendsms")
        assert (seen.headers["content-type"], seen.body.decode()) == (
            "text/plain; charset=UTF-8",
            PARTS[number - 1].text,
        )


async def test_two_parts_are_joined_by_a_header() -> None:
    """Without one, a telephone shows two texts in any order."""
    two = (Part(1, 2, 0x0C, "一"), Part(2, 2, 0x0C, "二"))
    async with towards(lambda _: text(202, "0: Accepted for delivery")) as (pager, peer, _):
        await pager.submit(a_page(parts=two))
    assert [seen.headers["x-kannel-udh"] for seen in peer.seen] == ["0500030c0201", "0500030c0202"]


async def test_a_single_part_has_no_header_before_its_text() -> None:
    """With one, 70 characters would not fit."""
    async with towards(lambda _: text(202, "3: Queued for later delivery")) as (pager, peer, _):
        assert await pager.submit(a_page()) == (Submitted(1, f"{PAGE_ID}.1"),)
    assert "x-kannel-udh" not in peer.last.headers


@pytest.mark.parametrize(
    ("status", "body", "retry", "ready"),
    [
        (403, "Authorization failed for sendsms", Retry.TEMPORARY, False),
        (403, "Not routable. Do not try again.", Retry.PERMANENT, True),
        (400, f"Receiver number {OFFICER} misformed, rejected", Retry.PERMANENT, True),
        (503, "Temporal failure, try again later.", Retry.TEMPORARY, False),
        (500, "Sending failed.", Retry.TEMPORARY, False),
    ],
)
async def test_after_the_first_trouble_the_rest_is_not_tried(status: int, body: str, retry: Retry, ready: bool) -> None:  # noqa: FBT001
    """The third part without the first is a riddle on a telephone, and each attempt takes seconds."""
    answers = iter([text(202, "0: Accepted for delivery"), text(status, body)])
    async with towards(lambda _: next(answers)) as (pager, peer, _):
        first, second, third = await pager.submit(a_page(parts=PARTS))
        health = pager.health()
    assert first == Submitted(1, f"{PAGE_ID}.1")
    assert isinstance(second, Refused)
    assert isinstance(third, Refused)
    assert (second.part, third.part, second.retry, second.code) == (2, 3, retry, f"http.{status}")
    assert (health.ready, len(peer.seen), OFFICER in second.text + health.problem) == (ready, 2, False)


@pytest.mark.parametrize("address", ["", "12", f"{OFFICER}\r\nX-Kannel-To: 1", "officer", f"{OFFICER} "])
async def test_an_address_cannot_add_a_header(address: str) -> None:
    """It stands in a header: a line break would send to somebody else."""
    async with towards(lambda _: text(202, "0")) as (pager, peer, _):
        (result,) = await pager.submit(a_page(address=address))
    assert isinstance(result, Refused)
    assert (result.retry, result.code, peer.seen) == (Retry.PERMANENT, "address", [])


async def test_a_page_without_parts_is_our_own_bug() -> None:
    """Nothing sent and nothing refused would be a page that waits for ever."""
    async with towards(lambda _: text(202, "0")) as (pager, _, _):
        with pytest.raises(InvariantError):
            await pager.submit(a_page(parts=()))


@pytest.mark.parametrize(
    ("query", "state", "code"),
    [
        ("state=8&said=ACK%2F", ReportState.ACCEPTED, "ACK/"),
        ("state=1&said=id%3A1+stat%3ADELIVRD+err%3A000+text%3A", ReportState.DELIVERED, "DELIVRD"),
        ("state=2&said=id%3A1+stat%3AUNDELIV+err%3A012+text%3A", ReportState.FAILED, "UNDELIV/012"),
        ("state=2&said=id%3A1+stat%3AUNKNOWN+err%3A000+text%3A", ReportState.UNKNOWN, "UNKNOWN"),
        ("state=4&said=id%3A1+stat%3AACCEPTD+err%3A000+text%3A", ReportState.ACCEPTED, "ACCEPTD"),
        (
            "state=16&said=NACK%2F11%2FInvalid+Destination+Address",
            ReportState.FAILED,
            "NACK/11/Invalid Destination Address",
        ),
        ("state=2&said=", ReportState.FAILED, "dlr-2"),
        ("state=1", ReportState.DELIVERED, "dlr-1"),
    ],
)
def test_a_report_says_what_the_carrier_said(query: str, state: ReportState, code: str) -> None:
    """Kannel counts UNKNOWN among the failed; the carrier's own word decides."""
    read = read_report(f"ref={PAGE_ID}.2&{query}", "box", NOW)
    assert read == Read((Report("box", f"{PAGE_ID}.2", state, code, None, NOW),))


@pytest.mark.parametrize(
    "query", ["", "state=1", "ref=a.1", "ref=a.1&state=3", "ref=&state=1", "ref=a%00&state=1", "a=1&" * 99]
)
def test_what_is_no_report_is_refused(query: str) -> None:
    """Believed, it would be a page that counts as delivered."""
    assert isinstance(read_report(query, "box", NOW), Fault)


@pytest.mark.parametrize(
    ("charset", "coded"),
    [("UTF-16BE", "37 收到".encode("utf-16-be")), ("UTF-8", "37 收到".encode())],
)
def test_a_reply_is_decoded_by_the_charset_that_kannel_names(charset: str, coded: bytes) -> None:
    """UCS-2 read as UTF-8 is how 收到 becomes two strange letters and an escalation goes on."""
    query = f"sender={OFFICER}&receiver={NUMBER}37&charset={charset}&coding=2&id=u-1&octets={quote(coded)}"
    assert read_reply(query, "box", NOW, NUMBER) == Read((Reply("box", "u-1", OFFICER, "37", "37 收到", NOW),))


@pytest.mark.parametrize(
    "query",
    [
        "",
        f"sender={OFFICER}&octets=37",
        f"sender={OFFICER}&charset=UTF-7&octets=37",
        f"sender={OFFICER}&charset=UTF-16BE&octets=7",
        f"sender={OFFICER}&charset=UTF-8&octets=%FF",
        "sender=officer&charset=UTF-8&octets=37",
        f"sender={OFFICER}&charset=8-BIT&octets=37",
    ],
)
def test_what_is_no_reply_is_refused(query: str) -> None:
    """Guessed, a text may say the opposite."""
    assert isinstance(read_reply(query, "box", NOW, NUMBER), Fault)


@pytest.mark.parametrize(
    ("status", "body", "ready"),
    [(400, "Missing receiver(s) number(s), rejected", True), (403, "Authorization failed for sendsms", False)],
)
async def test_a_heartbeat_sends_nothing_and_finds_a_wrong_password(status: int, body: str, ready: bool) -> None:  # noqa: FBT001
    """Found out by the first page of an alert, it would cost that page."""
    async with towards(lambda _: text(status, body)) as (pager, peer, _), pager.running(Heard()):
        while pager.health().problem == "not running":
            await asyncio.sleep(0.01)
        assert pager.health().ready is ready
        assert "x-kannel-to" not in peer.last.headers


def test_no_secret_stands_in_a_representation() -> None:
    """Settings end up in a log line when somebody debugs a start."""
    assert PASSWORD not in repr(KannelSettings("box", "sihu", PASSWORD, "http://127.0.0.1", NUMBER))
