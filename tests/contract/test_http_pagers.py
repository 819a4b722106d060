"""What every provider over HTTP and mail must do, whatever the far side: the promises of ``Pager``."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

import aiohttp
import pytest
from aiohttp import web

from adapters.email.smtp import Security, SmtpMail, SmtpSettings
from adapters.memory.clock import ManualClock
from adapters.memory.ids import SequentialIds
from adapters.sms.aliyun import AliyunSettings, AliyunSms
from adapters.sms.inbound_http import InboundHttp, InboundSettings
from adapters.sms.kannel import KannelSettings, KannelSms
from adapters.sms.tencent import TencentSettings, TencentSms
from adapters.sms.yunmas import YunmasSettings, YunmasSms
from adapters.webhook.sender import Target, WebhookSender, WebhookSettings
from schemas.errors import InvariantError
from schemas.pages import Dispatch, Medium, Part, Refused, Retry
from services.paging_ports import Pager
from tests.http_peer import OFFICER, Heard, Seen, a_page, http_peer

DEAD = "http://127.0.0.1:9"
SECRET = "whsec_" + "A" * 44


@dataclass
class Tools:
    """What adapters are made of."""

    session: aiohttp.ClientSession
    clock: ManualClock
    inbound: InboundHttp


def an_aliyun(base: str, tools: Tools) -> Pager:
    """Alibaba."""
    settings = AliyunSettings("way", "i", "kept-out", "n", (("alert", "SMS_1"),), base_url=base, call_seconds=0.3)
    return AliyunSms(settings, session=tools.session, clock=tools.clock, ids=SequentialIds(), inbound=tools.inbound)


def a_tencent(base: str, tools: Tools) -> Pager:
    """Tencent."""
    settings = TencentSettings("way", "i", "kept-out", "1", "n", (("alert", "1"),), base_url=base, call_seconds=0.3)
    return TencentSms(settings, session=tools.session, clock=tools.clock, inbound=tools.inbound)


def a_yunmas(base: str, tools: Tools) -> Pager:
    """云MAS."""
    settings = YunmasSettings("way", "e", "a", "kept-out", "s", base, call_seconds=0.3)
    return YunmasSms(settings, session=tools.session, clock=tools.clock, inbound=tools.inbound)


def a_kannel(base: str, tools: Tools) -> Pager:
    """Kannel."""
    settings = KannelSettings("way", "u", "kept-out", base, "10690001", call_seconds=0.3)
    return KannelSms(settings, session=tools.session, clock=tools.clock, inbound=tools.inbound)


def a_webhook(base: str, tools: Tools) -> Pager:
    """Webhook."""
    settings = WebhookSettings("way", (Target(f"{base}/hook", (SECRET,)),), call_seconds=0.3)
    return WebhookSender(settings, session=tools.session, clock=tools.clock)


def a_mail(base: str, tools: Tools) -> Pager:
    """Mail; an HTTP server is a peer that speaks another language."""
    port = int(base.rpartition(":")[2])
    settings = SmtpSettings("way", "127.0.0.1", port, "duty@county.example", security=Security.NONE, call_seconds=0.3)
    return SmtpMail(settings, clock=tools.clock)


Make = Callable[[str, Tools], Pager]
MAKERS: list[Make] = [an_aliyun, a_tencent, a_yunmas, a_kannel, a_webhook, a_mail]


def page_for(pager: Pager, base: str) -> Dispatch:
    """Return a page that the pager would take."""
    addresses = {Medium.EMAIL: "office@neighbour.example", Medium.WEBHOOK: f"{base}/hook"}
    parts = (Part(1, 2, 7, "一" * 67), Part(2, 2, 7, "二")) if pager.medium is Medium.SMS else ()
    return a_page(medium=pager.medium, address=addresses.get(pager.medium, OFFICER), parts=parts, payload=b"{}")


@asynccontextmanager
async def tooled() -> AsyncIterator[Tools]:
    """Open a session and a listener."""
    inbound = InboundHttp(InboundSettings("t" * 32), ManualClock())
    async with aiohttp.ClientSession() as session, inbound.running():
        yield Tools(session, ManualClock(), inbound)


@pytest.mark.parametrize("make", MAKERS)
async def test_a_far_side_that_is_down_is_no_error(make: Make) -> None:
    """A provider that is away at the start must not keep the others from starting."""
    async with tooled() as tools:
        pager = make(DEAD, tools)
        assert (pager.name, pager.health().ready) == ("way", False)
        async with pager.running(Heard()):
            page = page_for(pager, DEAD)
            results = await pager.submit(page)
            assert not pager.health().ready
            assert pager.health().problem != "not running"
        assert pager.health().problem == "not running"
    assert [result.part for result in results] == ([1, 2] if pager.capabilities.segments else [1])
    for result in results:
        assert isinstance(result, Refused)
        assert (result.retry, result.code) == (Retry.TEMPORARY, "unreachable")
    assert "kept-out" not in repr(results) + pager.health().problem


GARBAGE: list[Callable[[], web.Response]] = [
    web.Response,
    lambda: web.Response(status=500, body=b"\xff" * 100),
    lambda: web.Response(text="<html>captive portal</html>", content_type="text/html"),
    lambda: web.Response(text="[]", content_type="application/json"),
    lambda: web.Response(status=302, headers={"Location": "https://example.org/"}),
    lambda: web.Response(body=b"x" * 3_000_000),
    lambda: web.json_response({"Code": [], "Response": [], "rspcod": {}}),
    lambda: web.json_response({"Response": {"SendStatusSet": [None], "Error": None}}),
]


@pytest.mark.parametrize("make", [maker for maker in MAKERS if maker is not a_webhook])
@pytest.mark.parametrize("garbage", range(len(GARBAGE)))
async def test_an_answer_that_is_none_is_never_taken_for_a_yes(make: Make, garbage: int) -> None:
    """A captive portal answers 200 to everything: a page that counts as sent would be lost without a trace."""
    async with tooled() as tools, http_peer(lambda _: GARBAGE[garbage]()) as peer:
        pager = make(peer.url, tools)
        results = await pager.submit(page_for(pager, peer.url))
    for result in results:
        assert isinstance(result, Refused)
        assert result.retry in {Retry.TEMPORARY, Retry.PERMANENT}
        assert OFFICER not in result.code + result.text


@pytest.mark.parametrize("make", MAKERS)
async def test_a_far_side_that_says_nothing_is_left_in_time(make: Make) -> None:
    """A hung provider would hold a page while the next one waits."""
    left = asyncio.Event()

    async def never(_: Seen) -> web.Response:
        await left.wait()
        return web.Response()

    async with tooled() as tools, http_peer(never) as peer:
        pager = make(peer.url, tools)
        async with asyncio.timeout(10):
            results = await pager.submit(page_for(pager, peer.url))
        left.set()
    for result in results:
        assert isinstance(result, Refused)
        assert result.retry is Retry.TEMPORARY
        assert result.code == ("unreachable" if pager.medium is Medium.EMAIL else "timeout"), "it may have gone out"


@pytest.mark.parametrize("make", [maker for maker in MAKERS if maker is not a_mail])
async def test_a_page_that_waited_for_a_connection_did_not_go_out(make: Make) -> None:
    """With 200 officers the last pages wait for the first ones: counted as doubtful, each would cost a question."""
    left = asyncio.Event()

    async def never(_: Seen) -> web.Response:
        await left.wait()
        return web.Response()

    connector = aiohttp.TCPConnector(limit=1)
    async with tooled() as tools, http_peer(never) as peer, aiohttp.ClientSession(connector=connector) as narrow:
        pager = make(peer.url, replace(tools, session=narrow))
        first = asyncio.create_task(pager.submit(page_for(pager, peer.url)))
        while not peer.seen:
            await asyncio.sleep(0.005)
        (second, *_) = await pager.submit(page_for(pager, peer.url))
        left.set()
        await first
    assert isinstance(second, Refused)
    assert (second.code, len(peer.seen)) == ("unreachable", 1)


@pytest.mark.parametrize("make", MAKERS)
async def test_what_the_block_raises_comes_out_as_it_is(make: Make) -> None:
    """In a group it would be missed by whoever waits for it."""
    async with tooled() as tools:
        with pytest.raises(InvariantError, match="ours"):
            async with make(DEAD, tools).running(Heard()):
                raise InvariantError("ours")


@pytest.mark.parametrize("make", MAKERS)
async def test_a_pager_runs_again(make: Make) -> None:
    """A changed configuration stops a provider and starts it anew."""
    async with tooled() as tools:
        pager = make(DEAD, tools)
        for _ in range(2):
            async with pager.running(Heard()):
                await asyncio.sleep(0)
        assert not pager.health().ready
