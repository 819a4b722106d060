"""What strangers, providers and a full disk meet at the listener."""

import asyncio
from collections.abc import AsyncIterator

import aiohttp
import pytest

from adapters.memory.clock import ManualClock
from adapters.sms.inbound_http import BODY_MAX_BYTES, InboundHttp, InboundSettings
from adapters.sms.pushes import Push, Read
from schemas.errors import Fault, RequestError, UnavailableError
from schemas.pages import Report, ReportState
from tests.http_peer import Heard

TOKEN = "a" * 20 + "-" + "B" * 20


class Gateway:
    """A provider that pushes one reference per line; ``?`` is unreadable, nothing at all is malformed."""

    name, thanks, thanks_type = "gateway", b'{"code": 0}', "application/json"

    def read(self, push: Push) -> Read | Fault:
        """Read one push."""
        lines = push.body.decode().split()
        found = [
            Report(self.name, line, ReportState.DELIVERED, push.kind, None, push.heard_at)
            for line in lines
            if line != "?"
        ]
        return Read(tuple(found), lines.count("?")) if lines else Fault("push.malformed", "body", "say something")


class Door:
    """A listener with one provider, and a client."""

    def __init__(self, inbound: InboundHttp, heard: Heard, session: aiohttp.ClientSession) -> None:
        """Keep them."""
        self.inbound, self.heard, self.session = inbound, heard, session
        self.base = f"http://127.0.0.1:{inbound.port}"

    async def post(self, path: str, body: bytes = b"r1") -> tuple[int, bytes]:
        """POST and return status and body."""
        async with self.session.post(self.base + path, data=body) as answer:
            return answer.status, await answer.read()


@pytest.fixture
async def door() -> AsyncIterator[Door]:
    """Open one."""
    inbound, heard = InboundHttp(InboundSettings(TOKEN), ManualClock()), Heard()
    async with inbound.running(), aiohttp.ClientSession() as session:
        with inbound.receiving(Gateway(), heard):
            yield Door(inbound, heard, session)


async def test_a_push_is_kept_and_thanked(door: Door) -> None:
    """A provider that is not thanked in its own words pushes the same for hours."""
    assert await door.post(f"/{TOKEN}/gateway/report", b"r1 r2") == (200, b'{"code": 0}')
    assert [one.reference for one in door.heard.kept if isinstance(one, Report)] == ["r1", "r2"]
    assert door.inbound.address_of("gateway", "report") == f"{door.base}/{TOKEN}/gateway/report"


@pytest.mark.parametrize(
    "path",
    [
        f"/{TOKEN[:-1]}/gateway/report",
        f"/{TOKEN}x/gateway/report",
        f"/{TOKEN.lower()}/gateway/report",
        "//gateway/report",
        f"/{TOKEN}/other/report",
        f"/{TOKEN}/gateway/else",
        f"/{TOKEN}/gateway",
        "/",
        "/%FF%FE/gateway/report",
    ],
)
async def test_who_does_not_know_the_address_learns_nothing(door: Door, path: str) -> None:
    """An answer that differs for a right token, or for a known provider, would tell a stranger what to try next."""
    status, body = await door.post(path)
    assert (status, b"gateway" in body) == (404, False)
    assert door.heard.kept == []


async def test_what_cannot_be_kept_is_not_thanked(door: Door) -> None:
    """Thanked before it is durable, a report is lost with the next power cut."""
    door.heard.refusing = 1
    status, _ = await door.post(f"/{TOKEN}/gateway/report", b"r1 r2")
    assert (status, door.heard.kept) == (503, [])
    status, _ = await door.post(f"/{TOKEN}/gateway/report", b"r1 r2")
    assert (status, len(door.heard.kept)) == (200, 2)


