"""A feed that is polled, against a server on this machine that also misbehaves."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import aiohttp
import pytest
from aiohttp import web

from adapters.cap.feed import DOCUMENTS_MAX, CapFeed
from adapters.cap.feed_text import FEED_MAX_BYTES
from adapters.cap.writer import write_cap
from schemas.cap_records import Polled, Seen
from schemas.errors import Fault, UnavailableError
from tests.cap import LEAST

DOCUMENT = write_cap(LEAST)


@dataclass
class Host:
    """A feed's host: entries by number, and what it was asked."""

    entries: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    special: dict[str, Callable[[], web.Response]] = field(default_factory=dict)
    url: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    """Of the newest request."""

    async def answer(self, request: web.Request) -> web.Response:
        """Answer one request."""
        self.headers = dict(request.headers)
        self.asked.append(request.path)
        if request.path in self.special:
            return self.special[request.path]()
        if request.path == "/feed":
            return self._feed(request)
        assert isinstance(DOCUMENT, bytes)
        return web.Response(body=DOCUMENT)

    def _feed(self, request: web.Request) -> web.Response:
        tag = f'"{len(self.entries)}"'
        if request.headers.get("If-None-Match") == tag:
            return web.Response(status=304)
        items = "".join(f"<item><guid>{link}</guid><link>{link}</link></item>" for link in self.entries)
        return web.Response(text=f"<rss><channel>{items}</channel></rss>", headers={"ETag": tag})


@asynccontextmanager
async def feed_of(host: Host, path: str = "/feed", *, hosts: tuple[str, ...] = ()) -> AsyncIterator[CapFeed]:
    """Serve a host on a free port of this machine, and ask it."""
    app = web.Application()
    handler: Callable[[web.Request], Awaitable[web.StreamResponse]] = host.answer
    app.router.add_get("/{tail:.*}", handler)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    host.url = f"http://127.0.0.1:{port}"
    async with aiohttp.ClientSession() as session:
        yield CapFeed(session, host.url + path, hosts=hosts, timeout_seconds=5)
    await runner.cleanup()


async def polled(feed: CapFeed, seen: Seen) -> Polled:
    found = await feed.poll(seen)
    assert isinstance(found, Polled), found
    return found


async def test_a_document_comes_twice_or_never() -> None:
    """Each document once; a feed that has not changed costs one request; a new entry is seen."""
    host = Host(entries=["/1", "/2"])
    async with feed_of(host) as feed:
        first = await polled(feed, Seen())
        assert [url for url, _ in first.documents] == ["/1", "/2"]
        assert {body for _, body in first.documents} == {DOCUMENT}
        host.asked.clear()

        again = await polled(feed, first.seen)
        assert again == Polled((), (), first.seen)
        assert host.asked == ["/feed"]

        host.entries.append("/3")
        third = await polled(feed, again.seen)
        assert [url for url, _ in third.documents] == ["/3"]


@pytest.mark.parametrize("name", ["ETag", "etag", "Last-Modified", "last-modified"])
async def test_a_feed_that_has_not_changed_is_read_again(name: str) -> None:
    """Whichever way its host spells the header's name, it is asked whether something changed."""
    host, asked = Host(entries=["/1"]), []

    def feed_again() -> web.Response:
        asked.append(dict(host.headers))
        return web.Response(text="<rss><channel/></rss>", headers={name: '"then"'})

    host.special["/feed"] = feed_again
    async with feed_of(host) as feed:
        await polled(feed, (await polled(feed, Seen())).seen)
    condition = "If-None-Match" if name.lower() == "etag" else "If-Modified-Since"
    assert [one.get(condition) for one in asked] == [None, '"then"']


async def test_a_redirect_that_is_spelled_otherwise_leads_nowhere() -> None:
    """Header names have no case."""
    host = Host(entries=["/old"], special={"/old": lambda: web.Response(status=301, headers={"location": "/new"})})
    async with feed_of(host) as feed:
        assert len((await polled(feed, Seen())).documents) == 1


async def test_a_document_that_failed_is_forgotten() -> None:
    """Its host had a bad moment: the feed is read again although it has not changed, and only that one is asked."""
    host = Host(entries=["/1", "/2"], special={"/2": lambda: web.Response(status=500)})
    async with feed_of(host) as feed:
        first = await polled(feed, Seen())
        assert len(first.documents) == 1
        assert [fault.code for fault in first.faults] == ["cap.link"]

        host.special.clear()
        host.asked.clear()
        second = await polled(feed, first.seen)
        assert [url for url, _ in second.documents] == ["/2"]
        assert host.asked == ["/feed", "/2"]


