"""What comes back over SMPP is kept before it is confirmed, whatever happens in between."""

import asyncio

import pytest

from adapters.memory.clock import ManualClock
from adapters.sms.smpp_pdu import Command, spell_text
from adapters.sms.smpp_session import INBOUND_MAX
from adapters.sms.smpp_status import Status
from schemas.errors import InvariantError
from schemas.pages import Inbound, Reply, Report, Submitted
from tests.scripted_smsc import (
    UNBOUND,
    Heard,
    from_officer,
    pager_of,
    played_on,
    receipt_of,
    scripted_smsc,
    sms,
    until,
)


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
    """A node that stops between the commit and the answer would get every last reply twice. Nothing new is taken."""
    async with scripted_smsc() as smsc:
        async with played_on(smsc, parts=False) as played:
            line = await smsc.bound()
            await until(lambda: played.pager.health().ready)
            gate = played.heard.gate = asyncio.Event()
            sequence = line.deliver(from_officer("收到".encode("utf-16-be")))
            enquiry = line.send(Command.ENQUIRE_LINK)
            assert (await line.any()).sequence == enquiry

            async def part() -> int:
                assert await line.status_of(line.deliver(receipt_of("a2"))) == Status.ESME_RX_T_APPN
                assert await played.pager.submit(sms("一")) == (UNBOUND,)
                gate.set()
                status = await line.status_of(sequence)
                line.answer(await line.read(Command.UNBIND))
                return status

            parting = asyncio.create_task(part())
        assert await parting == 0


async def test_the_end_confirms_no_half_of_a_reply() -> None:
    """A part that waits for the others when the node stops is kept nowhere: it must come again."""
    async with scripted_smsc() as smsc:
        async with played_on(smsc, parts=False) as played:
            line = await smsc.bound()
            await until(lambda: played.pager.health().ready)
            line.deliver(from_officer(bytes([5, 0, 3, 9, 2, 1]) + b"\x00\x33", esm_class=0x40))
            line.send(Command.ENQUIRE_LINK)
            await line.read(Command.ENQUIRE_LINK_RESP)
            parting = asyncio.create_task(line.any())
            parting.add_done_callback(lambda task: line.answer(task.result()))
        assert (await parting).command == Command.UNBIND, "and no answer to the part before it"
        assert played.heard.kept == []
