"""How many reports a minute come in by the listener: a carrier reports a whole county's pages at once."""

import asyncio
import time
from collections.abc import Callable

import aiohttp

from adapters.clock import SystemClock
from adapters.sms.inbound_http import InboundHttp, InboundSettings
from adapters.sms.kannel import KannelSettings, KannelSms
from tests.http_peer import Heard

WANTED_A_MINUTE = 10_000
AT_ONCE = 32


async def test_ten_thousand_reports_a_minute_come_in(reduced: Callable[[int, int], int]) -> None:
    """Kannel pushes one GET for each report: slower than this, reports pile up and pages count as lost after 120 s."""
    count = reduced(3_000, 20_000)
    inbound, heard = InboundHttp(InboundSettings("k" * 40), SystemClock()), Heard()
    async with inbound.running(), aiohttp.ClientSession() as session:
        settings = KannelSettings("box", "u", "p", "http://127.0.0.1:9", "10690001")
        pager = KannelSms(settings, session=session, clock=SystemClock(), inbound=inbound)
        async with pager.running(heard):
            base = inbound.address_of("box", "report")
            numbers = iter(range(count))

            async def push() -> None:
                for number in numbers:
                    query = f"ref={number:032x}.1&state=1&said=id%3A1+stat%3ADELIVRD+err%3A000"
                    async with session.get(f"{base}?{query}") as answer:
                        assert answer.status == 200

            began = time.perf_counter()
            await asyncio.gather(*(push() for _ in range(AT_ONCE)))
            a_minute = count / (time.perf_counter() - began) * 60
    print(f"{count:,} reports: {a_minute:,.0f} a minute, client and listener in one process")  # noqa: T201
    assert len(heard.kept) == count
    assert a_minute >= WANTED_A_MINUTE
