"""An alert goes the whole way by CAP: a weather office's feed, our node, the bus, the neighbour's feed, a siren's Ack.

Every step over real HTTP with the adapters of a node, its database among them; the bus between the two counties is the
world's carrier.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from adapters.cap.feed import CapFeed
from adapters.cap.feed_text import write_feed
from adapters.cap.reader import CapFile, read_cap
from adapters.cap.signature import sign_cap
from adapters.cap.writer import canonical
from adapters.sqlite.store import open_store
from schemas.access import Scope
from schemas.cap import CapAlert
from schemas.cap_records import FeedEntry, Polled, Seen
from tests.caller import calling
from tests.cap_node import RAIN, ROLE, cap_at, hand_in, naming, rain, told, xml
from tests.certificates import Key, certificate_of, key_of, write_pem
from tests.papers import AGREEMENT, HUANJIANG, LIBO, NOW
from tests.world import County, World

FEED = """
[[cap.feeds]]
name = "weather"
url = "{url}/feed"
seconds = 30
agreement = "{agreement}"
approved_by_role = "{role}"
signers = ["weather"]
"""


@dataclass
class WeatherOffice:
    """A host with a feed of signed documents, its newest first; it answers 304 and counts what it was asked."""

    key: Key = field(default_factory=lambda: key_of("ec"))
    documents: dict[str, bytes] = field(default_factory=dict)
    asked: list[tuple[str, int]] = field(default_factory=list)
    url: str = ""

    def __post_init__(self) -> None:
        """Make the certificate that counties register."""
        self.certificate = certificate_of(self.key, "weather", starts=NOW)

    def publish(self, document: CapAlert, *, signed: bool = True) -> None:
        """Put a document into the feed."""
        data = sign_cap(document, key=self.key, certificate=self.certificate) if signed else xml(document)
        assert isinstance(data, bytes)
        self.documents[document.identifier] = data

    async def answer(self, request: web.Request) -> web.Response:
        """Answer one request."""
        response = self._answer(request)
        self.asked.append((request.path, response.status))
        return response

    def _answer(self, request: web.Request) -> web.Response:
        name = request.path.removeprefix("/")
        if name != "feed":
            data = self.documents.get(name)
            return web.Response(body=data) if data is not None else web.Response(status=404)
        tag = f'"{len(self.documents)}"'
        if request.headers.get("If-None-Match") == tag:
            return web.Response(status=304)
        entries = [FeedEntry(f"urn:x:{one}", one, "2026-03-04T00:00:00Z", f"/{one}") for one in self.documents][::-1]
        body = write_feed(entries, feed_id="urn:x", title="t", author="a", updated=NOW, link=f"{self.url}/feed")
        return web.Response(body=body, headers={"ETag": tag})


@asynccontextmanager
async def served(office: WeatherOffice) -> AsyncIterator[WeatherOffice]:
    """Serve a host on a free port of this machine."""
    app = web.Application()
    app.router.add_get("/{tail:.*}", office.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    office.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield office
    finally:
        await runner.cleanup()


async def until(world: World, happened: Callable[[], Awaitable[bool]]) -> None:
    """Let rounds follow one another until something has happened; 400 of them stay within the alert's hours."""
    for _ in range(400):
        if await happened():
            return
        await world.clock.move(31)
        await asyncio.sleep(0.02)
    pytest.fail("it never happened")


async def has_sent(county: County, count: int) -> bool:
    """Tell whether so many events went out."""
    return (await county.counts())["events_out"] >= count


async def is_unchanged(office: WeatherOffice) -> bool:
    """Tell whether the feed was asked and had nothing new."""
    return ("/feed", 304) in office.asked


@pytest.mark.timeout(30)
async def test_an_alert_is_lost_between_a_feed_and_a_siren(tmp_path: Path) -> None:
    """Signed at its source, signed on the bus, whole at the neighbour's, answered by a machine that is no officer."""
    world = World()
    libo, huanjiang = world[LIBO], world[HUANJIANG]
    async with served(WeatherOffice()) as office, open_store(tmp_path / "libo.db", county=LIBO) as store:
        libo.store = store  # type: ignore[assignment]
        (tmp_path / "libo" / "cap" / "signers").mkdir(parents=True)
        write_pem(tmp_path / "libo" / "cap" / "signers", "weather", office.key, office.certificate)
        office.publish(RAIN)
        office.publish(told(rain(2), headline="无签名"), signed=False)
        feed = FEED.format(url=office.url, agreement=AGREEMENT, role=ROLE)
        desk = libo.let_in("desk", Scope.EVENTS_READ, Scope.OPERATE)
        async with cap_at(libo, tmp_path / "libo", feed), calling(libo, desk) as here:
            await until(world, lambda: has_sent(libo, 1))
            office.publish(told(naming(rain(3, sent="2026-03-04T07:55:00+08:00"), RAIN), headline="升级"))
            await until(world, lambda: has_sent(libo, 2))
            office.asked.clear()
            await until(world, lambda: is_unchanged(office))
            assert {path for path, _ in office.asked} == {"/feed"}
            notices = (await here.get("/notices")).body["notices"]
            assert [one["about"] for one in notices] == ["weather/cap.signature"]
            documents = (await here.get("/cap/documents?held=false")).body["documents"]
            assert [(one["identifier"], one["signer"]) for one in documents] == [("R-3", "weather"), ("R-1", "weather")]
            assert 'sihu_cap_feed_ready{feed="weather"} 1.0' in (await here.get("/metrics")).body
        await world.carry()

        token = huanjiang.let_in("siren", Scope.EVENTS_READ, Scope.EVENTS_WRITE, Scope.UNATTENDED)
        async with cap_at(huanjiang, tmp_path / "huanjiang"), calling(huanjiang, token) as siren:
            found = await _read_feed(siren.port, token)
            document = read_cap(found)
            assert isinstance(document, CapFile)
            assert document.document.infos[0].headline == "升级"
            event = (await siren.get("/events?direction=in&newest=true")).body["events"][0]["envelope_id"]
            as_received = (await siren.get(f"/events/{event}/cap?as_received=true")).body
            update = told(naming(rain(3, sent="2026-03-04T07:55:00+08:00"), RAIN), headline="升级")
            assert canonical(as_received) == canonical(xml(update))

            about = document.document
            ack = CapAlert(
                identifier="A-1",
                sender="siren@huanjiang.example",
                sent="2026-03-04T08:10:00+08:00",
                status="Actual",
                msg_type="Ack",
                scope="Public",
                references=f"{about.sender},{about.identifier},{about.sent}",
            )
            answer = await hand_in(siren, ack)
            assert answer.body["answered"] == [event]
        await world.carry()
        deliveries: list[Any] = await libo.store.read(lambda s: s.deliveries(event))
        (ours,) = [one for one in deliveries if one.recipient == HUANJIANG]
        assert (ours.handed_over_at is not None, ours.acknowledged_at) == (True, None)


async def _read_feed(port: int, token: str) -> bytes:
    """Read the node's feed as any polling system does: the newest document, one request once nothing has changed."""
    headers = {"Authorization": f"Bearer {token}"}
    async with aiohttp.ClientSession(headers=headers) as session:
        feed = CapFeed(session, f"http://127.0.0.1:{port}/api/v1/cap.atom", timeout_seconds=5)
        polled = await feed.poll(Seen())
        assert isinstance(polled, Polled), polled
        assert polled.faults == (), polled
        ((_, data),) = polled.documents
        assert await feed.poll(polled.seen) == Polled((), (), polled.seen)
        return data
