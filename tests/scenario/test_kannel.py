"""HTTP through Debian's Kannel to an SMSC that others wrote, and back: the path of the HTTP adapter, without it.

It proves the peers of other tests, not a line of this project: set up wrongly, they would prove nothing.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import quote, unquote_plus

import aiohttp
from aiohttp import web
from yarl import URL

from tests.kannel import kannel
from tests.smsc import npm_smsc

OFFICER = "13900000001"
NUMBER = "10690001"
TEXT = "【测试】龙滩水库泄洪预警，编号37。收到请回复37。𠮷田"


@asynccontextmanager
async def listener() -> AsyncIterator[tuple[str, asyncio.Queue[dict[str, str]]]]:
    """Run a web server on loopback; yield its address and the queries that it was asked."""
    asked: asyncio.Queue[dict[str, str]] = asyncio.Queue()

    async def take(request: web.Request) -> web.Response:
        pairs = (pair.split("=", 1) for pair in request.rel_url.raw_query_string.split("&"))
        asked.put_nowait({"path": request.path} | {name: unquote_plus(value, "latin-1") for name, value in pairs})
        return web.Response()

    app = web.Application()
    app.router.add_get("/{path:.*}", take)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}", asked
    finally:
        await runner.cleanup()


async def test_a_text_goes_out_and_its_report_and_a_reply_come_back(tmp_path: Path) -> None:
    """A Kannel that is set up wrongly would garble Chinese, ask for no report or drop what telephones send."""
    async with (
        listener() as (address, asked),
        npm_smsc() as smsc,
        kannel(tmp_path, smsc_port=smsc.port, inbound_url=f"{address}/mo") as box,
        aiohttp.ClientSession() as session,
    ):
        await smsc.event("bound")
        await smsc.tell("faults", receipts="text")
        for charset, octets in (("UTF-8", TEXT.encode()), ("UTF-16BE", TEXT.encode("utf-16-be"))):
            query = {
                "username": box.username,
                "password": box.password,
                "from": f"{NUMBER}37",
                "to": OFFICER,
                "coding": "2",
                "charset": charset,
                "dlr-mask": "31",
                "dlr-url": f"{address}/dlr?state=%d&sent={charset}&reply=%A",
            }
            words = "&".join(f"{name}={quote(value, safe='')}" for name, value in query.items())
            url = URL(f"{box.sendsms}?{words}&text={quote(octets, safe='')}", encoded=True)
            async with session.get(url) as answer:
                assert (answer.status, await answer.text()) == (202, "0: Accepted for delivery")
            submitted = await smsc.event("submitted")
            assert submitted["text"] == TEXT
            assert (submitted["data_coding"], submitted["registered_delivery"] & 1) == (8, 1)
            assert (submitted["source"], submitted["destination"]) == (f"{NUMBER}37", OFFICER)
            states = {(await asyncio.wait_for(asked.get(), 20))["state"] for _ in range(2)}
            assert states == {"8", "1"}, "taken by the SMSC, then delivered to the telephone"

        await smsc.tell(
            "deliver", text="37 收到", fields={"source_addr": OFFICER, "destination_addr": f"{NUMBER}37"}, token=1
        )
        reply = await asyncio.wait_for(asked.get(), 20)
        assert (reply["path"], reply["sender"], reply["receiver"]) == ("/mo", OFFICER, f"{NUMBER}37")
        assert (reply["charset"], reply["octets"].encode("latin-1").decode("utf-16-be")) == ("UTF-16BE", "37 收到")
        assert (await smsc.event("answered", token=1))["status"] == 0
