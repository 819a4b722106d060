"""Pages out and texts in, over a link that works: what stands in each PDU, and how long texts come together."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import permutations
from typing import Any

import pytest

from adapters.sms.smpp import extension_of, validity
from adapters.sms.smpp_joining import FINISHED_MAX, FINISHED_SECONDS, PENDING_MAX, Joiner, Piece
from adapters.sms.smpp_pdu import Address, Command, Message, Option, Pdu, parse_message, spell_text
from adapters.sms.smpp_receipts import MessageIds
from adapters.sms.smpp_status import Status
from adapters.sms.smpp_text import Alphabet
from schemas.pages import Dispatch, PartResult, Refused, Reply, Report, ReportState, Retry, Submitted
from tests.scripted_smsc import (
    NUMBER,
    OFFICER,
    Line,
    Played,
    from_officer,
    played_on,
    read_message,
    receipt_of,
    scripted_smsc,
    sms,
    until,
)

Spelled = Callable[[Sequence[bytes]], list[Message]]
LONG = "【演练】龙滩水库将于今日18时开闸泄洪，预计下游水位上涨两米，请立即通知沿岸村屯撤离。收到请回复37。𠮷田"


async def sent(played: Played, line: Line, page: Dispatch) -> tuple[list[Message], tuple[PartResult, ...]]:
    """Submit a page whose parts the SMSC takes; return what it got and the results."""
    await until(lambda: played.pager.health().ready)
    submitting = asyncio.create_task(played.pager.submit(page))
    asked = [await line.read(Command.SUBMIT_SM) for _ in page.parts]
    for number, one in enumerate(asked, 1):
        line.answer(one, body=spell_text(f"m{number}"))
    return [read_message(one, parse_message) for one in asked], await submitting


def texts(played: Played) -> list[str]:
    """Return the replies heard."""
    return [one.text for one in played.heard.kept if isinstance(one, Reply)]


# -- out -------------------------------------------------------------------------------------------------


async def test_a_single_text() -> None:
    """UCS-2, no header, a report asked for, the code behind our number."""
    async with scripted_smsc() as smsc, played_on(smsc) as played:
        (message,), results = await sent(played, await smsc.bound(), sms("收" * 70))
        assert message == Message(
            Address(0, 1, f"{NUMBER}37"), Address(0, 1, OFFICER), b"\x65\x36" * 70, data_coding=8, registered_delivery=1
        )
        assert results == (Submitted(1, "m1"),)


async def test_known_faults_of_others() -> None:
    """A report asked only for part 1; surrogate pairs halved at the border; a long text as one message_payload."""
    page = sms("收" * 65 + "𠮷", "𠮷" + "到" * 65, "。")
    async with scripted_smsc() as smsc, played_on(smsc) as played:
        messages, results = await sent(played, await smsc.bound(), page)
        assert [one.registered_delivery for one in messages] == [1, 1, 1]
        assert [one.esm_class for one in messages] == [0x40, 0x40, 0x40]
        assert [one.short_message[:6].hex() for one in messages] == ["050003a50301", "050003a50302", "050003a50303"]
        assert [one.short_message[6:].decode("utf-16-be") for one in messages] == [part.text for part in page.parts]
        assert [len(one.short_message) for one in messages] == [140, 140, 8]
        assert [one.options for one in messages] == [(), (), ()]
        assert results == (Submitted(1, "m1"), Submitted(2, "m2"), Submitted(3, "m3"))


async def test_only_the_parts_that_are_still_to_go() -> None:
    """After a partial failure part 2 of 3 goes alone: it must keep its place and its reference."""
    page = sms("一", "二", "三")
    async with scripted_smsc() as smsc, played_on(smsc) as played:
        (message,), results = await sent(played, await smsc.bound(), replace(page, parts=page.parts[1:2]))
        assert message.short_message.hex() == "050003a50302" + "4e8c"
        assert results == (Submitted(2, "m1"),)


async def test_settings_go_into_the_fields() -> None:
    """A carrier refuses what has another type of number than agreed."""
    changes: dict[str, Any] = {
        "source_ton": 3,
        "source_npi": 0,
        "destination_ton": 2,
        "destination_npi": 8,
        "service_type": "CMT",
    }
    async with scripted_smsc() as smsc, played_on(smsc, validity_seconds=90061, **changes) as played:
        line = await smsc.bound()
        (message,), _ = await sent(played, line, sms("一", extension=""))
        assert (message.source, message.destination) == (Address(3, 0, NUMBER), Address(2, 8, OFFICER))
        assert (message.service_type, message.validity_period) == ("CMT", "000001010101000R")
        (message,), _ = await sent(played, line, sms("一", address=f"+86{OFFICER}"))
        assert message.destination == Address(1, 8, f"86{OFFICER}")


@pytest.mark.parametrize(
    ("page", "code"),
    [
        (sms("一", address=""), "sms.address"),
        (sms("一", address="1390000000a"), "sms.address"),
        (sms("一", address="1" * 21), "sms.address"),
        (sms("一", address="\uff11\uff13\uff19"), "sms.address"),
        (sms("一", extension="1" * 13), "sms.extension"),
        (sms("一", extension="3a"), "sms.extension"),
        (sms("收" * 71), "sms.length"),
        (sms("收\ud842"), "sms.surrogate"),
        (sms(), "sms.parts"),
    ],
)
async def test_what_cannot_be_sent_is_refused_without_a_link(page: Dispatch, code: str) -> None:
    """A wrong number is wrong whether or not the link lives: next medium now, and nothing crashes."""
    async with scripted_smsc() as smsc, played_on(smsc) as played:
        (result,) = await played.pager.submit(page)
        assert isinstance(result, Refused)
        assert (result.retry, result.code) == (Retry.PERMANENT, code)
        assert page.address not in result.text or not page.address


def test_validity_as_the_specification_spells_it() -> None:
    """YYMMDDhhmmss000R: ten minutes in the place of hours would be ten hours."""
    assert [validity(0), validity(600), validity(86400)] == ["", "000000001000000R", "000001000000000R"]


# -- reports ---------------------------------------------------------------------------------------------


async def test_a_report() -> None:
    """Whose, what, when; by the carrier's clock, which is not ours."""
    async with scripted_smsc() as smsc, played_on(smsc) as played:
        line = await smsc.bound()
        assert await line.status_of(line.deliver(receipt_of("a1", "UNDELIV", "012"))) == 0
        assert played.heard.kept == [
            Report(
                "test-smpp",
                "a1",
                ReportState.FAILED,
                "UNDELIV/012",
                datetime(2026, 3, 3, 23, 15, tzinfo=UTC),
                played.clock.now(),
            )
        ]


