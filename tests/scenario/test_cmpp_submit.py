"""Submits over CMPP: the window, flow control, results, parts."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from adapters.memory.clock import ManualClock
from adapters.sms.cmpp import CmppPager
from schemas.pages import Dispatch, Refused, Retry, Submitted
from tests.ismg import SP_ID, Ismg, eventually, grown
from tests.scenario.cmpp_desk import BOTH, NUMBER, Ear, page, ready_desk, settings


@BOTH
async def test_a_long_text_goes_out_in_parts_that_each_ask_for_a_report(major: int) -> None:
    """A fault known in peers: a report asked for part 1 only, so that half an alert counts as delivered."""
    ismg = Ismg(major)
    async with ready_desk(ismg, msg_level=9) as at:
        results = await at.submit("水" * 67, "火" * 67, "完")
        assert [result.part for result in results if isinstance(result, Submitted)] == [1, 2, 3]
        references = [result.reference for result in results if isinstance(result, Submitted)]
        assert references == ["b4c5530000010000", "b4c5530000010001", "b4c5530000010002"]
    for number, seen in enumerate(ismg.submits, start=1):
        assert (seen.pk_total, seen.pk_number, seen.registered_delivery) == (3, number, 1)
        assert (seen.udhi, seen.msg_fmt, seen.content[:6]) == (1, 8, bytes([5, 0, 3, 0xA5, 3, number]))
        assert (seen.src_id, seen.destinations, seen.msg_src) == (b"1069000137", (NUMBER.encode(),), SP_ID.encode())
        assert (seen.service_id, seen.fee_user_type, seen.fee_terminal_id) == (b"HELP", 2, b"")
        assert (seen.fee_type, seen.fee_code, seen.msg_level, seen.msg_id) == (b"01", b"000000", 9, 0)
    assert "".join(seen.content[6:].decode("utf-16-be") for seen in ismg.submits) == "水" * 67 + "火" * 67 + "完"


@BOTH
async def test_a_single_text_carries_no_header(major: int) -> None:
    """Seventy characters with a header of six octets would be cut by the carrier."""
    ismg = Ismg(major)
    async with ready_desk(ismg) as at:
        await at.submit("水" * 70)
    [seen] = ismg.submits
    assert (seen.pk_total, seen.pk_number, seen.udhi, len(seen.content)) == (1, 1, 0, 140)


async def test_no_more_than_the_window_is_under_way() -> None:
    """A gateway answers the seventeenth with an error or ends the link."""
    ismg = Ismg()
    ismg.holds = True
    async with ready_desk(ismg) as at:
        sending = [asyncio.create_task(at.submit(f"第{number}")) for number in range(40)]
        await eventually(lambda: len(ismg.submits) == 16)
        await asyncio.sleep(0.02)
        assert len(ismg.submits) == 16
        for answered in range(40):
            ismg.answer(ismg.submits[answered])
            await grown(ismg.submits, min(40, 17 + answered))
        results = [result for task in sending for result in await task]
        assert len({r.reference for r in results if isinstance(r, Submitted)}) == 40
        assert [s.content.decode("utf-16-be") for s in ismg.submits] == [f"第{number}" for number in range(40)]


async def test_silence_ends_in_two_different_words() -> None:
    """What went out may arrive; what still waited for a place in the window certainly does not."""
    ismg = Ismg()
    ismg.holds = True
    async with ready_desk(ismg) as at:
        sending = [asyncio.create_task(at.submit("一")) for _ in range(18)]
        await eventually(lambda: len(ismg.submits) == 16)
        await at.clock.move(20)
        await eventually(lambda: sum(task.done() for task in sending) >= 16)
        first = [(await task)[0] for task in sending[:16]]
        assert {(r.retry, r.code) for r in first if isinstance(r, Refused)} == {(Retry.TEMPORARY, "timeout")}
        last = [(await task)[0] for task in sending[16:]]
        assert {(r.retry, r.code) for r in last if isinstance(r, Refused)} == {(Retry.THROTTLED, "window")}
        ismg.answer(ismg.submits[0])  # far too late
        ismg.holds = False
        assert isinstance((await at.submit("一"))[0], Submitted), "a late answer did no harm"


async def test_the_numbers_of_packets_begin_anew() -> None:
    """After the highest comes 1: an overflow would stop the link once in a node's life, on a day nobody remembers."""
    ismg, clock = Ismg(), ManualClock(datetime.fromtimestamp(0xFFFF_FFFE, UTC))
    async with ismg.serving():
        pager = CmppPager(settings(ismg.port), clock=clock)
        async with pager.running(Ear()):
            await eventually(lambda: pager.health().ready)
            results = [(await pager.submit(page("一")))[0] for _ in range(3)]
    assert all(isinstance(result, Submitted) for result in results)
    assert [seen.sequence for seen in ismg.submits] == [0xFFFF_FFFF, 1, 2]


async def test_a_caller_who_gives_up_takes_nothing_along() -> None:
    """A cancelled page must neither be sent later nor free a place that the gateway still counts."""
    ismg = Ismg()
    ismg.holds = True
    async with ready_desk(ismg, window=1) as at:
        gone_out, waiting, last = (asyncio.create_task(at.submit(text)) for text in "一二三")
        await grown(ismg.submits, 1)
        gone_out.cancel()
        waiting.cancel()
        await asyncio.sleep(0.02)
        assert len(ismg.submits) == 1
        ismg.answer(ismg.submits[0])
        await grown(ismg.submits, 2)
        ismg.answer(ismg.submits[1])
        assert isinstance((await last)[0], Submitted)
    assert [seen.content.decode("utf-16-be") for seen in ismg.submits] == ["一", "三"]


