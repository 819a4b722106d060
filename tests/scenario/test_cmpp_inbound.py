"""What comes back over CMPP: reports and replies, kept before they are confirmed."""

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from structlog.testing import capture_logs

from adapters.memory.clock import ManualClock
from adapters.sms.cmpp import CmppPager, reference_of
from schemas.errors import InvariantError
from schemas.pages import (
    Inbound,
    ReportState,
    Submitted,
)
from tests.ismg import (
    ANSWER,
    DELIVER,
    Connection,
    Ismg,
    SeenSubmit,
    eventually,
    report_content,
)
from tests.scenario.cmpp_desk import BOTH, NUMBER, TEXT, Ear, ready_desk, settings

# -- reports ------------------------------------------------------------------------------------------


@BOTH
@pytest.mark.parametrize("moment", ["after", "before", "twice"])
async def test_a_report_carries_the_reference_of_its_part(major: int, moment: str) -> None:
    """Reports come before the answer, after it, and twice; each must lead to its part."""
    ismg = Ismg(major)

    def report(_connection: Connection, _submit: SeenSubmit, msg_id: int) -> None:
        for _ in range(2 if moment == "twice" else 1):
            ismg.report(msg_id)

    if moment == "before":
        ismg.before_submit = report
    else:
        ismg.after_submit = report
    async with ready_desk(ismg) as at:
        [result] = await at.submit(TEXT)
        assert isinstance(result, Submitted)
        count = 2 if moment == "twice" else 1
        await eventually(lambda: len(ismg.connection.of(DELIVER | ANSWER)) == count)
    assert len(at.ear.reports) == count
    for heard in at.ear.reports:
        assert (heard.reference, heard.state, heard.code) == (result.reference, ReportState.DELIVERED, "DELIVRD")
        assert heard.done_at == datetime(2026, 3, 3, 23, 30, tzinfo=UTC)
        assert heard.provider == "mobile-cmpp"


@BOTH
async def test_a_report_for_an_unknown_part_is_heard_and_confirmed(major: int) -> None:
    """Not confirmed it would come for ever and block the gateway's window; dropped, a late match would be lost."""
    ismg = Ismg(major)
    async with ready_desk(ismg) as at:
        sequence = ismg.report(0x0102030405060708, "UNDELIV")
        await eventually(lambda: ismg.confirmed(sequence) == 0)
    assert [(r.reference, r.state) for r in at.ear.reports] == [("0102030405060708", ReportState.FAILED)]


async def test_a_3_0_gateway_may_report_in_the_shorter_form() -> None:
    """Gateways are known that kept the 60 bytes of 2.0: read at the wrong places, every report would be lost."""
    ismg = Ismg(3)
    async with ready_desk(ismg) as at:
        sequence = ismg.deliver(content=report_content(2, 9, "DELIVRD"), fmt=0, report=1)
        await eventually(lambda: ismg.confirmed(sequence) == 0)
    assert [r.reference for r in at.ear.reports] == [reference_of(9)]


async def test_an_unreadable_report_is_answered_as_such_and_ends_nothing() -> None:
    """One strange report must not cost the link to all others."""
    ismg = Ismg()
    with capture_logs() as logs:
        async with ready_desk(ismg) as at:
            sequence = ismg.deliver(content=b"id:1 stat:DELIVRD", fmt=0, report=1)
            await eventually(lambda: ismg.confirmed(sequence) == 1)
            assert at.pager.health().ready
    assert "cmpp.report_unreadable" in [line["event"] for line in logs]


# -- replies ------------------------------------------------------------------------------------------


