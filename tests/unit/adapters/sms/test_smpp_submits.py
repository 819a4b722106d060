"""Submits and their answers: the window, silence, refusals, numbers."""

import asyncio

import pytest

from adapters.sms.smpp_pdu import Command, Pdu, spell, spell_text
from adapters.sms.smpp_session import free_sequence
from adapters.sms.smpp_status import Status
from schemas.pages import Refused, Retry, Submitted
from tests.scripted_smsc import (
    TIMED_OUT,
    UNBOUND,
    played_on,
    scripted_smsc,
    sms,
    until,
)


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
        await line.taken("a2")
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
        await line.taken("a2")
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


def test_a_number_that_still_waits_is_not_given_twice() -> None:
    """An answer would go to the wrong page: one is told that it went out which did not."""
    assert free_sequence(2, {2, 3, 1}, last=5) == 4
    assert free_sequence(4, {4, 5, 1}, last=5) == 2
    assert free_sequence(3, {4}) == 3


async def test_a_nack_that_says_no_error_is_a_refusal() -> None:
    """Status 0 in a generic_nack must not bind us, nor count a page as sent."""
    async with scripted_smsc() as smsc, played_on(smsc) as played:
        line = await smsc.line()
        asked = await line.read(Command.BIND_TRANSCEIVER)
        line.write(spell(Pdu(Command.GENERIC_NACK, 0, asked.sequence)))
        await line.closed()
        assert played.pager.health().problem == "bind refused: ESME_RUNKNOWNERR"


async def test_sequence_numbers_begin_anew() -> None:
    """After 0x7FFFFFFF comes 1; answers in another order find their pages."""
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