async def test_a_round_never_ends() -> None:
    """A long feed is taken in rounds."""
    host = Host(entries=[f"/{number}" for number in range(DOCUMENTS_MAX + 5)])
    async with feed_of(host) as feed:
        first = await polled(feed, Seen())
        second = await polled(feed, first.seen)
    assert (len(first.documents), len(second.documents)) == (DOCUMENTS_MAX, 5)


async def test_dead_links_keep_the_others_away_for_ever() -> None:
    """A hundred documents that are gone stand before the one that is there: it comes with the next round."""
    dead = [f"/dead{number}" for number in range(DOCUMENTS_MAX)]
    host = Host(entries=[*dead, "/alive"], special={link: lambda: web.Response(status=404) for link in dead})
    async with feed_of(host) as feed:
        first = await polled(feed, Seen())
        second = await polled(feed, first.seen)
        third = await polled(feed, second.seen)
    assert (first.documents, len(first.faults)) == ((), DOCUMENTS_MAX)
    assert [url for url, _ in second.documents] == ["/alive"]
    assert (third.documents, len(third.faults)) == ((), DOCUMENTS_MAX)


async def test_entries_without_an_id_are_taken_for_one() -> None:
    """Their links tell them apart."""
    entries = "".join(
        f'<entry><id/><title>t</title><updated>u</updated><link href="/{number}"/></entry>' for number in (1, 2)
    )
    atom = f'<feed xmlns="http://www.w3.org/2005/Atom">{entries}</feed>'
    host = Host(special={"/feed": lambda: web.Response(text=atom)})
    async with feed_of(host) as feed:
        assert [url for url, _ in (await polled(feed, Seen())).documents] == ["/1", "/2"]


async def test_a_document_is_fetched_from_anywhere() -> None:
    """Another host, a plain address, a file, a redirect to any of them, a circle: never asked, and said."""
    host = Host(
        entries=[
            "http://127.0.0.2:1/a",
            "http://a.example/b",
            "file:///etc/hostname",
            "/away",
            "/round",
            "/no",
            "http://[",
        ],
        special={
            "/away": lambda: web.Response(status=302, headers={"Location": "https://b.example/x"}),
            "/no": lambda: web.Response(status=302, headers={"Location": "http://["}),
            "/round": lambda: web.Response(status=302, headers={"Location": "/round"}),
        },
    )
    async with feed_of(host, hosts=("a.example",)) as feed:
        found = await polled(feed, Seen())
    assert found.documents == ()
    assert [fault.code for fault in found.faults] == [
        *("cap.redirect", "cap.link", "cap.redirect", "cap.redirect", "cap.redirect", "cap.redirect", "cap.link"),
    ]
    assert host.asked.count("/round") == 4


async def test_a_redirect_on_the_same_host_is_refused() -> None:
    """A feed may move its documents about."""
    host = Host(entries=["/old"], special={"/old": lambda: web.Response(status=301, headers={"Location": "/new"})})
    async with feed_of(host) as feed:
        assert len((await polled(feed, Seen())).documents) == 1


async def test_more_is_read_than_a_document_may_have() -> None:
    """A host that sends without end."""
    host = Host(entries=["/long"], special={"/long": lambda: web.Response(body=b"x" * 262_145)})
    async with feed_of(host) as feed:
        assert [fault.code for fault in (await polled(feed, Seen())).faults] == ["cap.too_large"]
    host = Host(special={"/feed": lambda: web.Response(body=b"x" * (FEED_MAX_BYTES + 1))})
    async with feed_of(host) as feed:
        found = await feed.poll(Seen())
    assert isinstance(found, Fault)
    assert found.code == "cap.too_large"


async def test_a_host_that_is_down_stops_the_round_as_a_fault() -> None:
    """It is no fault of the feed: ask later."""
    host = Host(special={"/feed": lambda: web.Response(status=503)})
    async with feed_of(host) as feed:
        with pytest.raises(UnavailableError, match="503"):
            await feed.poll(Seen())
    async with aiohttp.ClientSession() as session:
        with pytest.raises(UnavailableError, match="does not answer"):
            await CapFeed(session, host.url + "/feed", timeout_seconds=2).poll(Seen())


async def test_a_feed_is_asked_in_clear() -> None:
    """Only on this machine."""
    async with aiohttp.ClientSession() as session:
        found = await CapFeed(session, "http://a.example/feed").poll(Seen())
    assert isinstance(found, Fault)
    assert found.code == "cap.link"