@BOTH
@pytest.mark.parametrize(
    ("fmt", "octets", "text"),
    [
        (8, "37收到".encode("utf-16-be"), "37收到"),
        (8, "😀".encode("utf-16-be"), "😀"),
        (15, "37收到".encode("gbk"), "37收到"),
        (0, b"37", "37"),
        (3, b"37", "37"),
        (0, "收到".encode("gbk"), "\\xca\\xd5\\xb5\\xbd"),
        (8, b"\x00\x33\x37", "3\\x37"),
        (4, b"\x00\xff", "Msg_Fmt 4: 00ff"),
        (21, b"37", "Msg_Fmt 21: 3337"),
    ],
)
async def test_a_reply_is_decoded_as_it_says(major: int, fmt: int, octets: bytes, text: str) -> None:
    """Guessing turns 收到 into something else, and dropping what does not fit loses an answer."""
    ismg = Ismg(major)
    async with ready_desk(ismg) as at:
        sequence = ismg.deliver(dest="1069000137", content=octets, fmt=fmt, msg_id=255)
        await eventually(lambda: ismg.confirmed(sequence) == 0)
    [reply] = at.ear.replies
    assert (reply.text, reply.sender, reply.extension, reply.message_id) == (text, NUMBER, "37", "00000000000000ff")


async def test_a_reply_to_another_number_has_no_extension() -> None:
    """Digits of a stranger's number taken for a code would answer somebody else's page."""
    ismg = Ismg()
    async with ready_desk(ismg) as at:
        ismg.deliver(dest="1068999937", content=b"1", fmt=0)
        ismg.deliver(dest="10690001", content=b"2", fmt=0)
        await eventually(lambda: len(at.ear.replies) == 2)
    assert [reply.extension for reply in at.ear.replies] == ["", ""]


@BOTH
@pytest.mark.parametrize("order", [(1, 2, 3), (3, 1, 2), (2, 2, 1, 3, 3)])
@pytest.mark.parametrize("wide", [False, True])
async def test_a_long_reply_comes_as_one(major: int, order: tuple[int, ...], wide: bool) -> None:  # noqa: FBT001
    """The first third of a sentence is another sentence; nothing is confirmed before all of it is kept."""
    ismg = Ismg(major)
    octets = ("水" * 66 + "😀" + "火" * 30).encode("utf-16-be")  # the pair is cut at the border
    pieces = [octets[:134], octets[134:190], octets[190:]]
    async with ready_desk(ismg) as at:
        sequences = []
        for place, number in enumerate(order):
            assert len({*order[:place]}) == 3 or not ismg.connection.of(DELIVER | ANSWER)
            head = bytes([6, 8, 4, 1, 9, 3, number]) if wide else bytes([5, 0, 3, 9, 3, number])
            sent = ismg.deliver(content=head + pieces[number - 1], udhi=1, msg_id=100 + number)
            sequences.append(sent)
            await asyncio.sleep(0.005)
        await eventually(lambda: all(ismg.confirmed(sequence) == 0 for sequence in sequences))
        await at.clock.move(11)
    [reply] = at.ear.replies
    assert (reply.text, reply.message_id) == (octets.decode("utf-16-be"), reference_of(101))


async def test_a_long_reply_that_stays_incomplete_comes_with_its_gaps() -> None:
    """Kept back for ever, an answer would be lost because its tail was; the gateway would send it again and again."""
    ismg = Ismg()
    async with ready_desk(ismg) as at:
        first = ismg.deliver(content=bytes([5, 0, 3, 9, 4, 1]) + "37收到".encode("utf-16-be"), udhi=1)
        third = ismg.deliver(content=bytes([5, 0, 3, 9, 4, 3]) + "完".encode("utf-16-be"), udhi=1)
        await asyncio.sleep(0.02)
        await at.clock.move(9.5)
        assert at.ear.heard == []
        await at.clock.move(1)
        await eventually(lambda: ismg.confirmed(first) == 0 and ismg.confirmed(third) == 0)
    assert [reply.text for reply in at.ear.replies] == ["37收到…完…"]


async def test_a_flood_of_beginnings_is_bounded() -> None:
    """A telephone that sends only first parts must not fill the memory, nor stop what others send."""
    ismg = Ismg()
    async with ready_desk(ismg) as at:
        for reference in range(200):
            ismg.deliver(content=bytes([5, 0, 3, reference, 2, 1]) + b"\x00\x31", udhi=1)
        whole = ismg.deliver(content=b"37", fmt=0)
        await eventually(lambda: ismg.confirmed(whole) == 0)
        assert len(at.ear.replies) == 200 - 64 + 1, "64 wait for their other part, the others came as they are"
        await at.clock.move(11)
        await eventually(lambda: len(at.ear.replies) == 201)


