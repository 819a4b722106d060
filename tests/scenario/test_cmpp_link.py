"""The CMPP link: let in, refused, kept alive, ended, and rubbish on the line."""

import asyncio
import socket
import struct

import pytest
from structlog.testing import capture_logs

from adapters.memory.clock import ManualClock
from adapters.sms.cmpp import CmppPager
from schemas.pages import (
    Refused,
    Retry,
    Submitted,
)
from tests.ismg import (
    ACTIVE_TEST,
    ANSWER,
    CONNECT,
    DELIVER,
    SECRET,
    TERMINATE,
    Ismg,
    deliver_body,
    eventually,
    grown,
    packet,
    report_content,
)
from tests.scenario.cmpp_desk import BOTH, NUMBER, TEXT, Desk, Ear, desk, ready_desk, settings

# -- being let in -------------------------------------------------------------------------------------


@BOTH
async def test_it_is_let_in_and_leaves_politely(major: int) -> None:
    """A link that is cut instead of ended leaves the gateway with a ghost that holds our one connection."""
    ismg = Ismg(major)
    with capture_logs() as logs:
        async with ready_desk(ismg) as at:
            assert len(ismg.connection.of(CONNECT)[0].body) == 27
            assert at.pager.health().last_heard_at is not None
            assert at.pager.health().problem == ""
    assert [line["event"] for line in logs] == ["cmpp.connected"], "to leave is no fault"
    assert len(ismg.connection.of(TERMINATE)) == 1
    assert not at.pager.health().ready


@BOTH
@pytest.mark.parametrize(
    ("status", "words"),
    [(1, "structure"), (2, "source address"), (3, "secret"), (4, "older version"), (5, "other"), (99, "other")],
)
async def test_a_refusal_is_said_and_not_repeated_in_a_hurry(major: int, status: int, words: str) -> None:
    """Knocking every second with a wrong secret gets the enterprise code locked; and nobody would know why."""
    ismg = Ismg(major)
    ismg.status = status
    with capture_logs() as logs:
        async with desk(ismg) as at:
            await eventually(lambda: f"status {status}" in at.pager.health().problem)
            assert words in at.pager.health().problem
            assert (await at.submit("一"))[0] == Refused(1, Retry.TEMPORARY, "link", "no link to the gateway")
            for pause, attempts in ((30, 2), (60, 3), (120, 4), (300, 5), (900, 6), (900, 7)):
                await _still(at, pause - 1, attempts - 1)
                await at.clock.move(1)
                await grown(ismg.connections, attempts)
                await eventually(lambda: ismg.connection.closed)
    assert [line["event"] for line in logs] == ["cmpp.refused"]
    assert SECRET not in repr(logs) + at.pager.health().problem


async def _still(at: Desk, seconds: float, attempts: int) -> None:
    await at.clock.move(seconds)
    await asyncio.sleep(0.01)
    assert len(at.ismg.connections) == attempts


async def test_after_the_secret_is_put_right_the_link_comes_by_itself() -> None:
    """An operator who telephoned the carrier should not have to restart the node."""
    ismg = Ismg()
    ismg.status = 3
    async with desk(ismg) as at:
        await eventually(lambda: "status 3" in at.pager.health().problem)
        ismg.status = None
        await at.clock.move(30)
        await at.ready()


@BOTH
async def test_a_gateway_that_cannot_prove_itself_gets_nothing(major: int) -> None:
    """Whoever sits on the line could take every alert and answer "delivered"."""
    ismg = Ismg(major)
    ismg.proves_itself = False
    async with desk(ismg) as at:
        await eventually(lambda: "prove" in at.pager.health().problem)
        await eventually(lambda: ismg.connection.closed)
    async with ready_desk(ismg, check_gateway=False):
        pass


async def test_a_3_0_gateway_may_prove_itself_with_the_shorter_status() -> None:
    """Gateways are known that kept one octet there; they know the secret all the same."""
    ismg = Ismg(3)
    ismg.proves_in_form = 2
    async with ready_desk(ismg):
        pass


@BOTH
async def test_an_answer_in_the_other_version_is_a_refusal(major: int) -> None:
    """Fields would be read at the wrong places: a submit that nobody understands, a report for a wrong part."""
    ismg = Ismg(major)
    ismg.form = 5 - major
    async with desk(ismg) as at:
        await eventually(lambda: f"{major}.0 is agreed" in at.pager.health().problem)


async def test_a_gateway_that_does_not_answer_is_left() -> None:
    """A port that is open on a machine that hangs would hold the link for ever."""
    ismg = Ismg()
    ismg.greets = False
    async with desk(ismg, connect_seconds=0.05) as at:
        await eventually(lambda: at.pager.health().problem == "no answer to CMPP_CONNECT")


