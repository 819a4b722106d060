"""Calls by a provider's HTTP interface: the form, the signature (against another implementation), the callbacks."""

import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import aiohttp
import pytest
from aiohttp import web
from standardwebhooks.webhooks import Webhook

from adapters.clock import SystemClock
from adapters.memory.clock import ManualClock
from adapters.sms.inbound_http import InboundHttp, InboundSettings
from adapters.voice.http import HttpCallPager, HttpCallSettings
from adapters.voice.http_form import CallForm, answered, called_back, headers_of, request_of
from schemas.errors import Fault, RequestError, UnavailableError
from schemas.pages import Dispatch, Inbound, Keyed, Medium, PartResult, Refused, Report, ReportState, Retry, Submitted

PAGE = "0123456789abcdef" * 2
SECRET = bytes(range(32))
SPELT = "whsec_" + base64.b64encode(SECRET).decode()
FORM = CallForm(
    fields={"to": "{number}", "call.say": "{text}", "call.id": "{page_id}", "call.kind": "{template}/{variable.level}"},
    answer_code="code",
    answer_id="data.call",
    callback_page="out_id",
)


def dispatch(text: str = "荔波县发布暴雨红色预警", address: str = "13900000001") -> Dispatch:
    return Dispatch(
        page_id=PAGE,
        medium=Medium.VOICE,
        address=address,
        text=text,
        template="rain",
        variables=(("level", "1"),),
    )


@dataclass
class Provider:
    """Answers as told, and keeps what it was asked."""

    status: int = 200
    answer: bytes = b'{"code":"OK","data":{"call":"c-77"}}'
    asked: list[tuple[dict[str, str], bytes]] = field(default_factory=list)


@asynccontextmanager
async def calling(provider: Provider, heard: list[Inbound], *, fails: int = 0) -> AsyncIterator[HttpCallPager]:
    async def take(request: web.Request) -> web.Response:
        provider.asked.append(({name.lower(): value for name, value in request.headers.items()}, await request.read()))
        return web.Response(status=provider.status, body=provider.answer, headers={"Location": "http://127.0.0.2:9/"})

    left = [UnavailableError("not kept")] * fails

    async def hear(one: Inbound) -> None:
        if left:
            raise left.pop()
        heard.append(one)

    app = web.Application()
    app.router.add_post("/calls", take)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    settings = HttpCallSettings("calls", f"http://127.0.0.1:{port}/calls", SPELT, FORM, timeout_seconds=2)
    pager = HttpCallPager(settings, clock=SystemClock())
    try:
        async with pager.running(hear):
            yield pager
    finally:
        await runner.cleanup()


async def asked(provider: Provider, **changes: str) -> PartResult:
    async with calling(provider, []) as pager:
        (result,) = await pager.submit(dispatch(**changes))
        return result


async def test_a_provider_cannot_check_our_signature() -> None:
    """The request as another implementation of Standard Webhooks reads it; the id is the page's."""
    provider = Provider()
    assert await asked(provider) == Submitted(1, "c-77")
    ((headers, body),) = provider.asked
    assert json.loads(body) == {
        "to": "13900000001",
        "call": {"say": "荔波县发布暴雨红色预警", "id": PAGE, "kind": "rain/1"},
    }
    assert headers["webhook-id"] == PAGE
    other = Webhook(base64.b64encode(SECRET).decode())
    assert other.verify(body, headers) == json.loads(body)


def test_a_text_becomes_structure() -> None:
    """Quotes, braces and our own placeholders in a text are text."""
    text = '"},"to":"110","x":{"{number}{page_id}'
    read = json.loads(request_of(FORM, dispatch(text)))
    assert read["to"] == "13900000001"
    assert read["call"]["say"] == text


