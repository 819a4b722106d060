"""Our HTTP adapter through Debian's Kannel to an SMSC that others wrote, and back: every part, report and reply."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import aiohttp

from adapters.clock import SystemClock
from adapters.sms.inbound_http import InboundHttp, InboundSettings
from adapters.sms.kannel import KannelSettings, KannelSms
from schemas.pages import Part, Refused, Reply, Report, ReportState, Retry, Submitted
from tests.http_peer import OFFICER, PAGE_ID, Heard, a_page
from tests.kannel import Kannel, kannel
from tests.smsc import Smsc, npm_smsc

NUMBER = "10690001"
HEAD, MIDDLE, END = "【测试】编号37。" + "预" * 57, "警" * 65 + "𠮷", "请回复37收到。"
PARTS = (Part(1, 3, 0x5A, HEAD), Part(2, 3, 0x5A, MIDDLE), Part(3, 3, 0x5A, END))


@dataclass
class Way:
    """The whole way, open."""

    pager: KannelSms
    heard: Heard
    smsc: Smsc
    box: Kannel
    session: aiohttp.ClientSession
    inbound: InboundHttp

    async def until(self, true: Callable[[], bool]) -> None:
        """Wait until something is so."""
        try:
            async with asyncio.timeout(20):
                while not true():
                    await asyncio.sleep(0.02)
        except TimeoutError:
            raise AssertionError(f"heard only {self.heard.kept}") from None

    def reports(self) -> list[Report]:
        """Return the reports so far."""
        return [one for one in self.heard.kept if isinstance(one, Report)]


@asynccontextmanager
async def the_way(folder: Path) -> AsyncIterator[Way]:
    """Run the SMSC, Kannel, our listener and our adapter."""
    inbound, heard = InboundHttp(InboundSettings("k" * 40), SystemClock()), Heard()
    async with inbound.running(), npm_smsc() as smsc, aiohttp.ClientSession() as session:
        replies = inbound.address_of("box", "reply")
        async with kannel(folder, smsc_port=smsc.port, inbound_url=replies) as box:
            base = box.sendsms.removesuffix("/cgi-bin/sendsms")
            settings = KannelSettings("box", box.username, box.password, base, NUMBER)
            pager = KannelSms(settings, session=session, clock=SystemClock(), inbound=inbound)
            async with pager.running(heard):
                await smsc.event("bound")
                yield Way(pager, heard, smsc, box, session, inbound)


async def test_every_part_arrives_is_reported_and_answered(tmp_path: Path) -> None:
    """A part that is garbled, joined wrongly or reported for another one leaves an officer without the place."""
    async with the_way(tmp_path) as way:
        await way.until(lambda: way.pager.health().ready)
        await way.smsc.tell("faults", receipts="text")

        results = await way.pager.submit(a_page(parts=PARTS))

        assert results == tuple(Submitted(part.number, f"{PAGE_ID}.{part.number}") for part in PARTS)
        for part in PARTS:
            sent = await way.smsc.event("submitted")
            assert sent["text"] == part.text
            assert sent["udh"] == [f"00035a03{part.number:02x}"]
            assert (sent["data_coding"], sent["registered_delivery"] & 1) == (8, 1)
            assert (sent["source"], sent["destination"]) == (f"{NUMBER}37", OFFICER)
        await way.until(lambda: len(way.reports()) == 6)
        for part in PARTS:
            states = {one.state for one in way.reports() if one.reference == f"{PAGE_ID}.{part.number}"}
            assert states == {ReportState.ACCEPTED, ReportState.DELIVERED}
        assert {one.code for one in way.reports() if one.state is ReportState.DELIVERED} == {"DELIVRD"}

        fields = {"source_addr": OFFICER, "destination_addr": f"{NUMBER}37"}
        await way.smsc.tell("deliver", text="37 收到𠮷", fields=fields, token=1)
        await way.until(lambda: any(isinstance(one, Reply) for one in way.heard.kept))
        reply = next(one for one in way.heard.kept if isinstance(one, Reply))
        assert (reply.sender, reply.extension, reply.text) == (OFFICER, "37", "37 收到𠮷")

        await way.smsc.tell("deliver", text="37", fields=fields | {"data_coding": 0}, token=2)
        await way.until(lambda: sum(isinstance(one, Reply) for one in way.heard.kept) == 2)
        last = [one for one in way.heard.kept if isinstance(one, Reply)][-1]
        assert (last.text, last.extension) == ("37", "37"), "digits alone travel in the seven-bit alphabet"
        await asyncio.sleep(0.5)
        assert [one for one in way.smsc.events if one["event"] == "submitted"] == [], "Kannel answers nothing by itself"


async def test_kannel_pushes_again_what_could_not_be_kept(tmp_path: Path) -> None:
    """Thanked while the store is away, a report and an answer would be lost for good."""
    async with the_way(tmp_path) as way:
        way.heard.refusing = 3
        fields = {"source_addr": OFFICER, "destination_addr": f"{NUMBER}37"}
        await way.smsc.tell("deliver", text="37 收到", fields=fields, token=1)
        await way.pager.submit(a_page())
        await way.until(lambda: len(way.reports()) == 1 and len(way.heard.kept) == 2)
        assert way.heard.refusing == 0


async def test_a_carrier_that_refuses_or_fails_is_reported_so(tmp_path: Path) -> None:
    """A page that the SMSC refused after Kannel took it would wait for a report that never comes."""
    async with the_way(tmp_path) as way:
        await way.smsc.tell("faults", statuses=[0x0B], receipts="none")  # invalid destination address
        assert await way.pager.submit(a_page()) == (Submitted(1, f"{PAGE_ID}.1"),)
        await way.until(lambda: len(way.reports()) == 1)
        (refused,) = way.reports()
        assert (refused.state, refused.reference) == (ReportState.FAILED, f"{PAGE_ID}.1")
        await way.smsc.event("submitted")

        way.heard.kept.clear()
        await way.pager.submit(a_page())
        sent = await way.smsc.event("submitted")
        receipt = {"id": sent["id"], "stat": "UNDELIV", "err": "012", "from": OFFICER, "to": f"{NUMBER}37"}
        await way.smsc.tell("receipt", **receipt)
        await way.until(lambda: len(way.reports()) == 2)
        failed = way.reports()[-1]
        assert (failed.state, failed.code) == (ReportState.FAILED, "UNDELIV/012")


async def test_what_kannel_itself_refuses(tmp_path: Path) -> None:
    """The real answers: an account it does not know, and a gateway that is not there any more."""
    async with the_way(tmp_path) as way:
        base = way.box.sendsms.removesuffix("/cgi-bin/sendsms")
        settings = KannelSettings("other", way.box.username, "wrong", base, NUMBER)
        other = KannelSms(settings, session=way.session, clock=SystemClock(), inbound=way.inbound)
        async with other.running(Heard()):
            await way.until(lambda: other.health().problem.startswith("http.403"))
            (result,) = await other.submit(a_page())
        assert isinstance(result, Refused)
        assert (result.retry, result.text) == (Retry.TEMPORARY, "Authorization failed for sendsms")
        assert way.pager.health().ready
        gone = replace(settings, name="gone", base_url="http://127.0.0.1:9")
        (result,) = await KannelSms(gone, session=way.session, clock=SystemClock(), inbound=way.inbound).submit(
            a_page()
        )
        assert isinstance(result, Refused)
        assert (result.retry, result.code) == (Retry.TEMPORARY, "unreachable")