async def test_nobody_there_is_asked_ever_more_slowly() -> None:
    """A gateway in maintenance is no reason to try a thousand times."""
    ismg = Ismg()
    async with ismg.serving():
        port = ismg.port
    clock = ManualClock()
    pager = CmppPager(settings(port), clock=clock)
    with capture_logs() as logs:
        async with pager.running(Ear()):
            await eventually(lambda: pager.health().problem.startswith("no connection"))
            for _ in range(30):
                await clock.move(60)
                await asyncio.sleep(0.002)
    assert [line["event"] for line in logs] == ["cmpp.link_lost"], "one line, not one for every attempt"


async def test_another_packet_instead_of_an_answer_ends_it() -> None:
    """A gateway that asks whether we are there before it let us in is none that we know."""
    ismg = Ismg()
    ismg.instead = packet(ACTIVE_TEST, 1)
    async with desk(ismg) as at:
        await eventually(lambda: at.pager.health().problem == "the gateway answers CMPP_CONNECT with ActiveTest")


# -- staying ------------------------------------------------------------------------------------------


@BOTH
async def test_tests_go_both_ways(major: int) -> None:
    """A gateway ends a link that does not answer its test; we would not notice that it hangs."""
    ismg = Ismg(major)
    async with ready_desk(ismg) as at:
        ismg.connection.send(ACTIVE_TEST, 77)
        await eventually(lambda: [s.sequence for s in ismg.connection.of(ACTIVE_TEST | ANSWER)] == [77])
        for sent in range(1, 7):
            await at.clock.move(60)
            await _tested(at, sent)
        assert len(ismg.connections) == 1


async def _tested(at: Desk, count: int) -> None:
    await eventually(lambda: len(at.ismg.connection.of(ACTIVE_TEST)) == count)
    await eventually(lambda: at.pager.health().last_heard_at == at.clock.now())


async def test_three_unanswered_tests_make_a_new_link() -> None:
    """A half-open connection takes submits for hours and delivers none."""
    ismg = Ismg()
    ismg.answers_tests = False
    async with ready_desk(ismg) as at:
        for _ in range(3):
            await at.clock.move(60)
        await eventually(lambda: len(ismg.connection.of(ACTIVE_TEST)) == 3)
        assert at.pager.health().ready
        await at.clock.move(60)
        await eventually(lambda: at.pager.health().problem == "3 active tests without an answer")
        await at.clock.move(1)
        await eventually(lambda: len(ismg.connections) == 2)
        await at.ready()


async def test_a_goodbye_of_the_gateway_is_answered_and_the_link_made_anew() -> None:
    """Gateways end every link before maintenance, and some lock whoever does not answer."""
    ismg = Ismg()
    async with ready_desk(ismg) as at:
        ismg.connection.send(TERMINATE, 5)
        await eventually(lambda: [s.sequence for s in ismg.connection.of(TERMINATE | ANSWER)] == [5])
        await eventually(lambda: at.pager.health().problem == "the gateway ended the connection")
        await at.clock.move(1)
        await at.ready()


async def test_a_gateway_that_lets_us_in_and_drops_us_is_asked_ever_more_slowly() -> None:
    """To be let in is no success yet: beginning anew each time would be a loop of one second for ever."""
    ismg = Ismg()
    async with ready_desk(ismg) as at:
        for attempts, pause in enumerate((1, 2, 4, 8, 16, 32, 60, 60), start=1):
            await _lost(at)
            await _still(at, pause - 0.5, attempts)
            await at.clock.move(0.5)
            await grown(ismg.connections, attempts + 1)
            await at.ready()
        await at.clock.move(60)  # this one lasts
        await _lost(at)
        await at.clock.move(1)
        await at.ready()


async def _lost(at: Desk) -> None:
    at.ismg.connection.writer.close()
    await eventually(lambda: not at.pager.health().ready)


async def test_a_connection_that_is_reset_is_made_anew() -> None:
    """A firewall that forgets connections answers with a reset instead of an end."""
    ismg = Ismg()
    async with ready_desk(ismg) as at:
        reset = struct.pack("ii", 1, 0)
        ismg.connection.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, reset)
        ismg.connection.writer.transport.abort()
        await eventually(lambda: at.pager.health().problem == "the connection broke: ConnectionResetError")
        await at.clock.move(1)
        await at.ready()


async def test_a_part_that_was_under_way_when_the_link_broke_may_have_gone_out() -> None:
    """Called "not sent", it would be sent again at once and the officer told twice; called "sent", perhaps never."""
    ismg = Ismg()
    ismg.holds = True
    async with ready_desk(ismg) as at:
        sending = asyncio.create_task(at.submit("一"))
        await eventually(lambda: ismg.submits)
        ismg.connection.writer.close()
        assert [(r.retry, r.code) for r in await sending if isinstance(r, Refused)] == [(Retry.TEMPORARY, "timeout")]
        ismg.holds = False
        await at.clock.move(1)
        await at.ready()
        assert isinstance((await at.submit("一"))[0], Submitted)


