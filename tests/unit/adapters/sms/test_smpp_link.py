"""The link to an SMSC when it goes wrong: refused, silent, cut, garbled, half-open. Time passes by the manual clock."""

import asyncio
import ssl
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

import pytest

from adapters.memory.clock import ManualClock
from adapters.sms.smpp_pdu import Command, Pdu, parse_bind, spell, spell_message, spell_text
from adapters.sms.smpp_session import Counts, Handlings, LinkOverError, Session
from adapters.sms.smpp_status import Status
from adapters.tls.authority import Authority, save
from schemas.pages import Submitted
from services.paging_ports import Pager
from tests.scripted_smsc import (
    PASSWORD,
    UNBOUND,
    Heard,
    Played,
    from_officer,
    pager_of,
    played_on,
    scripted_smsc,
    settings,
    sms,
    until,
)


async def heard_now(played: Played) -> None:
    """Wait until what the SMSC sent last was heard."""
    await until(lambda: played.pager.health().last_heard_at == played.clock.now())


async def test_it_is_a_pager() -> None:
    """A method with another name would be found out in production."""
    pager: Pager = pager_of(1, ManualClock())
    assert pager.name == "test-smpp"
    assert pager.medium == "sms"
    assert pager.capabilities.segments
    assert pager.capabilities.extension
    assert pager.health().problem == "not started"
    assert await pager.submit(sms("一")) == (UNBOUND,)


async def test_the_bind_says_who_we_are() -> None:
    """A wrong interface version or a password in another field is refused by every carrier."""
    async with scripted_smsc() as smsc, played_on(smsc, system_type="SMS") as played:
        line = await smsc.line()
        asked = await line.read(Command.BIND_TRANSCEIVER)
        bind = parse_bind(asked.body)
        assert bind == parse_bind(b"sihu\0" + PASSWORD.encode() + b"\0SMS\0\x34\0\0\0")
        line.answer(asked, body=spell_text("carrier"))
        await until(lambda: played.pager.health().ready)
        assert played.pager.health().problem == ""
        assert played.pager.health().last_heard_at == played.clock.now()
        assert played.pager.counts.binds == 1


@pytest.mark.parametrize(
    ("status", "pauses"),
    [
        (Status.ESME_RINVPASWD, [60, 120, 240, 480, 900, 900]),
        (Status.ESME_RINVSYSID, [60, 120, 240, 480, 900, 900]),
        (Status.ESME_RALYBND, [1, 2, 4, 8, 16, 32, 60, 60]),
        (0x0417, [1, 2, 4, 8, 16, 32, 60, 60]),
    ],
)
async def test_a_refused_bind_is_a_state_and_is_tried_ever_more_slowly(status: int, pauses: list[float]) -> None:
    """A peer crashes on it, another one asks at once for ever: the carrier locks the county out."""
    async with scripted_smsc() as smsc, played_on(smsc) as played:
        for tries, pause in enumerate(pauses, 1):
            line = await smsc.line()
            line.answer(await line.read(Command.BIND_TRANSCEIVER), status)
            await line.closed()
            await until(lambda: "refused" in played.pager.health().problem)
            await played.clock.move(pause - 0.5)
            assert smsc.connections == tries
            await played.clock.move(0.5)
        await smsc.line()
        problem = played.pager.health().problem
        assert problem == f"bind refused: {Status(status).name if status != 0x0417 else '0x00000417'}"
        assert not played.pager.health().ready
        assert await played.pager.submit(sms("一")) == (UNBOUND,)


async def test_a_mended_password_brings_it_back_and_the_pauses_begin_anew() -> None:
    """After a steady link the first pause must be the shortest again."""
    async with scripted_smsc() as smsc, played_on(smsc) as played:
        line = await smsc.line()
        line.answer(await line.read(Command.BIND_TRANSCEIVER), Status.ESME_RINVPASWD)
        await until(lambda: "refused" in played.pager.health().problem)
        await played.clock.move(60)
        line = await smsc.bound()
        await until(lambda: played.pager.health().ready)
        for _ in range(2):
            await played.clock.move(31)
            line.answer(await line.read(Command.ENQUIRE_LINK))
            await heard_now(played)
        line.close()
        await until(lambda: played.pager.health().problem == "the far side closed the connection")
        await played.clock.move(1)
        await smsc.bound()


async def test_nobody_listens() -> None:
    """A carrier that is down must not end the node, nor be asked in a loop."""
    clock = ManualClock()
    async with scripted_smsc() as smsc:
        port = smsc.port
    pager = pager_of(port, clock)
    async with pager.running(Heard()):
        await until(lambda: pager.health().problem == "no connection: ECONNREFUSED")
        async with scripted_smsc():
            assert await pager.submit(sms("一")) == (UNBOUND,)


