"""The signed webhook against receivers that verify it by the specification's own package."""

import base64
import json
import os
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime

import aiohttp
import pytest
from aiohttp import web
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from adapters.clock import SystemClock
from adapters.memory.clock import ManualClock
from adapters.webhook.sender import PAYLOAD_MAX_BYTES, Target, WebhookSender, WebhookSettings, signatures
from schemas.errors import RequestError
from schemas.pages import Medium, Refused, Retry, Submitted
from tests.http_peer import PAGE_ID, Cut, Heard, Peer, Seen, a_page, http_peer

PAYLOAD = json.dumps({"page": PAGE_ID, "text": "【演练】龙滩水库泄洪预警𠮷"}, ensure_ascii=False).encode()


def a_secret(size: int = 32) -> str:
    """Make a secret as a receiver would."""
    return "whsec_" + base64.b64encode(os.urandom(size)).decode()


OLD, NEW = a_secret(), a_secret(24)


def a_sender(url: str, session: aiohttp.ClientSession, *secrets: str, **changes: float) -> WebhookSender:
    """Return the adapter towards one address."""
    settings = WebhookSettings("county", (Target(url, secrets or (NEW, OLD)),), **changes)
    return WebhookSender(settings, session=session, clock=SystemClock())


async def posted(answers: Callable[[Seen], web.StreamResponse], payload: bytes = PAYLOAD) -> tuple[object, Peer]:
    """Send one page and return its result and what the receiver saw."""
    async with http_peer(answers) as peer, aiohttp.ClientSession() as session:
        url = f"{peer.url}/hook?of=county"
        page = a_page(medium=Medium.WEBHOOK, address=url, payload=payload)
        (result,) = await a_sender(url, session).submit(page)
    return result, peer


@pytest.mark.parametrize("secret", [OLD, NEW])
async def test_a_receiver_verifies_with_the_old_secret_and_with_the_new(secret: str) -> None:
    """A secret changed at one end only would cut a county system off until somebody notices."""
    result, peer = await posted(lambda _: web.Response(status=204))
    assert result == Submitted(1, PAGE_ID)
    assert Webhook(secret).verify(peer.last.body, dict(peer.last.headers)) == json.loads(PAYLOAD)
    assert (peer.last.method, peer.last.path, peer.last.query) == ("POST", "/hook", "of=county")
    assert peer.last.headers["webhook-id"] == PAGE_ID, "the same after a crash: the receiver can tell a double"
    assert peer.last.headers["content-type"] == "application/json"


async def test_a_receiver_refuses_another_secret_and_a_changed_body() -> None:
    """Else the signature would prove nothing."""
    _, peer = await posted(lambda _: web.Response())
    with pytest.raises(WebhookVerificationError):
        Webhook(a_secret()).verify(peer.last.body, dict(peer.last.headers))
    with pytest.raises(WebhookVerificationError):
        Webhook(OLD).verify(peer.last.body.replace(b"page", b"Page"), dict(peer.last.headers))


@pytest.mark.parametrize("size", [1, 2, 31, 32, 33, 63, 64, 65, 1000, 65536])
def test_the_signature_is_the_specification_s(size: int) -> None:
    """By its own package, for bodies of every length that matters to the digest."""
    payload = ("预警𠮷 " * size).encode()[: size * 3].decode(errors="ignore").encode()
    at = datetime(2026, 3, 4, 7, 0, tzinfo=UTC)
    keys = tuple(base64.b64decode(secret.removeprefix("whsec_")) for secret in (NEW, OLD))
    ours = signatures(PAGE_ID, int(at.timestamp()), payload, keys)
    assert ours.split() == [Webhook(secret).sign(PAGE_ID, at, payload.decode()) for secret in (NEW, OLD)]


@pytest.mark.parametrize(
    ("status", "retry"),
    [
        (410, Retry.PERMANENT),
        (404, Retry.PERMANENT),
        (400, Retry.PERMANENT),
        (413, Retry.PERMANENT),
        (301, Retry.PERMANENT),
        (307, Retry.PERMANENT),
        (401, Retry.TEMPORARY),
        (408, Retry.TEMPORARY),
        (425, Retry.TEMPORARY),
        (429, Retry.THROTTLED),
        (500, Retry.TEMPORARY),
        (503, Retry.TEMPORARY),
    ],
)
async def test_a_status_says_what_to_do(status: int, retry: Retry) -> None:
    """410 tried again for a day is what makes receivers block a sender."""
    headers = {"Location": "http://127.0.0.1:9/", "Retry-After": "17"}
    result, peer = await posted(lambda _: web.Response(status=status, headers=headers))
    assert result == Refused(1, retry, f"http.{status}", "", 17)
    assert len(peer.seen) == 1, "one submit is one POST, and no redirect is followed"