async def test_what_waits_is_bounded() -> None:
    """A gateway that hangs during a storm must not fill the memory with pages that are long too late."""
    ismg = Ismg()
    ismg.holds = True
    async with ready_desk(ismg) as at:
        sending = [asyncio.create_task(at.submit("一")) for _ in range(16 + 4096 + 5)]
        await eventually(lambda: sum(task.done() for task in sending) == 5)
        refused = [(await task)[0] for task in sending if task.done()]
        assert {(r.retry, r.code) for r in refused if isinstance(r, Refused)} == {(Retry.THROTTLED, "window")}
        ismg.connection.writer.close()
        rest = [result[0] for result in await asyncio.gather(*sending)]
    assert [r.code for r in rest if isinstance(r, Refused)].count("timeout") == 16
    assert [r.code for r in rest if isinstance(r, Refused)].count("link") == 4096


async def test_flow_control_makes_everybody_wait() -> None:
    """Going on at once gets more of the same, and the carrier slows us down for good."""
    ismg = Ismg()
    ismg.results.extend([8, 8])
    async with ready_desk(ismg) as at:
        assert (await at.submit("一"))[0] == Refused(1, Retry.THROTTLED, "8", "flow control")
        for pause in (1, 2):
            again = asyncio.create_task(at.submit("一"))
            await at.clock.move(pause - 0.75)
            await asyncio.sleep(0.01)
            assert len(ismg.submits) == pause
            await at.clock.move(1.25)
            await grown(ismg.submits, pause + 1)
            result = (await again)[0]
        assert isinstance(result, Submitted)
        assert isinstance((await at.submit("一"))[0], Submitted), "after a success nobody waits"


async def test_a_whole_window_that_is_refused_counts_once() -> None:
    """Sixteen refusals of one burst, each doubling the wait, would silence us for eight seconds at the first push."""
    ismg = Ismg()
    ismg.holds = True
    async with ready_desk(ismg) as at:
        sending = [asyncio.create_task(at.submit("一")) for _ in range(16)]
        await grown(ismg.submits, 16)
        ismg.results.extend([8] * 16)
        for submit in list(ismg.submits):
            ismg.answer(submit)
        assert {(await task)[0] for task in sending} == {Refused(1, Retry.THROTTLED, "8", "flow control")}
        ismg.holds = False
        again = asyncio.create_task(at.submit("一"))
        await asyncio.sleep(0.01)
        assert not again.done()
        await at.clock.move(1.5)
        assert isinstance((await again)[0], Submitted)


@pytest.mark.parametrize(
    ("major", "result", "retry"),
    [
        *((2, result, Retry.PERMANENT) for result in (1, 2, 4, 5, 6, 7)),
        *((3, result, Retry.PERMANENT) for result in (1, 2, 4, 5, 6, 7, 9, 10, 11, 12, 13)),
        *((2, result, Retry.TEMPORARY) for result in (3, 9, 10, 13, 14, 255)),
        *((3, result, Retry.TEMPORARY) for result in (3, 14, 255, 4_000_000_000)),
    ],
)
async def test_a_result_is_told_as_what_it_means(major: int, result: int, retry: Retry) -> None:
    """A wrong number that is tried again and again keeps the telephone from being called."""
    ismg = Ismg(major)
    ismg.results.append(result)
    async with ready_desk(ismg) as at:
        [refused] = await at.submit("一")
    assert isinstance(refused, Refused)
    assert (refused.retry, refused.code) == (retry, str(result))


@pytest.mark.parametrize(
    ("dispatch", "code"),
    [
        (page("一", address="duty-room"), "address"),
        (page("一", address="1" * 22), "address"),
        (page("一", address=""), "address"),
        (page("一", extension="1" * 14), "extension"),
        (page("一", extension="3a"), "extension"),
        (page("水" * 71), "text"),
        (page("水" * 68, "火"), "text"),
        (page("\ud83d"), "text"),
        (page(), "parts"),
    ],
)
async def test_what_cannot_be_sent_is_refused_before_the_link(dispatch: Dispatch, code: str) -> None:
    """Shortened or bent into shape it would reach a stranger, or say something else."""
    ismg = Ismg()
    async with ready_desk(ismg) as at:
        results = await at.pager.submit(dispatch)
    assert {(r.retry, r.code) for r in results if isinstance(r, Refused)} == {(Retry.PERMANENT, code)}
    assert ismg.submits == [], "nor any other part of it"
    assert len(results) == max(1, len(dispatch.parts))
    assert dispatch.address == "" or all(dispatch.address not in repr(result) for result in results)


async def test_only_the_parts_that_are_asked_for_go_out() -> None:
    """After a partial failure the parts that arrived must not come a second time."""
    ismg = Ismg()
    async with ready_desk(ismg) as at:
        whole = page("一", "二", "三")
        [result] = await at.pager.submit(replace(whole, parts=whole.parts[1:2]))
        assert isinstance(result, Submitted)
        assert result.part == 2
    [seen] = ismg.submits
    assert (seen.pk_total, seen.pk_number, seen.content[4:6]) == (3, 2, bytes([3, 2]))
