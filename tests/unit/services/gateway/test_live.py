"""The live stream: no loss, no double, in order; who may hear what; what becomes of a slow client."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest

from adapters.memory.store import MemoryStore
from schemas.access import Scope
from schemas.errors import InvariantError
from schemas.notices import NoticeKind
from schemas.records import Quarantined
from services.gateway.gateway import Limits
from services.ports import Transaction
from tests import papers
from tests.caller import Caller, calling
from tests.duties import Telling
from tests.world import County, World, alert_draft, policy_draft

HUANJIANG = papers.HUANJIANG
LIVE = "/api/v1/live"
WAIT = 5.0  # seconds until a test gives up


@pytest.fixture
def world() -> World:
    return World()


@asynccontextmanager
async def listening(
    caller: Caller,
    after: int | None = None,
    **how: Any,  # noqa: ANN401 - passed on
) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
    """Open the stream."""
    params = {} if after is None else {"after": str(after)}
    headers = how.pop("headers", caller.auth)
    async with caller.session.ws_connect(LIVE, params=params, headers=headers, **how) as socket:
        yield socket


async def heard(socket: aiohttp.ClientWebSocketResponse, count: int) -> list[dict[str, Any]]:
    """Hear so many messages."""
    return [json.loads(await socket.receive_str(timeout=WAIT)) for _ in range(count)]


def board(county: County) -> str:
    """Return the token of a display board."""
    return county.let_in("board", Scope.EVENTS_READ)


async def test_what_happens_is_told_as_it_happens(world: World) -> None:
    """An alert must be on the screen when it is in the store, not at the next poll."""
    county = world[HUANJIANG]
    async with calling(county, board(county)) as caller, listening(caller) as socket:
        posted = await world[papers.LIBO].send(alert_draft())
        await world.carry()
        arrived, receipt = await heard(socket, 2)

    assert (arrived["kind"], arrived["reference"]) == ("arrived", posted.envelope_id)
    assert (arrived["event"]["headline"], arrived["event"]["level"]) == ("荔波县气象台发布暴雨红色预警", 1)
    assert (receipt["kind"], receipt["receipt"]["stage"], receipt["receipt"]["head"]) == (
        "receipt",
        "stored",
        posted.envelope_id,
    )


async def test_the_sender_hears_the_answer(world: World) -> None:
    """The sender's screen turns green by itself when the neighbour's officer answers."""
    county, neighbour = world[HUANJIANG], world[papers.LIBO]
    posted = await county.send(alert_draft())
    await world.carry()
    async with calling(neighbour, neighbour.let_in("duty", Scope.ACKNOWLEDGE, officer="duty-a")) as officer:
        await officer.post(f"/events/{posted.envelope_id}/acknowledgement", json={"answer": "handling"})
    async with calling(county, board(county)) as caller, listening(caller) as socket:
        await world.carry()
        (message,) = await heard(socket, 1)

    assert message["receipt"]["officer"] == "值班员甲"
    assert (message["receipt"]["stage"], message["receipt"]["answer"]) == ("acknowledged", "handling")


async def test_a_client_resumes_without_loss_or_double(world: World) -> None:
    """A screen that was cut off must show each event once, whenever the cut came."""
    county = world[HUANJIANG]
    for _ in range(20):
        await county.send(policy_draft())
    seen: list[dict[str, Any]] = []
    async with calling(county, board(county)) as caller:
        for count in (1, 7, 4, 8):
            after = seen[-1]["sequence"] if seen else 0
            async with listening(caller, after) as socket:
                seen += await heard(socket, count)

    assert [one["event"]["seq"] for one in seen] == list(range(1, 21))
    sequences = [one["sequence"] for one in seen]
    assert sequences == sorted(set(sequences))


async def test_events_sent_while_listening_come_in_order(world: World) -> None:
    """Writes that overtake the reader must neither be missed nor be told twice."""
    county = world[HUANJIANG]
    limits = Limits(live_batch=3)
    async with calling(county, board(county), limits=limits) as caller, listening(caller, 0) as socket:
        sending = asyncio.gather(*(county.send(policy_draft()) for _ in range(50)))
        messages = await heard(socket, 50)
        await sending

    assert [one["event"]["seq"] for one in messages] == list(range(1, 51))


async def test_without_after_the_past_is_not_told(world: World) -> None:
    """A board that starts today must not replay last year."""
    county = world[HUANJIANG]
    await county.send(policy_draft())
    async with calling(county, board(county)) as caller, listening(caller) as socket:
        await county.send(policy_draft(priority=2))
        (message,) = await heard(socket, 1)

    assert message["event"]["seq"] == 2


async def test_a_place_beyond_the_end_is_refused(world: World) -> None:
    """After a restore the journal is shorter: waiting behind its end would be silence for ever."""
    county = world[HUANJIANG]
    await county.send(policy_draft())
    async with calling(county, board(county)) as caller:
        with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
            await caller.session.ws_connect(LIVE, params={"after": "99"}, headers=caller.auth)

    assert caught.value.status == 409


async def test_notices_are_told_to_operators_only(world: World) -> None:
    """A reader's board must not learn what was refused; the operator's must."""
    county = world[HUANJIANG]

    def tell(tx: Transaction) -> None:
        tx.waiting_room.tell(NoticeKind.NOT_STORED, "a", papers.LIBO, "荔波未入库，请电话", papers.NOW)

    operator = county.let_in("operator", Scope.EVENTS_READ, Scope.OPERATE)
    async with calling(county, operator) as caller:
        reader = Caller(caller.session, board(county), caller.port)
        async with listening(caller, 0) as first, listening(reader, 0) as second:
            await county.store.write(tell)
            await county.send(policy_draft())
            notice, event = await heard(first, 2)
            (only,) = await heard(second, 1)

    assert notice["notice"]["text"] == "荔波未入库，请电话"
    assert only == event


async def test_a_notice_that_is_closed_is_told_again(world: World) -> None:
    """A second screen that goes on showing what was dealt with sends a second officer to the telephone."""
    county = world[HUANJIANG]

    def tell(tx: Transaction) -> None:
        tx.waiting_room.tell(NoticeKind.REFUSED, "a", papers.LIBO, "荔波拒收", papers.NOW)

    operator = county.let_in("operator", Scope.EVENTS_READ, Scope.OPERATE)
    async with calling(county, operator) as caller, listening(caller, 0) as socket:
        await county.store.write(tell)
        await heard(socket, 1)
        await caller.post("/notices/1/closing")
        (closed,) = await heard(socket, 1)

    assert (closed["kind"], closed["reference"], closed["notice"]["closed_by"]) == ("notice", "1", "operator")


async def test_a_browser_sends_its_token_as_a_subprotocol(world: World) -> None:
    """A browser cannot set Authorization here, and an address with a token in it ends in every log."""
    county = world[HUANJIANG]
    token = board(county)
    async with (
        calling(county) as caller,
        listening(caller, headers={}, protocols=("sihu.live.v1", f"bearer.{token}")) as socket,
    ):
        assert socket.protocol == "sihu.live.v1"
        await county.send(policy_draft())
        assert (await heard(socket, 1))[0]["kind"] == "posted"


@pytest.mark.parametrize(
    ("protocols", "query", "status"),
    [
        ((), {}, 401),
        (("sihu.live.v1",), {}, 401),
        (("bearer.TOKEN",), {}, 401),
        (("sihu.live.v1", "bearer.nobody"), {}, 401),
        (("sihu.live.v1", "bearer.TOKEN", "bearer.TOKEN"), {}, 401),
        ((), {"token": "TOKEN"}, 401),
        (("sihu.live.v1", "bearer.TOKEN"), {"token": "TOKEN"}, 400),
    ],
)
async def test_a_token_elsewhere_opens_nothing(
    world: World, protocols: tuple[str, ...], query: dict[str, str], status: int
) -> None:
    """A token in the query must not work even by accident."""
    county = world[HUANJIANG]
    token = board(county)
    offered = [one.replace("TOKEN", token) for one in protocols]
    params = {name: value.replace("TOKEN", token) for name, value in query.items()}
    async with calling(county) as caller:
        with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
            await caller.session.ws_connect(LIVE, params=params, protocols=offered)

    assert caught.value.status == status


async def test_plain_http_is_told_to_upgrade(world: World) -> None:
    """Somebody who opens the address in a browser must learn what it is."""
    county = world[HUANJIANG]
    async with calling(county, board(county)) as caller:
        answer = await caller.get("/live")

    assert (answer.status, answer.headers["Upgrade"], answer.body["code"]) == (
        426,
        "websocket",
        "http.upgrade_required",
    )


async def test_a_token_that_ends_ends_its_stream(world: World) -> None:
    """Revoking a token must not leave its screen running for weeks."""
    county = world[HUANJIANG]
    token = board(county)
    async with calling(county, token) as caller, listening(caller) as socket:
        county.directory.tokens.clear()
        await county.send(policy_draft())
        message = await socket.receive(timeout=WAIT)

    assert (message.type, message.data) == (aiohttp.WSMsgType.CLOSE, 4401)


async def test_a_quiet_stream_notices_that_its_token_ended(world: World) -> None:
    """Nothing happening is no reason to keep an ended token."""
    county = world[HUANJIANG]
    limits = Limits(heartbeat_seconds=0.2)
    async with calling(county, board(county), limits=limits) as caller, listening(caller) as socket:
        county.directory.tokens.clear()
        message = await socket.receive(timeout=WAIT)

    assert (message.type, message.data) == (aiohttp.WSMsgType.CLOSE, 4401)


async def test_a_client_that_speaks_is_told_not_to(world: World) -> None:
    """What nobody reads must not be accepted as if it were read."""
    county = world[HUANJIANG]
    async with calling(county, board(county)) as caller, listening(caller) as socket:
        await socket.send_str("acknowledge everything")
        message = await socket.receive(timeout=WAIT)

    assert (message.type, message.data) == (aiohttp.WSMsgType.CLOSE, 1003)


async def test_a_client_that_reads_nothing_is_cut_off(world: World) -> None:
    """One frozen screen must cost a socket for a while, never memory that grows."""
    county = world[HUANJIANG]

    def refuse(tx: Transaction) -> None:
        for number in range(2000):
            digest, reason = f"{number:064x}", "原因" * 2000
            tx.waiting_room.quarantine(Quarantined(digest, 1, papers.LIBO, "", "wire.x", "", reason, papers.NOW, None))

    await county.store.write(refuse)  # 24 MB to be told: more than the buffers of both sockets hold
    operator = county.let_in("operator", Scope.EVENTS_READ, Scope.OPERATE)
    limits = Limits(live_send_seconds=0.3, heartbeat_seconds=60.0)
    async with calling(county, operator, limits=limits) as caller:
        reader, writer = await asyncio.open_connection("127.0.0.1", caller.port, limit=1024)
        writer.write(handshake(caller))
        await asyncio.sleep(1.5)  # time is the subject: it reads nothing for longer than the bound
        with pytest.raises((ConnectionResetError, asyncio.IncompleteReadError)):
            await reader.readexactly(24_000_000)
        writer.close()
        assert "sihu_live_clients 0.0" in (await caller.get("/metrics")).body

    assert county.crashes == []


def handshake(caller: Caller) -> bytes:
    """Return the bytes that open the stream."""
    return (
        f"GET {LIVE}?after=0 HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
        f"Authorization: {caller.auth['Authorization']}\r\n\r\n"
    ).encode()


async def test_a_node_that_stops_says_so(world: World) -> None:
    """A screen must know that the silence is the node's, and resume elsewhere or later."""
    county = world[HUANJIANG]
    async with aiohttp.ClientSession() as session:
        async with calling(county, board(county)) as caller:
            socket = await session.ws_connect(f"http://127.0.0.1:{caller.port}{LIVE}", headers=caller.auth)
            receiving = asyncio.create_task(socket.receive(timeout=WAIT))
        message = await receiving
        await socket.close()

    assert (message.type, message.data) == (aiohttp.WSMsgType.CLOSE, 1001)


class BrokenStore(MemoryStore):
    """A store whose journal does not hold together."""

    async def changed(self, after: int) -> int:  # noqa: ARG002 - the port's signature
        """Find the fault."""
        raise InvariantError("the journal has a hole")


async def test_a_store_that_cannot_be_read_ends_the_stream(world: World) -> None:
    """A stream that hung on a broken store would look like a quiet night."""
    county = world[HUANJIANG]
    county.store = BrokenStore()
    async with calling(county, board(county)) as caller, listening(caller) as socket:
        message = await socket.receive(timeout=WAIT)

    assert (message.type, message.data) == (aiohttp.WSMsgType.CLOSE, 1011)
    assert [str(one) for one in county.crashes] == ["the journal has a hole"]


async def test_an_open_desk_hears_that_others_are_on_duty_next_door(world: World) -> None:
    """Without a message the open page shows yesterday's name until somebody loads it again."""
    county = world[HUANJIANG]
    async with calling(county, board(county)) as caller, listening(caller) as socket:
        await Telling(world).tell()
        (arrived,) = await heard(socket, 1)

    assert arrived["kind"] == "arrived"
    assert {"event", "receipt", "notice", "quarantined"}.isdisjoint(arrived)