async def test_one_unreadable_record_takes_no_other_with_it(door: Door) -> None:
    """A provider that adds a new kind of record must not cost us the reports beside it."""
    status, _ = await door.post(f"/{TOKEN}/gateway/report", b"r1 ? r3")
    assert (status, len(door.heard.kept)) == (200, 2)


async def test_an_unreadable_push_is_refused_and_says_why(door: Door) -> None:
    """Thanked, it would never be seen again; the provider's operator reads the answer."""
    assert await door.post(f"/{TOKEN}/gateway/report", b"") == (400, b"body: say something [push.malformed]")


async def test_a_push_without_end_is_cut_off(door: Door) -> None:
    """A body without a bound fills the memory of the node."""
    status, _ = await door.post(f"/{TOKEN}/gateway/report", b"r" * (BODY_MAX_BYTES + 1))
    assert (status, door.heard.kept) == (413, [])


async def test_a_push_that_trickles_is_cut_off() -> None:
    """Sixty-four of them would keep every provider out."""
    inbound = InboundHttp(InboundSettings(TOKEN, body_seconds=0.2), ManualClock())
    async with inbound.running():
        with inbound.receiving(Gateway(), Heard()):
            reader, writer = await asyncio.open_connection("127.0.0.1", inbound.port)
            head = f"POST /{TOKEN}/gateway/report HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nr1"
            writer.write(head.encode())
            assert (await asyncio.wait_for(reader.readline(), 10)).split()[1] == b"408"
            writer.close()
            await writer.wait_closed()


async def test_two_providers_of_one_name_are_refused(door: Door) -> None:
    """The reports of one would be read as those of the other."""
    with pytest.raises(RequestError, match="name of its own"), door.inbound.receiving(Gateway(), door.heard):
        pass
    assert (await door.post(f"/{TOKEN}/gateway/report"))[0] == 200, "the first one is still there"


async def test_who_stopped_receiving_is_unknown(door: Door) -> None:
    """A push to a provider that does not run would be kept by nobody."""
    other = Gateway()
    other.name = "other"
    with door.inbound.receiving(other, door.heard):
        assert (await door.post(f"/{TOKEN}/other/report"))[0] == 200
    assert (await door.post(f"/{TOKEN}/other/report"))[0] == 404


@pytest.mark.parametrize("token", ["", "short", "a" * 31, "a" * 129, "a/" * 20, "预" * 32])
def test_a_token_that_is_no_secret_is_refused(token: str) -> None:
    """Anybody could say that a page was delivered."""
    with pytest.raises(RequestError) as refused:
        InboundHttp(InboundSettings(token), ManualClock())
    assert not token or token not in str(refused.value)


@pytest.mark.parametrize("name", ["", "Upper", "a b", "a%b", "-a", "a/b", "a" * 33])
async def test_a_name_that_would_not_stand_in_an_address_is_refused(door: Door, name: str) -> None:
    """Kannel reads a percent sign in an address as a code of its own."""
    odd = Gateway()
    odd.name = name
    with pytest.raises(RequestError), door.inbound.receiving(odd, door.heard):
        pass


async def test_an_address_that_is_taken_says_so(door: Door) -> None:
    """A second node on one machine must not start deaf."""
    other = InboundHttp(InboundSettings(TOKEN, port=door.inbound.port), ManualClock())
    with pytest.raises(UnavailableError, match="cannot listen for pushes"):
        async with other.running():
            pass


async def test_many_pushes_at_once_are_all_kept(door: Door) -> None:
    """Reports of 1,000 pages come within a minute."""
    answers = await asyncio.gather(*(door.post(f"/{TOKEN}/gateway/report", f"r{n}".encode()) for n in range(300)))
    assert {status for status, _ in answers} == {200}
    assert {one.reference for one in door.heard.kept if isinstance(one, Report)} == {f"r{n}" for n in range(300)}


def test_the_token_is_in_no_representation() -> None:
    """Settings end up in a log line when somebody debugs a start."""
    assert TOKEN not in repr(InboundSettings(TOKEN))