@pytest.mark.parametrize(
    ("status", "answer", "retry", "code"),
    [
        (429, b"", Retry.THROTTLED, "429"),
        (503, b"", Retry.TEMPORARY, "503"),
        (400, b"{}", Retry.PERMANENT, "400"),
        (302, b"", Retry.PERMANENT, "302"),
        (200, b'{"code":"isv.NUMBER_13900000001"}', Retry.PERMANENT, "isv.NUMBER_…"),
        (200, b"not json", Retry.PERMANENT, "200"),
        (200, b"[" * 60_000, Retry.PERMANENT, "200"),
    ],
)
async def test_a_refusal_is_taken_for_a_call(status: int, answer: bytes, retry: Retry, code: str) -> None:
    """By status and by the answer's own code; a redirection is not followed, and no number is repeated."""
    result = await asked(Provider(status, answer))
    assert isinstance(result, Refused)
    assert (result.retry, result.code) == (retry, code)


async def test_nobody_is_there() -> None:
    """Down: temporary. No number: permanent. Outside of ``running`` nothing goes out. And no secret shows."""
    settings = HttpCallSettings("calls", "http://127.0.0.1:9/calls", SPELT, FORM, timeout_seconds=1)
    pager = HttpCallPager(settings, clock=SystemClock())

    async def hear(_one: Inbound) -> None:
        raise AssertionError

    async with pager.running(hear):
        found = [(await pager.submit(one))[0] for one in (dispatch(), dispatch(address="x"))]
        assert not pager.health().ready
    found.append((await pager.submit(dispatch()))[0])
    assert [(one.retry, one.code) for one in found if isinstance(one, Refused)] == [
        (Retry.TEMPORARY, "unreachable"),
        (Retry.PERMANENT, "number"),
        (Retry.TEMPORARY, "not_running"),
    ]
    assert SPELT not in repr(settings)


async def test_a_callback_is_lost_or_forged() -> None:
    """Kept, then confirmed; not kept, then 503; another secret, an old time, another body: 401; another form: 400."""
    now, heard = datetime.now(UTC), list[Inbound]()  # noqa: TID251 - the other end's clock
    body = f'{{"id":"c-77","out_id":"{PAGE}","state":"keyed","digits":"4711"}}'.encode()
    good = headers_of(SECRET, "m1", now, body)
    async with calling(Provider(), heard, fails=1) as pager:
        assert await pager.called_back(good, body) == 503
        assert await pager.called_back({name.title(): value for name, value in good.items()}, body) == 204
        assert await pager.called_back(headers_of(bytes(32), "m1", now, body), body) == 401
        assert await pager.called_back(headers_of(SECRET, "m1", now - timedelta(minutes=6), body), body) == 401
        assert await pager.called_back(good, body + b" ") == 401
        assert await pager.called_back({}, body) == 401
        assert await pager.called_back(good | {"webhook-timestamp": "²"}, body) == 401
        assert await pager.called_back(headers_of(SECRET, "m2", now, b"[]"), b"[]") == 400
    assert await pager.called_back(good, body) == 503
    report, keyed = heard
    assert isinstance(report, Report)
    assert isinstance(keyed, Keyed)
    assert (report.reference, report.state, report.code) == ("c-77", ReportState.DELIVERED, "keyed")
    assert (keyed.page_id, keyed.digits) == (PAGE, "4711")