async def test_ids_in_two_bases_meet() -> None:
    """0x1a2b in the answer, 6699 in the receipt."""
    async with scripted_smsc() as smsc, played_on(smsc, message_ids=MessageIds.HEX_THEN_DECIMAL) as played:
        line = await smsc.bound()
        await until(lambda: played.pager.health().ready)
        submitting = asyncio.create_task(played.pager.submit(sms("一")))
        line.answer(await line.read(Command.SUBMIT_SM), body=spell_text("1a2b"))
        await line.status_of(line.deliver(receipt_of("0000006699")))
        (result,), (report,) = await submitting, played.heard.kept
        assert isinstance(result, Submitted)
        assert isinstance(report, Report)
        assert result.reference == report.reference == "6699"


async def test_what_is_no_receipt_of_anything_is_refused_for_good() -> None:
    """A carrier must not send it for days; a person must be able to see that it came."""
    async with scripted_smsc() as smsc, played_on(smsc) as played:
        line = await smsc.bound()
        message = from_officer(b"stat:DELIVRD", 0, esm_class=4)
        assert await line.status_of(line.deliver(message)) == Status.ESME_RX_P_APPN
        assert await line.status_of(line.send(Command.DELIVER_SM, b"\0\1")) == Status.ESME_RX_P_APPN
        assert played.heard.kept == []
        assert played.pager.counts.unreadable == 2


# -- replies ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("octets", "coding", "text"),
    [
        ("37 收到".encode("utf-16-be"), 8, "37 收到"),
        (b"37", 0, "37"),
        (b"\x1b\x6537", 0, "€37"),
        (b"37 OK", 1, "37 OK"),
        (b"37 \xe9", 3, "37 é"),
        ("37 收到".encode("utf-16-be")[:-1], 8, "37 收\ufffd"),
        ("37 收到".encode(), 4, "\ufffd"),
    ],
)
async def test_a_reply(octets: bytes, coding: int, text: str) -> None:
    """By its declared coding; what nobody can read still shows that the officer answered."""
    async with scripted_smsc() as smsc, played_on(smsc) as played:
        line = await smsc.bound()
        assert await line.status_of(line.deliver(from_officer(octets, coding))) == 0
        assert played.heard.kept == [Reply("test-smpp", "", OFFICER, "37", text, played.clock.now())]


