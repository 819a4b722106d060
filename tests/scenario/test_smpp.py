"""Our SMPP client against an SMSC that others wrote: the npm package ``smpp``."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any, Final

from adapters.clock import SystemClock
from adapters.sms.smpp import SmppPager
from adapters.sms.smpp_settings import SmppSettings
from schemas.pages import Refused, Reply, Report, ReportState, Retry, Submitted
from tests.counties import report
from tests.scripted_smsc import NUMBER, OFFICER, Heard, settings, sms, until
from tests.smsc import PASSWORD, SYSTEM_ID, Smsc, npm_smsc

PARTS: Final = ("【演练】龙滩水库泄洪预警，编号37，" + "收" * 45 + "𠮷", "𠮷" + "到" * 65, "请回复37。")


def pager_of(smsc: Smsc, **changes: Any) -> SmppPager:  # noqa: ANN401
    known: SmppSettings = replace(settings(smsc.port), **{"system_id": SYSTEM_ID, "password": PASSWORD} | changes)
    return SmppPager("npm-smpp", known, clock=SystemClock(), jitter=lambda: 0.0)


@asynccontextmanager
async def bound(**changes: Any) -> AsyncIterator[tuple[Smsc, SmppPager, Heard]]:  # noqa: ANN401
    """Run the SMSC and a pager that is bound to it."""
    heard = Heard()
    async with npm_smsc() as smsc:
        pager = pager_of(smsc, **changes)
        async with pager.running(heard):
            assert (await smsc.event("bound"))["version"] == 0x34
            await until(lambda: pager.health().ready)
            yield smsc, pager, heard


async def test_a_long_text_with_pairs_at_the_border_and_its_reports() -> None:
    """The peer reads each part by itself: header, whole characters, a report asked for each; and reports each."""
    async with bound() as (smsc, pager, heard):
        for form in ("text", "tlv"):
            await smsc.tell("faults", receipts=form)
            results = await pager.submit(sms(*PARTS))
            submitted = [await smsc.event("submitted") for _ in PARTS]
            assert [one["text"] for one in submitted] == list(PARTS)
            assert [one["udh"] for one in submitted] == [[f"0003a5030{number}"] for number in (1, 2, 3)]
            assert {(one["esm_class"], one["data_coding"], one["registered_delivery"]) for one in submitted} == {
                (64, 8, 1)
            }
            assert {(one["source"], one["destination"]) for one in submitted} == {(f"{NUMBER}37", OFFICER)}
            assert not any(one["payload"] for one in submitted)
            ids = [one["id"] for one in submitted]
            assert results == tuple(Submitted(number, each) for number, each in enumerate(ids, 1))
            assert [(await smsc.event("answered"))["status"] for _ in ids] == [0, 0, 0]
            reports = [one for one in heard.kept if isinstance(one, Report)]
            assert [one.reference for one in reports] == ids
            assert {(one.state, one.code) for one in reports} == {(ReportState.DELIVERED, "DELIVRD")}
            heard.kept.clear()


async def test_a_report_that_overtakes_the_answer() -> None:
    """Its reference is the one that the answer brings a moment later."""
    async with bound() as (smsc, pager, heard):
        await smsc.tell("faults", receipts="text", early=True)
        (result,) = await pager.submit(sms("收到请回复37"))
        (report,) = heard.kept
        assert isinstance(result, Submitted)
        assert isinstance(report, Report)
        assert report.reference == result.reference
        await smsc.event("answered", status=0)


async def test_replies_in_every_coding_the_peer_has() -> None:
    """37 收到 in UCS-2, words in GSM 7 bit, Latin 1; a long one in two parts; one as a payload."""
    officer = {"source_addr": OFFICER, "destination_addr": f"{NUMBER}37"}
    async with bound() as (smsc, _, heard):
        told: list[dict[str, Any]] = [
            {"text": "37 收到", "fields": officer},
            {"text": "37 ok €[]{}", "fields": {**officer, "data_coding": 0}},
            {"text": "37 né", "fields": {**officer, "data_coding": 3}},
            {"text": "37 处置" * 40, "payload": True, "fields": officer},
        ]
        for token, one in enumerate(told):
            await smsc.tell("deliver", token=token, **one)
            assert (await smsc.event("answered", token=token))["status"] == 0
        await smsc.tell("deliver", token=8, text="37 收", udh="050003070201", fields=officer)
        await smsc.tell("deliver", token=9, text="到", udh="050003070202", fields=officer)
        assert {(await smsc.event("answered", token=token))["status"] for token in (8, 9)} == {0}
        replies = [one for one in heard.kept if isinstance(one, Reply)]
        assert [one.text for one in replies] == [*(one["text"] for one in told), "37 收到"]
        assert {(one.sender, one.extension) for one in replies} == {(OFFICER, "37")}


async def test_what_is_not_kept_is_asked_for_again() -> None:
    """The peer sees ESME_RX_T_APPN while the store is down, and a plain yes for the same text later."""
    async with bound() as (smsc, _, heard):
        for down, status in ((True, 0x64), (False, 0)):
            heard.down = down
            await smsc.tell(
                "deliver", token=1, text="收到", fields={"source_addr": OFFICER, "destination_addr": NUMBER}
            )
            assert (await smsc.event("answered", token=1))["status"] == status
        assert [one.text for one in heard.kept if isinstance(one, Reply)] == ["收到"]


async def test_refusals_and_silence() -> None:
    """Throttled, full, a wrong number, no answer at all: each part says what to do next."""
    async with bound(timeout_seconds=4.0) as (smsc, pager, _):
        await smsc.tell("faults", statuses=[0x58, 0x14, 0x0B])
        results = await pager.submit(sms("一", "二", "三", "四"))
        assert [(one.retry, one.code) for one in results if isinstance(one, Refused)] == [
            (Retry.THROTTLED, "ESME_RTHROTTLED"),
            (Retry.TEMPORARY, "ESME_RMSGQFUL"),
            (Retry.PERMANENT, "ESME_RINVDSTADR"),
        ]
        assert isinstance(results[3], Submitted)
        await smsc.tell("faults", deaf=1)
        (result,) = await pager.submit(sms("五"))
        assert isinstance(result, Refused)
        assert (result.retry, result.code) == (Retry.TEMPORARY, "timeout")
        assert pager.health().ready


async def test_the_link_goes_and_comes() -> None:
    """The peer unbinds us, drops us, sends garbage; each time we are back, and the reason was told."""
    async with bound() as (smsc, pager, _):
        for number, (what, told) in enumerate((("unbind", {}), ("drop", {}), ("raw", {"octets": "00000003"})), 2):
            await smsc.tell(what, **told)
            await until(lambda: not pager.health().ready)
            assert pager.health().problem
            await smsc.event("bound")
            await until(lambda at=number: pager.counts.binds == at)  # type: ignore[misc]
        await smsc.tell("enquire")
        await smsc.event("alive")
        await pager.submit(sms("一"))
        await smsc.event("submitted", text="一")
    await smsc.event("unbound")


async def test_a_wrong_password_is_said_and_not_tried_again_at_once() -> None:
    """Two peers crash or loop here."""
    async with npm_smsc() as smsc:
        pager = pager_of(smsc, system_type="x")
        wrong = pager_of(smsc, password=PASSWORD[::-1])
        async with wrong.running(Heard()):
            await smsc.event("refused")
            await until(lambda: wrong.health().problem == "bind refused: ESME_RINVPASWD")
            await asyncio.sleep(1.5)  # longer than the short pause
            assert not [one for one in smsc.events if one["event"] == "refused"]
        async with pager.running(Heard()):
            assert (await smsc.event("bound"))["system_type"] == "x"


async def test_receipts_at_full_speed(reduced: Callable[[int, int], int]) -> None:
    """10,000 reports a minute must be joined; the link must not be what is slow."""
    count = reduced(3_000, 30_000)
    async with bound() as (smsc, _, heard):
        began = time.monotonic()
        await smsc.tell("flood", count=count)
        flooded = await smsc.event("flooded", timeout_seconds=100)
        seconds = time.monotonic() - began
        assert flooded["refused"] == {}
        assert [one.reference for one in heard.kept if isinstance(one, Report)] == [
            f"f{n}" for n in range(1, count + 1)
        ]
        rate = count / seconds * 60
        report(f"SMPP: {count:,} receipts in {seconds:.2f} s, {rate:,.0f} a minute")
        assert rate >= 10_000