async def test_no_answer_to_the_bind() -> None:
    """A half-open connection takes the bind and says nothing."""
    async with scripted_smsc() as smsc, played_on(smsc) as played:
        line = await smsc.line()
        await line.read(Command.BIND_TRANSCEIVER)
        await played.clock.move(11)
        await line.closed()
        assert played.pager.health().problem == "no answer to the bind within 10 s"


async def test_a_lost_enquiry_ends_the_link_and_a_new_one_comes() -> None:
    """A firewall that forgot the connection says nothing: without enquiries a county would be deaf for hours."""
    async with scripted_smsc() as smsc, played_on(smsc) as played:
        line = await smsc.bound()
        await until(lambda: played.pager.health().ready)
        await played.clock.move(30)
        await line.read(Command.ENQUIRE_LINK)
        await played.clock.move(11)
        await line.closed()
        await until(lambda: played.pager.health().problem == "no answer to enquire_link within 10 s")
        await played.clock.move(1)
        line = await smsc.bound()
        await until(lambda: played.pager.health().ready)
        submitting = asyncio.create_task(played.pager.submit(sms("一")))
        await line.taken()
        assert await submitting == (Submitted(1, "a1"),)


async def test_enquiries_go_on_for_as_long_as_they_are_answered() -> None:
    """A carrier cuts a link on which nobody asks; an answered enquiry must not end it."""
    async with scripted_smsc() as smsc, played_on(smsc) as played:
        line = await smsc.bound()
        await until(lambda: played.pager.health().ready)
        for _ in range(5):
            await played.clock.move(30.5)
            line.answer(await line.read(Command.ENQUIRE_LINK))
            await heard_now(played)
        assert smsc.connections == 1


async def test_the_far_sides_own_commands() -> None:
    """Enquiries are answered, unknown commands refused and counted, what has no answer gets none; the link lives."""
    async with scripted_smsc() as smsc, played_on(smsc) as played:
        line = await smsc.bound()
        sequence = line.send(Command.ENQUIRE_LINK)
        assert await line.any() == Pdu(Command.ENQUIRE_LINK_RESP, 0, sequence)
        sequence = line.send(0x00010203, b"whatever")
        assert await line.any() == Pdu(Command.GENERIC_NACK, Status.ESME_RINVCMDID, sequence)
        line.send(Command.ALERT_NOTIFICATION)
        line.write(spell(Pdu(Command.SUBMIT_SM_RESP, 0, 77)))
        line.write(spell(Pdu(Command.GENERIC_NACK, Status.ESME_RINVCMDLEN, 0)))
        sequence = line.send(Command.ENQUIRE_LINK)
        assert await line.any() == Pdu(Command.ENQUIRE_LINK_RESP, 0, sequence)
        counts = played.pager.counts
        assert (counts.unknown_commands, counts.ignored, counts.unexpected_answers) == (1, 1, 2)


async def test_the_connection_is_reset() -> None:
    """An error of the operating system on a read is weather, not a bug."""
    async with scripted_smsc() as smsc, played_on(smsc) as played:
        line = await smsc.bound()
        await until(lambda: played.pager.health().ready)
        line.reset()
        await until(lambda: played.pager.health().problem == "the connection broke: ECONNRESET")
        await played.clock.move(1)
        await smsc.bound()


async def test_the_far_side_unbinds() -> None:
    """Maintenance at the carrier: its unbind is answered, and we come back."""
    async with scripted_smsc() as smsc, played_on(smsc) as played:
        line = await smsc.bound()
        sequence = line.send(Command.UNBIND)
        assert await line.any() == Pdu(Command.UNBIND_RESP, 0, sequence)
        await line.closed()
        await until(lambda: played.pager.health().problem == "the far side unbound us")
        await played.clock.move(1)
        await smsc.bound()


async def test_we_unbind_in_the_end() -> None:
    """A carrier that counts binds refuses the next one while it thinks that the last still lives."""
    async with scripted_smsc() as smsc:
        async with played_on(smsc, parts=False) as played:
            line = await smsc.bound()
            await until(lambda: played.pager.health().ready)

            async def part() -> None:
                line.answer(await line.read(Command.UNBIND))
                await line.closed()

            parting = asyncio.create_task(part())
        await parting
        assert played.pager.health().problem == "stopped"


