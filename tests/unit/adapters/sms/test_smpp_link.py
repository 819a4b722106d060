"""The link to an SMSC when it goes wrong: refused, silent, cut, garbled, half-open. Time passes by the manual clock."""

import asyncio
import logging
from typing import Any

import pytest
import structlog

from adapters.memory.clock import ManualClock
from adapters.sms.smpp_pdu import Command, Pdu, parse_bind, parse_message, spell, spell_message, spell_text
from adapters.sms.smpp_session import INBOUND_MAX
from adapters.sms.smpp_status import Status
from schemas.errors import InvariantError, RequestError
from schemas.pages import Inbound, Refused, Reply, Report, Retry, Submitted
from services.paging_ports import Pager
from tests.scripted_smsc import (
    PASSWORD,
    Heard,
    Line,
    Played,
    from_officer,
    pager_of,
    played_on,
    read_message,
    receipt_of,
    scripted_smsc,
    settings,
    sms,
    until,
)

TIMED_OUT = Refused(1, Retry.TEMPORARY, "timeout", "the carrier did not answer; it may have taken it")
UNBOUND = Refused(1, Retry.TEMPORARY, "unbound", "there is no link to the carrier now")


async def taken(line: Line, reference: str = "a1") -> None:
    """Answer one submit."""
    line.answer(await line.read(Command.SUBMIT_SM), body=spell_text(reference))


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
        await taken(line)
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


async def test_no_answer_comes() -> None:
    """A page that waits for ever keeps its window and is never tried by another provider."""
    async with scripted_smsc() as smsc, played_on(smsc) as played:
        line = await smsc.bound()
        await until(lambda: played.pager.health().ready)
        submitting = asyncio.create_task(played.pager.submit(sms("一")))
        late = await line.read(Command.SUBMIT_SM)
        await played.clock.move(11)
        assert await submitting == (TIMED_OUT,)
        line.answer(late, body=spell_text("a1"))
        submitting = asyncio.create_task(played.pager.submit(sms("二")))
        await taken(line, "a2")
        assert await submitting == (Submitted(1, "a2"),)
        assert played.pager.counts.unexpected_answers == 1


async def test_the_link_breaks_while_pages_wait() -> None:
    """Those that were sent may have gone out; those that still waited for the window have not."""
    async with scripted_smsc() as smsc, played_on(smsc, window=2) as played:
        line = await smsc.bound()
        await until(lambda: played.pager.health().ready)
        submitting = [asyncio.create_task(played.pager.submit(sms(text))) for text in "一二三四"]
        await line.read(Command.SUBMIT_SM)
        await line.read(Command.SUBMIT_SM)
        line.close()
        assert [await each for each in submitting] == [(TIMED_OUT,), (TIMED_OUT,), (UNBOUND,), (UNBOUND,)]


async def test_the_window_is_kept() -> None:
    """More outstanding submits than agreed: the carrier throttles or drops the link."""
    async with scripted_smsc() as smsc, played_on(smsc, window=3) as played:
        line = await smsc.bound()
        await until(lambda: played.pager.health().ready)
        submitting = asyncio.gather(*(played.pager.submit(sms(str(number))) for number in range(20)))
        outstanding = [await line.read(Command.SUBMIT_SM) for _ in range(3)]
        for number in range(17):
            reading = asyncio.create_task(line.read(Command.SUBMIT_SM))
            await asyncio.sleep(0.002)
            assert not reading.done(), "a fourth one while three wait for their answers"
            line.answer(outstanding.pop(0), body=spell_text(str(number)))
            outstanding.append(await reading)
        for number, asked in enumerate(outstanding, 17):
            line.answer(asked, body=spell_text(str(number)))
        assert [one[0].reference for one in await submitting if isinstance(one[0], Submitted)] == list(
            map(str, range(20))
        )


@pytest.mark.parametrize(
    ("status", "retry", "code"),
    [
        (Status.ESME_RTHROTTLED, Retry.THROTTLED, "ESME_RTHROTTLED"),
        (Status.ESME_RMSGQFUL, Retry.TEMPORARY, "ESME_RMSGQFUL"),
        (Status.ESME_RSYSERR, Retry.TEMPORARY, "ESME_RSYSERR"),
        (Status.ESME_RINVDSTADR, Retry.PERMANENT, "ESME_RINVDSTADR"),
        (Status.ESME_RINVMSGLEN, Retry.PERMANENT, "ESME_RINVMSGLEN"),
        (0x0489, Retry.TEMPORARY, "0x00000489"),
    ],
)
async def test_a_refused_part_says_what_to_do(status: int, retry: Retry, code: str) -> None:
    """Throttled pages must wait and not burn the next provider; a wrong number must not be tried for an hour."""
    async with scripted_smsc() as smsc, played_on(smsc) as played:
        line = await smsc.bound()
        await until(lambda: played.pager.health().ready)
        submitting = asyncio.create_task(played.pager.submit(sms("一", "二")))
        line.answer(await line.read(Command.SUBMIT_SM), status)
        await taken(line, "a2")
        assert await submitting == (Refused(1, retry, code), Submitted(2, "a2"))