async def test_a_flood_of_the_same_part_stops_nobody_else() -> None:
    """Parts that wait for an answer hold a place each; with all places taken nothing more would be read."""
    ismg = Ismg()
    async with ready_desk(ismg) as at:
        for _ in range(600):
            ismg.deliver(content=bytes([5, 0, 3, 1, 2, 1]) + b"\x00\x31", udhi=1)
        whole = ismg.deliver(content=b"37", fmt=0)
        await eventually(lambda: ismg.confirmed(whole) == 0)
        assert isinstance((await at.submit("一"))[0], Submitted)
        assert len(ismg.connection.of(DELIVER | ANSWER)) == 600 - 128 + 1


@BOTH
async def test_what_could_not_be_kept_is_not_confirmed_and_comes_again(major: int) -> None:
    """A confirmed reply that the database never took is an answer that nobody gave."""
    ismg, ear = Ismg(major), Ear(fails=2)
    async with ready_desk(ismg, ear) as at:
        lost_reply = ismg.deliver(content=b"37", fmt=0, msg_id=5)
        lost_report = ismg.report(6)
        await eventually(lambda: ear.fails == 0)
        again = ismg.deliver(content=b"37", fmt=0, msg_id=5)
        await eventually(lambda: ismg.confirmed(again) == 0)
        assert ismg.confirmed(lost_reply) is None
        assert ismg.confirmed(lost_report) is None
        assert at.pager.health().ready
    assert [reply.message_id for reply in ear.replies] == [reference_of(5)]


async def test_nothing_is_confirmed_while_it_is_being_kept() -> None:
    """The gateway forgets what was confirmed; a crash in that moment would lose it."""
    ismg, ear = Ismg(), Ear(gate=asyncio.Event())
    async with ready_desk(ismg, ear) as at:
        sequence = ismg.deliver(content=b"37", fmt=0)
        await asyncio.sleep(0.03)
        assert ismg.confirmed(sequence) is None
        assert isinstance((await at.submit("一"))[0], Submitted), "and submits go on meanwhile"
        assert ear.gate is not None
        ear.gate.set()
        await eventually(lambda: ismg.confirmed(sequence) == 0)


async def test_a_bug_of_the_node_is_not_swallowed() -> None:
    """A crash that the adapter hides becomes a link that looks well and keeps nothing."""
    ismg = Ismg()
    async with ismg.serving():
        with pytest.raises(InvariantError, match="a bug"):
            await _live_with_a_bug(ismg)


async def _live_with_a_bug(ismg: Ismg) -> None:
    async def hear(_inbound: Inbound) -> None:
        raise InvariantError("a bug")

    pager = CmppPager(settings(ismg.port), clock=ManualClock())
    async with pager.running(hear):
        await eventually(lambda: pager.health().ready)
        ismg.deliver(content=b"37", fmt=0)
        await asyncio.Event().wait()


# -- how fast -----------------------------------------------------------------------------------------


@BOTH
async def test_ten_thousand_reports_a_minute(
    major: int, reduced: Callable[[int, int], int], record_property: Callable[[str, object], None]
) -> None:
    """After a storm alert every handset of five counties reports within the minute."""
    count = reduced(2_000, 10_000)
    ismg = Ismg(major)
    async with ready_desk(ismg) as at:
        began = time.perf_counter()
        for number in range(count):
            ismg.report(number)
            if number % 64 == 0:
                await ismg.connection.writer.drain()
        await eventually(lambda: len(ismg.connection.of(DELIVER | ANSWER)) == count, seconds=60)
        seconds = time.perf_counter() - began
    rate = count / seconds
    record_property("reports_per_second", round(rate))
    print(f"CMPP {major}.0: {count:,} reports kept and confirmed in {seconds:.2f} s, {rate * 60:,.0f} a minute")  # noqa: T201
    assert len({report.reference for report in at.ear.reports}) == count
    assert rate * 60 >= 10_000