@pytest.mark.parametrize(
    ("octets", "problem"),
    [
        (b"\0\0\0\x0f", "a PDU has 16 to 65536 octets, this one claims 15"),
        (b"\0\x01\0\x01", "a PDU has 16 to 65536 octets, this one claims 65537"),
        (b"HTTP/1.1 400 Bad Request\r\n", "a PDU has 16 to 65536 octets, this one claims 1213486160"),
    ],
)
async def test_garbage_ends_the_link(octets: bytes, problem: str) -> None:
    """Once a length is wrong no PDU can be found again: to read on would be to guess."""
    async with scripted_smsc() as smsc, played_on(smsc) as played:
        line = await smsc.bound()
        line.write(octets)
        await line.closed()
        await until(lambda: played.pager.health().problem == f"the far side sent what is no SMPP: {problem}")
        await played.clock.move(1)
        line = await smsc.bound()
        line.write(octets)
        await line.closed()
        await played.clock.move(1.5)
        assert smsc.connections == 2, "a link that breaks again at once is tried more slowly"
        await played.clock.move(0.5)
        await smsc.bound()


@pytest.mark.parametrize("size", [1, 2, 7, 100, 100_000])
async def test_segments_of_any_size(size: int) -> None:
    """TCP splits and joins as it likes: a PDU in two segments, or three PDUs in one."""
    async with scripted_smsc() as smsc, played_on(smsc) as played:
        line = await smsc.line()
        asked = await line.read(Command.BIND_TRANSCEIVER)
        replies = [
            Pdu(Command.DELIVER_SM, 0, n, spell_message(from_officer("收到".encode("utf-16-be")))) for n in (1, 2)
        ]
        octets = spell(Pdu(Command.BIND_TRANSCEIVER_RESP, 0, asked.sequence, b"carrier\0")) + b"".join(
            map(spell, replies)
        )
        for at in range(0, len(octets), size):
            line.write(octets[at : at + size])
            await asyncio.sleep(0)
        assert [await line.status_of(1), await line.status_of(2)] == [0, 0]
        await until(lambda: played.pager.health().ready)


async def test_what_comes_before_the_bind_is_answered_is_not_lost() -> None:
    """A text in the same segment as the answer to the bind: it comes again, since it was refused for now."""
    async with scripted_smsc() as smsc, played_on(smsc) as played:
        line = await smsc.line()
        await line.read(Command.BIND_TRANSCEIVER)
        assert await line.status_of(line.deliver(from_officer(b"3", 1))) == Status.ESME_RX_T_APPN
        assert played.heard.kept == []


class DeafWriter:
    """Takes octets that nobody reads."""

    def __init__(self) -> None:
        self.transport = self
        self.written = b""

    def get_write_buffer_size(self) -> int:
        return len(self.written)

    def write(self, octets: bytes) -> None:
        self.written += octets

    def close(self) -> None:
        """Nothing to close."""


async def test_a_far_side_that_does_not_read() -> None:
    """It asks and asks and takes no answer: our memory must not be where they wait."""
    reader, writer = asyncio.StreamReader(), DeafWriter()

    async def handle(_body: bytes) -> int:
        return 0

    reader.feed_data(spell(Pdu(Command.ENQUIRE_LINK, 0, 1)) * 70_000)
    async with asyncio.TaskGroup() as tasks:
        session = Session(
            (reader, cast("asyncio.StreamWriter", writer)),
            settings(1),
            clock=ManualClock(),
            handle=handle,
            handlings=Handlings(tasks),
            on_bound=lambda: None,
            counts=Counts(),
        )
        with pytest.raises(LinkOverError, match="does not read our answers"):
            await session.run()


async def test_tls(tmp_path: Path) -> None:
    """A carrier behind TLS: its certificate counts, and one of an unknown authority is a state, no crash."""
    authority, _ = Authority.create("carriers", now=datetime.now(UTC))  # noqa: TID251 - TLS looks at the machine's clock
    issued = authority.server(["127.0.0.1"], now=datetime.now(UTC))  # noqa: TID251
    save(issued, tmp_path / "smsc.pem", tmp_path / "smsc.key")
    theirs = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    theirs.load_cert_chain(tmp_path / "smsc.pem", tmp_path / "smsc.key")
    known = ssl.create_default_context(cadata=authority.certificate_pem.decode())
    async with scripted_smsc(theirs) as smsc:
        clock, heard = ManualClock(), Heard()
        pager = pager_of(smsc.port, clock, tls=known)
        async with asyncio.TaskGroup() as tasks, pager.running(heard):
            line = await smsc.bound()
            await until(lambda: pager.health().ready)
            assert await line.status_of(line.deliver(from_officer(b"37", 1))) == 0
            tasks.create_task(smsc.part())
        stranger = pager_of(smsc.port, clock, tls=ssl.create_default_context())
        async with stranger.running(heard):
            await until(lambda: stranger.health().problem == "no connection: CERTIFICATE_VERIFY_FAILED")