async def test_an_answer_without_end_is_not_read() -> None:
    """A receiver that streams would hold the memory of the node."""

    async def endless(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse(status=500)
        await answer.prepare(request)
        with suppress(ConnectionError):
            while True:
                await answer.write(b"x" * 65536)
        return answer

    app = web.Application()
    app.router.add_post("/", endless)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        url = f"http://127.0.0.1:{runner.addresses[0][1]}/"
        async with aiohttp.ClientSession() as session:
            page = a_page(medium=Medium.WEBHOOK, address=url, payload=PAYLOAD)
            (result,) = await a_sender(url, session).submit(page)
    finally:
        await runner.cleanup()
    assert result == Refused(1, Retry.TEMPORARY, "http.500")


async def test_what_may_have_gone_through_is_told_from_what_did_not() -> None:
    """Only the first can be a double there."""

    def cut(_: Seen) -> web.StreamResponse:
        raise Cut

    result, peer = await posted(cut)
    assert isinstance(result, Refused)
    assert (result.retry, result.code, len(peer.seen)) == (Retry.TEMPORARY, "timeout", 1)
    async with aiohttp.ClientSession() as session:
        sender = a_sender("http://127.0.0.1:9/", session)
        async with sender.running(Heard()):
            assert sender.health().ready
            (result,) = await sender.submit(a_page(address="http://127.0.0.1:9/", payload=PAYLOAD))
            assert sender.health().problem.startswith("unreachable")
    assert isinstance(result, Refused)
    assert (result.retry, result.code) == (Retry.TEMPORARY, "unreachable")


@pytest.mark.parametrize("tail", ["/hook", "/hook?of=county&and=more", "/", "/hook?of=county#x"])
async def test_only_a_configured_address_is_called(tail: str) -> None:
    """An address that comes out of data would let anybody who writes data call what the node can reach."""
    async with http_peer(lambda _: web.Response()) as peer, aiohttp.ClientSession() as session:
        sender = a_sender(f"{peer.url}/hook?of=county", session)
        (result,) = await sender.submit(a_page(address=peer.url + tail, payload=PAYLOAD))
    assert isinstance(result, Refused)
    assert (result.retry, result.code, peer.seen) == (Retry.PERMANENT, "address", [])


@pytest.mark.parametrize("payload", [b"", b"x" * (PAYLOAD_MAX_BYTES + 1)])
async def test_a_payload_out_of_bounds_is_not_sent(payload: bytes) -> None:
    """Nothing is no event, and receivers refuse what is too large only after all of it came."""
    result, peer = await posted(lambda _: web.Response(), payload)
    assert isinstance(result, Refused)
    assert (result.retry, result.code, peer.seen) == (Retry.PERMANENT, "payload", [])


@pytest.mark.parametrize(
    "target",
    [
        Target("http://example.org/", (NEW,)),
        Target("https://u:p@example.org/", (NEW,)),
        Target("https:///x", (NEW,)),
        Target("file:///etc/passwd", (NEW,)),
        Target("https://example.org/", ()),
        Target("https://example.org/", ("whsec_short",)),
        Target("https://example.org/", (NEW.removeprefix("whsec_"),)),
        Target("https://example.org/", ("whsec_" + "?" * 40,)),
        Target("https://example.org/", (NEW,) * 5),
    ],
)
async def test_a_target_that_is_unsafe_is_refused_at_the_start(target: Target) -> None:
    """A typing error must not wait for the first alert, nor stand in the text with the secret."""
    async with aiohttp.ClientSession() as session:
        with pytest.raises(RequestError) as refused:
            WebhookSender(WebhookSettings("county", (target,)), session=session, clock=ManualClock())
    assert not any(secret and secret in str(refused.value) for secret in target.secrets)
    assert "whsec" not in repr(target)