async def test_a_nack_is_an_answer() -> None:
    """A carrier that cannot read our PDU says so by generic_nack: waiting for the other answer would be a timeout."""
    async with scripted_smsc() as smsc, played_on(smsc) as played:
        line = await smsc.bound()
        await until(lambda: played.pager.health().ready)
        submitting = asyncio.create_task(played.pager.submit(sms("一")))
        asked = await line.read(Command.SUBMIT_SM)
        line.write(spell(Pdu(Command.ENQUIRE_LINK_RESP, 0, asked.sequence)))  # of another kind: not for this one
        line.write(spell(Pdu(Command.GENERIC_NACK, Status.ESME_RINVCMDLEN, asked.sequence)))
        assert await submitting == (Refused(1, Retry.PERMANENT, "ESME_RINVCMDLEN"),)
        assert played.pager.counts.unexpected_answers == 1


async def test_sequence_numbers_begin_anew_and_skip_those_that_wait() -> None:
    """After 0x7FFFFFFF comes 1; a number that still waits for its answer must not be given twice."""
    async with scripted_smsc() as smsc, played_on(smsc, 0x7FFFFFFE) as played:
        line = await smsc.line()
        asked = await line.read(Command.BIND_TRANSCEIVER)
        assert asked.sequence == 0x7FFFFFFE
        line.answer(asked)
        await until(lambda: played.pager.health().ready)
        submitting = asyncio.create_task(played.pager.submit(sms("一", "二", "三")))
        found = [await line.read(Command.SUBMIT_SM) for _ in range(3)]
        assert [one.sequence for one in found] == [0x7FFFFFFF, 1, 2]
        for one in reversed(found):
            line.answer(one, body=spell_text(f"m{one.sequence}"))
        assert [one.reference for one in await submitting if isinstance(one, Submitted)] == ["m2147483647", "m1", "m2"]


# -- what comes back ----------------------------------------------------------------------------------


async def test_a_report_before_the_answer_to_its_submit() -> None:
    """Fast carriers do so: the report goes on with its reference, and the answer brings the same reference later."""
    async with scripted_smsc() as smsc, played_on(smsc) as played:
        line = await smsc.bound()
        await until(lambda: played.pager.health().ready)
        submitting = asyncio.create_task(played.pager.submit(sms("一")))
        asked = await line.read(Command.SUBMIT_SM)
        assert await line.status_of(line.deliver(receipt_of("a1"))) == 0
        (report,) = played.heard.kept
        assert isinstance(report, Report)
        assert report.reference == "a1"
        assert not submitting.done()
        line.answer(asked, body=spell_text("a1"))
        assert await submitting == (Submitted(1, "a1"),)


async def test_a_report_comes_twice() -> None:
    """Both are handed over and both confirmed: whoever joins them knows the first one."""
    async with scripted_smsc() as smsc, played_on(smsc) as played:
        line = await smsc.bound()
        for _ in range(2):
            assert await line.status_of(line.deliver(receipt_of("a1", "UNDELIV", "012"))) == 0
        assert [(one.reference, one.code) for one in played.heard.kept if isinstance(one, Report)] == [
            ("a1", "UNDELIV/012")
        ] * 2


async def test_what_is_not_kept_is_not_confirmed() -> None:
    """The store is down while an officer answers: a confirmed and forgotten answer would page the whole county."""
    async with scripted_smsc() as smsc, played_on(smsc) as played:
        line = await smsc.bound()
        played.heard.down = True
        answer = from_officer("37 收到".encode("utf-16-be"))
        assert await line.status_of(line.deliver(answer)) == Status.ESME_RX_T_APPN
        assert await line.status_of(line.deliver(receipt_of("a1"))) == Status.ESME_RX_T_APPN
        played.heard.down = False
        assert await line.status_of(line.deliver(answer)) == 0
        (reply,) = played.heard.kept
        assert isinstance(reply, Reply)
        assert (reply.text, reply.extension) == ("37 收到", "37")
        assert played.pager.counts.refused_inbound == 2


async def test_nothing_is_confirmed_before_it_is_kept() -> None:
    """A confirmation that overtakes the commit loses the answer in a crash between the two."""
    async with scripted_smsc() as smsc, played_on(smsc) as played:
        line = await smsc.bound()
        played.heard.gate = asyncio.Event()
        sequence = line.deliver(from_officer("收到".encode("utf-16-be")))
        enquiry = line.send(Command.ENQUIRE_LINK)
        assert (await line.any()).sequence == enquiry, "the link lives while the store is slow"
        played.heard.gate.set()
        assert await line.status_of(sequence) == 0


async def test_a_flood_is_bounded() -> None:
    """A store that hangs while the carrier goes on: what is too much comes again later."""
    async with scripted_smsc() as smsc, played_on(smsc) as played:
        line = await smsc.bound()
        await until(lambda: played.pager.health().ready)
        played.heard.gate = asyncio.Event()
        for _ in range(INBOUND_MAX + 5):
            line.deliver(receipt_of("a1"))
        assert [(await line.read(Command.DELIVER_SM_RESP)).status for _ in range(5)] == [Status.ESME_RX_T_APPN] * 5
        played.heard.gate.set()
        statuses = {(await line.read(Command.DELIVER_SM_RESP)).status for _ in range(INBOUND_MAX)}
        assert statuses == {0}
        assert len(played.heard.kept) == INBOUND_MAX