async def test_a_callback_of_another_implementation_is_refused() -> None:
    """Signed by the library of Standard Webhooks, several signatures in one header."""
    now, heard = datetime.now(UTC), list[Inbound]()  # noqa: TID251 - the other end's clock
    body = '{"id":"c-77","state":"busy"}'
    signed = Webhook(base64.b64encode(SECRET).decode()).sign("m3", now, body)
    headers = {
        "Webhook-Id": "m3",
        "Webhook-Timestamp": str(int(now.timestamp())),
        "Webhook-Signature": f"v1,x {signed}",
    }
    async with calling(Provider(), heard) as pager:
        assert await pager.called_back(headers, body.encode()) == 204
    assert [one.state for one in heard if isinstance(one, Report)] == [ReportState.FAILED]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "callback.reference"),
        (b'{"id":true,"state":"busy"}', "callback.reference"),
        (b'{"id":1.5,"state":"busy"}', "callback.reference"),
        (b'{"id":"' + b"x" * 300 + b'","state":"busy"}', "callback.reference"),
        (b'{"id":"c","state":"dancing"}', "callback.state"),
        (b'{"id":"c","state":["busy"]}', "callback.state"),
        (b'{"id":"c","state":"keyed","digits":"47a"}', "callback.digits"),
        (b'{"id":"c","state":"keyed","digits":"47","out_id":"c"}', "callback.page"),
        (b'{"id":"c","state":"keyed","digits":"' + b"1" * 40 + b'"}', "callback.digits"),
    ],
)
def test_a_callback_of_another_form_is_believed(body: bytes, code: str) -> None:
    """Every field has its kind and its bound."""
    fault = called_back(FORM, "calls", body, ManualClock().now())
    assert isinstance(fault, Fault)
    assert fault.code == code


def test_an_answer_has_no_code() -> None:
    """A form without a place for the code: the HTTP status alone says so; numbers are read as text."""
    plain = CallForm(fields={"to": "{number}"}, answer_id="id")
    assert answered(plain, b'{"id":77}') == (True, "77", "")
    assert answered(plain, b"x") == (True, "", "")


@pytest.mark.parametrize(
    ("url", "secret", "code"),
    [
        ("http://calls.example/x", SPELT, "paging.address"),
        ("https://a:b@calls.example/x", SPELT, "paging.address"),
        ("https:///x", SPELT, "paging.address"),
        ("https://calls.example/x", SPELT.removeprefix("whsec_"), "paging.secret"),
        ("https://calls.example/x", "whsec_AAAA", "paging.secret"),
        ("https://calls.example/x", "whsec_!", "paging.secret"),
    ],
)
def test_a_secret_goes_out_in_clear(url: str, secret: str, code: str) -> None:
    """A plain address outside of this machine, or a secret that is none, is refused at once, without the secret."""
    with pytest.raises(RequestError) as refused:
        HttpCallPager(HttpCallSettings("calls", url, secret, FORM), clock=ManualClock())
    assert refused.value.fault.code == code
    assert secret not in str(refused.value)


async def test_a_callback_comes_in_at_the_address_that_the_provider_was_given() -> None:
    """Signed and under the token: heard once. Another token, name or method: as if nothing were there."""
    now, heard = datetime.now(UTC), list[Inbound]()  # noqa: TID251 - the other end's clock
    body = f'{{"id":"c-77","out_id":"{PAGE}","state":"keyed","digits":"4711"}}'.encode()
    settings = HttpCallSettings("calls", "http://127.0.0.1:9/calls", SPELT, FORM, timeout_seconds=1)

    async def hear(one: Inbound) -> None:
        heard.append(one)

    async with (
        InboundHttp(InboundSettings("t" * 32), SystemClock()).running() as inbound,
        aiohttp.ClientSession() as out,
    ):
        pager = HttpCallPager(settings, clock=SystemClock(), callbacks=inbound)
        assert pager.capabilities.reply
        url, headers = inbound.address_of("calls", "callback"), headers_of(SECRET, "m1", now, body)
        async with pager.running(hear):
            statuses = [
                (await out.post(url, data=body, headers=headers)).status,
                (await out.post(url, data=body)).status,
                (await out.post(url.replace("t" * 32, "u" * 32), data=body, headers=headers)).status,
                (await out.post(inbound.address_of("others", "callback"), data=body, headers=headers)).status,
                (await out.get(url, headers=headers)).status,
            ]
            with pytest.raises(RequestError), inbound.calling_back("calls", pager.called_back):
                pass
        assert (await out.post(url, data=body, headers=headers)).status == 404
    assert statuses == [204, 401, 404, 404, 404]
    assert [type(one) for one in heard] == [Report, Keyed]
    assert not HttpCallPager(settings, clock=SystemClock()).capabilities.reply