async def test_a_reply_behind_a_broken_header() -> None:
    """The words cannot be found, but the officer did answer."""
    async with scripted_smsc() as smsc, played_on(smsc) as played:
        line = await smsc.bound()
        assert await line.status_of(line.deliver(from_officer(b"\xff\1\2", esm_class=0x40))) == 0
        assert texts(played) == ["\ufffd"]
        assert played.pager.counts.unreadable == 1


async def test_a_reply_as_a_payload() -> None:
    """Longer than 254 octets, it stands in an option."""
    async with scripted_smsc() as smsc, played_on(smsc) as played:
        line = await smsc.bound()
        octets = (LONG * 9).encode("utf-16-be")
        message = from_officer(b"", options=((Option.MESSAGE_PAYLOAD, octets),))
        assert await line.status_of(line.deliver(message)) == 0
        assert texts(played) == [LONG * 9]


@pytest.mark.parametrize(
    ("receiver", "extension"),
    [
        ("1069000137", "37"),
        ("10690001", ""),
        ("861069000137", "37"),
        ("+861069000137", "37"),
        ("0086106900019", "9"),
        ("10690", ""),
        ("95598", ""),
        ("10690001#7", ""),
        ("", ""),
    ],
)
def test_the_code_in_the_number(receiver: str, extension: str) -> None:
    """A bare 收到 is understood by it alone."""
    assert extension_of(receiver, "10690001") == extension


def cut(text: str, octets: int, coding: str = "utf-16-be") -> list[bytes]:
    """Cut at octets, as some telephones do: between the halves of a pair too."""
    whole = text.encode(coding)
    return [whole[at : at + octets] for at in range(0, len(whole), octets)]


def parts_8(pieces: Sequence[bytes]) -> list[Message]:
    total = len(pieces)
    return [
        from_officer(bytes([5, 0, 3, 9, total, number]) + octets, esm_class=0x40)
        for number, octets in enumerate(pieces, 1)
    ]


def parts_16(pieces: Sequence[bytes]) -> list[Message]:
    total = len(pieces)
    return [
        from_officer(bytes([6, 8, 4, 1, 2, total, number]) + octets, esm_class=0x40)
        for number, octets in enumerate(pieces, 1)
    ]


def parts_by_options(pieces: Sequence[bytes]) -> list[Message]:
    total = len(pieces)
    return [
        from_officer(
            octets,
            options=(
                (Option.SAR_MSG_REF_NUM, b"\1\2"),
                (Option.SAR_TOTAL_SEGMENTS, bytes([total])),
                (Option.SAR_SEGMENT_SEQNUM, bytes([number])),
            ),
        )
        for number, octets in enumerate(pieces, 1)
    ]


@pytest.mark.parametrize("parts", [parts_8, parts_16, parts_by_options])
@pytest.mark.parametrize("order", list(permutations(range(3))))
async def test_a_long_reply_comes_together(
    parts: Callable[[Sequence[bytes]], list[Message]], order: tuple[int, ...]
) -> None:
    """In any order, by any of the three ways; none is confirmed before the whole is kept."""
    text = LONG[:50]
    pieces = parts(cut(text, 34))
    async with scripted_smsc() as smsc, played_on(smsc) as played:
        line = await smsc.bound()
        sequences = [line.deliver(pieces[place]) for place in order]
        statuses = [await line.read(Command.DELIVER_SM_RESP) for _ in sequences]
        assert {one.sequence for one in statuses} == set(sequences)
        assert {one.status for one in statuses} == {0}
        assert texts(played) == [text]


async def test_a_pair_halved_by_the_telephone_is_made_whole() -> None:
    """𠮷 has two units; cut between them, each part alone is unreadable at its border."""
    async with scripted_smsc() as smsc, played_on(smsc) as played:
        line = await smsc.bound()
        sequences = [line.deliver(one) for one in parts_8(cut("37𠮷到", 6))]
        assert {(await line.read(Command.DELIVER_SM_RESP)).sequence for _ in sequences} == set(sequences)
        assert texts(played) == ["37𠮷到"]


async def test_the_rest_does_not_come() -> None:
    """Part 1 has the code: after the wait it counts as it is, and only then is it confirmed."""
    async with scripted_smsc() as smsc, played_on(smsc) as played:
        line = await smsc.bound()
        first, second, third = parts_8(cut("37 收到马上去", 6))
        sequence = line.deliver(first)
        enquiry = line.send(Command.ENQUIRE_LINK)
        assert await line.any() == Pdu(Command.ENQUIRE_LINK_RESP, 0, enquiry)
        assert texts(played) == []
        await played.clock.move(6)
        assert await line.status_of(sequence) == 0
        assert texts(played) == ["37 \ufffd"]
        assert await line.status_of(line.deliver(first)) == 0, "our answer was lost: the same part once more"
        sequences = [line.deliver(one) for one in (third, second)]
        enquiry = line.send(Command.ENQUIRE_LINK)
        await line.any()
        await played.clock.move(6)
        assert {(await line.read(Command.DELIVER_SM_RESP)).sequence for _ in sequences} == set(sequences)
        assert texts(played) == ["37 \ufffd", "\ufffd收到马上去"]