# -- bytes --------------------------------------------------------------------------------------------


@BOTH
async def test_packets_may_come_in_any_pieces(major: int) -> None:
    """TCP keeps no borders: a reader that counts on them works on the loopback and fails on the line."""
    ismg = Ismg(major)
    stream = b"".join(
        [
            packet(ACTIVE_TEST, 1),
            packet(DELIVER, 2, deliver_body(major, msg_id=1, dest="1069000137", source=NUMBER, content=b"37", fmt=0)),
            packet(
                DELIVER,
                3,
                deliver_body(
                    major,
                    msg_id=2,
                    dest="10690001",
                    source=NUMBER,
                    content=report_content(major, 3, "DELIVRD"),
                    fmt=0,
                    report=1,
                ),
            ),
            packet(ACTIVE_TEST, 4),
        ]
    )
    ismg.greeting = stream  # coalesced with the answer to CMPP_CONNECT
    async with ready_desk(ismg) as at:
        await eventually(lambda: len(at.ear.heard) == 2)
        for byte in stream:
            ismg.connection.writer.write(bytes([byte]))
            await ismg.connection.writer.drain()
            await asyncio.sleep(0)
        await eventually(lambda: len(at.ear.heard) == 4)
        for cut in range(1, len(stream)):
            ismg.connection.writer.write(stream[:cut])
            await asyncio.sleep(0)
            ismg.connection.writer.write(stream[cut:])
        count = 4 + 2 * (len(stream) - 1)
        await eventually(lambda: len(at.ear.heard) == count)
        assert at.pager.health().ready
        assert len(ismg.connections) == 1


RUBBISH = {
    "http": b"HTTP/1.1 400 Bad Request\r\n\r\n",
    "tls": bytes.fromhex("1503030002022816030100a5"),
    "zeros": bytes(64),
    "too short": packet(ACTIVE_TEST, 1)[:3] + b"\x05" + bytes(8),
    "too long": b"\x00\x00\x40\x01" + bytes(8),
    "endless": b"\xff" * 5000,
    "unknown command": packet(0x0000_0006, 1),
    "half a deliver": packet(DELIVER, 1, bytes(30)),
    "a deliver that promises more": packet(DELIVER, 1, bytes(64) + b"\xff" + bytes(8)),
    "an answer too short": packet(0x8000_0004, 1, bytes(3)),
    "what only we send": packet(0x0000_0004, 1, bytes(117)),
    "a second greeting": packet(0x8000_0001, 1, bytes(18)),
}


@pytest.mark.parametrize("where", ["instead", "behind"])
@pytest.mark.parametrize("rubbish", RUBBISH.values(), ids=RUBBISH.keys())
async def test_rubbish_ends_the_connection_and_never_the_node(rubbish: bytes, where: str) -> None:
    """Somebody's web server on the port: told in words, tried again ever more slowly, no crash and no loop."""
    ismg = Ismg()
    if where == "instead":
        ismg.instead = rubbish
    else:
        ismg.greeting = rubbish
    async with desk(ismg) as at:
        for _ in range(12):
            await eventually(lambda: ismg.connections and ismg.connection.closed)
            await eventually(lambda: not at.pager.health().ready)
            await at.clock.move(60)
        await eventually(lambda: ismg.connection.closed and not at.pager.health().ready)
        problem = at.pager.health().problem
        assert any(word in problem for word in ("no CMPP", "which only we send", "refused", "answers", "prove")), (
            problem
        )
        assert 2 < len(ismg.connections) <= 7 + 12, "slower and slower, then once a minute"


async def test_numbers_and_secrets_stay_out_of_every_log() -> None:
    """A journal is copied into tickets and mails."""
    ismg, ear = Ismg(), Ear(fails=1)
    with capture_logs() as logs:
        async with ready_desk(ismg, ear) as at:
            await at.submit(TEXT)
            ismg.deliver(content="收到".encode("gbk"), fmt=0)
            ismg.deliver(content=b"x" + NUMBER.encode(), fmt=0, report=1)
            await eventually(lambda: len(ismg.connection.of(DELIVER | ANSWER)) == 1)
            ismg.connection.writer.write(b"\xff" * 100)
            await eventually(lambda: not at.pager.health().ready)
    shown = repr(logs) + repr(at.pager.health()) + repr(settings(1)) + repr(ismg.port)
    assert [line["event"] for line in logs].count("cmpp.link_lost") == 1
    assert SECRET not in shown
    assert NUMBER not in shown
    assert "37" not in repr([line for line in logs if "text" in line])