async def test_a_bug_of_whoever_keeps_is_no_weather() -> None:
    """An error that is none of the expected ones must end the node's block, not be answered with a code for ever."""

    async def hear(_inbound: Inbound) -> None:
        raise InvariantError("a bug")

    async def run() -> None:
        async with pager_of(smsc.port, ManualClock()).running(hear):
            line = await smsc.bound()
            line.deliver(receipt_of("a1"))
            await line.closed()
            await asyncio.sleep(10)

    async with scripted_smsc() as smsc:
        with pytest.raises(InvariantError, match="a bug"):
            await run()


async def test_the_error_of_the_block_comes_out_as_it_is() -> None:
    """A caller names the exception it waits for; one in a group would pass it by."""
    async with scripted_smsc() as smsc:
        with pytest.raises(ZeroDivisionError):
            async with pager_of(smsc.port, ManualClock()).running(Heard()):
                1 / 0  # noqa: B018


async def test_the_end_confirms_what_is_being_kept() -> None:
    """A node that stops between the commit and the answer would get every last reply twice."""
    async with scripted_smsc() as smsc:
        async with played_on(smsc, parts=False) as played:
            line = await smsc.bound()
            await until(lambda: played.pager.health().ready)
            gate = played.heard.gate = asyncio.Event()
            sequence = line.deliver(from_officer("收到".encode("utf-16-be")))
            enquiry = line.send(Command.ENQUIRE_LINK)
            assert (await line.any()).sequence == enquiry

            async def part() -> int:
                gate.set()
                status = await line.status_of(sequence)
                line.answer(await line.read(Command.UNBIND))
                return status

            parting = asyncio.create_task(part())
        assert await parting == 0


# -- secrets and settings -----------------------------------------------------------------------------


async def test_neither_password_nor_number_is_shown(caplog: pytest.LogCaptureFixture) -> None:
    """A log goes to many eyes."""
    caplog.set_level(logging.DEBUG)
    with structlog.testing.capture_logs() as lines:
        async with scripted_smsc() as smsc, played_on(smsc) as played:
            line = await smsc.line()
            asked = await line.read(Command.BIND_TRANSCEIVER)
            line.answer(asked, Status.ESME_RINVPASWD)
            await until(lambda: "refused" in played.pager.health().problem)
            await played.clock.move(60)
            line = await smsc.bound()
            await until(lambda: played.pager.health().ready)
            submitting = asyncio.create_task(played.pager.submit(sms("一")))
            sent = await line.read(Command.SUBMIT_SM)
            line.answer(sent, Status.ESME_RINVDSTADR)
            result = await submitting
            line.deliver(from_officer(b"\xff" * 9, 4))
            await line.any()
            line.write(b"\0\0\0\1")
            await line.closed()
            await until(lambda: "no SMPP" in played.pager.health().problem)
            message = read_message(sent, parse_message)
            shown = repr((asked, sent, message, settings(1), result, played.pager.health(), sms("一")))
    assert [one["event"] for one in lines] == ["smpp.bind_refused", "smpp.bound", "smpp.unreadable", "smpp.lost"]
    everything = shown + repr(lines) + caplog.text
    assert PASSWORD not in everything
    assert "13900000001" not in everything
    assert lines[0]["status"] == "ESME_RINVPASWD"


async def test_the_same_trouble_is_logged_once() -> None:
    """A carrier that is down over a weekend would fill the disk."""
    with structlog.testing.capture_logs() as lines:
        async with scripted_smsc() as smsc, played_on(smsc) as played:
            for known in range(1, 5):
                line = await smsc.line()
                line.answer(await line.read(Command.BIND_TRANSCEIVER), Status.ESME_RSYSERR)
                await line.closed()
                await until(lambda: "refused" in played.pager.health().problem)
                while smsc.connections == known:
                    await played.clock.move(1)
    assert [one["event"] for one in lines] == ["smpp.bind_refused"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("host", "a..b"),
        ("host", ""),
        ("host", "smsc example"),
        ("port", 0),
        ("system_id", ""),
        ("system_id", "s" * 16),
        ("password", "p" * 33),
        ("password", "密"),
        ("system_type", "t" * 13),
        ("number", "1069-1"),
        ("number", "1" * 19),
        ("window", 0),
        ("enquire_seconds", 0.5),
        ("timeout_seconds", 1e9),
        ("join_seconds", -1),
        ("validity_seconds", 8 * 86400),
        ("utc_offset_hours", 15),
    ],
)
def test_settings_that_cannot_be_right_are_refused_by_name(field: str, value: Any) -> None:  # noqa: ANN401 - as wrong as can be
    """A typo that only shows when the first alert comes."""
    with pytest.raises(RequestError) as refused:
        pager_of(2775, ManualClock(), **{field: value})
    assert {fault.field for fault in refused.value.faults} == {field}
    assert refused.value.fault.code == "smpp.setting"