async def test_a_part_that_comes_twice() -> None:
    """Once more before the rest, once more after the whole: one reply, each confirmed."""
    async with scripted_smsc() as smsc, played_on(smsc) as played:
        line = await smsc.bound()
        first, second = parts_8(cut("37 收到", 6))
        sequences = [line.deliver(one) for one in (first, first, second)]
        assert {(await line.read(Command.DELIVER_SM_RESP)).sequence for _ in sequences} == set(sequences)
        assert await line.status_of(line.deliver(second)) == 0
        assert texts(played) == ["37 收到"]


async def test_a_long_reply_that_is_not_kept_comes_again_whole() -> None:
    """The store is down: every part is refused for now, and the carrier sends all of them again."""
    async with scripted_smsc() as smsc, played_on(smsc) as played:
        line = await smsc.bound()
        played.heard.down = True
        both = parts_8(cut("37 收到", 6))
        for one in both:
            line.deliver(one)
        assert [(await line.read(Command.DELIVER_SM_RESP)).status for _ in both] == [Status.ESME_RX_T_APPN] * 2
        played.heard.down = False
        for one in both:
            line.deliver(one)
        assert [(await line.read(Command.DELIVER_SM_RESP)).status for _ in both] == [0, 0]
        assert texts(played) == ["37 收到"]


async def test_a_link_that_breaks_between_two_parts() -> None:
    """Nothing was confirmed, so both come again: the first one must not be there twice, nor half a reply be heard."""
    async with scripted_smsc() as smsc, played_on(smsc) as played:
        line = await smsc.bound()
        first, second = parts_8(cut("37 收到", 6))
        line.deliver(first)
        line.send(Command.ENQUIRE_LINK)
        await line.any()
        line.close()
        await until(lambda: not played.pager.health().ready)
        await played.clock.move(1)
        line = await smsc.bound()
        await played.clock.move(6)
        for one in (first, second):
            line.deliver(one)
        assert [(await line.read(Command.DELIVER_SM_RESP)).status for _ in range(2)] == [0, 0]
        assert texts(played) == ["37 收到"]


# -- joining, by itself ----------------------------------------------------------------------------------


def piece(number: int, total: int = 3, reference: int = 1, alphabet: Alphabet | None = Alphabet.UTF16) -> Piece:
    return Piece(OFFICER, NUMBER, "一二三"[number - 1].encode("utf-16-be"), alphabet, reference, total, number)


def test_crowds_make_room() -> None:
    """A thousand halves of texts must not fill the memory: the oldest are handed over as they are."""
    joiner = Joiner(5.0)
    crowded = [one for number in range(PENDING_MAX + 10) for one in joiner.add(piece(1, reference=number), 0.0)[1]]
    assert [one.key[2] for one in crowded] == list(range(10))
    assert crowded[0].text() == "一\ufffd"
    assert len(joiner.overdue(5.0)) == PENDING_MAX
    assert joiner.overdue(99.0) == []


def test_what_was_handed_over_is_known_for_a_while() -> None:
    """A telephone counts to 255 and begins anew: the same reference next week is another text."""
    joiner = Joiner(5.0)
    joining, _ = joiner.add(piece(1, total=2), 0.0)
    joiner.finish(joining, 10.0)
    assert joiner.known(piece(1, total=2), 10.0 + FINISHED_SECONDS)
    assert not joiner.known(piece(1, total=2), 11.0 + FINISHED_SECONDS)
    assert not joiner.known(piece(2, total=2), 10.0)
    for number in range(FINISHED_MAX):
        joiner.finish(joiner.add(piece(1, reference=100 + number), 0.0)[0], 10.0)
    assert not joiner.known(piece(1, total=2), 10.0)


def test_gaps_and_changes_of_coding_are_seen() -> None:
    """Joined octets of two codings would be garbage of both."""
    joiner = Joiner(5.0)
    for number, alphabet in ((2, Alphabet.UTF16), (3, None)):
        joining, _ = joiner.add(piece(number, alphabet=alphabet), 0.0)
    assert joining.text() == "\ufffd二\ufffd"
    assert not joining.whole
    joining, _ = joiner.add(piece(1), 0.0)
    assert (joining.whole, joining.text()) == (True, "一二\ufffd")
