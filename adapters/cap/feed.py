"""A feed of CAP documents that is asked again and again: what is new in it comes back as bytes.

Only https, except on this machine itself; never another host than the feed's own and those that are named; never more
than a feed or a document may have. A feed that has not changed costs one request.
"""

import hashlib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final

import aiohttp
from yarl import URL

from adapters.cap.feed_text import FEED_MAX_BYTES, read_feed
from schemas.cap import DOCUMENT_MAX_BYTES
from schemas.cap_records import FeedEntry, Polled, Seen
from schemas.errors import Fault, UnavailableError

SEEN_MAX: Final = 2000
DOCUMENTS_MAX: Final = 100
"""Of one round; the rest come with the next."""
_REDIRECTS_MAX: Final = 3
_HEADER_MAX: Final = 1000
_MOVED: Final = frozenset({301, 302, 303, 307, 308})
_OK: Final = 200
_UNCHANGED: Final = 304
_RETRYABLE: Final = (aiohttp.ClientError, TimeoutError)


@dataclass(frozen=True, slots=True)
class _Got:
    status: int
    body: bytes
    headers: Mapping[str, str]


@asynccontextmanager
async def feed_session() -> AsyncIterator[aiohttp.ClientSession]:
    """Open a session for feeds: it keeps no cookies."""
    headers = {"User-Agent": "sihu"}
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar(), headers=headers) as session:
        yield session


class CapFeed:
    """Satisfies ``services.cap_ports.CapFeed``: one feed, over a session that is borrowed."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        url: str,
        *,
        hosts: tuple[str, ...] = (),
        timeout_seconds: float = 20.0,
    ) -> None:
        """Keep an open session; open nothing.

        Args:
            session: Makes the requests.
            url: Of the feed, https.
            hosts: Further hosts that its documents may lie on.
            timeout_seconds: Of one request.
        """
        self._session = session
        self._url = URL(url)
        self._hosts = frozenset({self._url.host, *hosts})
        self._timeout = aiohttp.ClientTimeout(total=timeout_seconds)

    async def poll(self, seen: Seen) -> Polled | Fault:
        """Ask once.

        Args:
            seen: What the last round gave; ``Seen()`` for the first.

        Returns:
            What is new; or why the feed is refused.

        Raises:
            UnavailableError: The host does not answer, or has no answer now; ask later.
        """
        asked = {"If-None-Match": seen.entity_tag, "If-Modified-Since": seen.modified}
        got = await self._get(self._url, FEED_MAX_BYTES, {name: value for name, value in asked.items() if value})
        if isinstance(got, Fault):
            return got
        if got.status == _UNCHANGED:
            return Polled((), (), seen)
        if got.status != _OK:
            raise UnavailableError(f"the feed at {self._url.host} answered {got.status}")
        entries = read_feed(got.body)
        return entries if isinstance(entries, Fault) else await self._new(entries, seen, got)

    async def _new(self, entries: tuple[FeedEntry, ...], seen: Seen, got: _Got) -> Polled:
        known, failed_before = set(seen.ids), set(seen.failed)
        fresh = {_key(entry): entry for entry in entries if _key(entry) not in known}
        # What failed before comes last: a hundred dead links must not keep the others away for ever.
        order = sorted(fresh, key=failed_before.__contains__)[:DOCUMENTS_MAX]
        documents: list[tuple[str, bytes]] = []
        faults: list[Fault] = []
        came: list[str] = []
        for key in order:
            document = await self._document(fresh[key])
            if isinstance(document, Fault):
                faults.append(document)
            else:
                documents.append((fresh[key].link, document))
                came.append(key)
        missing = tuple(key for key in order if key not in came)
        old = tuple(key for key in seen.failed if key in fresh and key not in order)
        kept = Seen(ids=(*seen.ids, *came)[-SEEN_MAX:], failed=(*old, *missing)[-SEEN_MAX:])
        if len(came) == len(fresh):  # else the feed is read again even if its host says that nothing changed
            tag, modified = got.headers.get("ETag", ""), got.headers.get("Last-Modified", "")
            kept = Seen(tag[:_HEADER_MAX], modified[:_HEADER_MAX], kept.ids)
        return Polled(tuple(documents), tuple(faults), kept)

    async def _document(self, entry: FeedEntry) -> bytes | Fault:
        try:
            got = await self._get(self._url.join(URL(entry.link)), DOCUMENT_MAX_BYTES, {})
        except ValueError:
            return Fault("cap.link", "link", "an entry's link is no address")
        except UnavailableError as exc:
            return Fault("cap.link", "link", str(exc))
        if isinstance(got, Fault):
            return got
        return got.body if got.status == _OK else Fault("cap.link", "link", f"a document's host answered {got.status}")

    async def _get(self, url: URL, max_bytes: int, headers: Mapping[str, str]) -> _Got | Fault:
        for _ in range(_REDIRECTS_MAX + 1):
            if fault := self._astray(url):
                return fault
            got = await self._once(url, max_bytes, headers)
            if isinstance(got, Fault) or got.status not in _MOVED:
                return got
            try:
                url = url.join(URL(got.headers.get("Location", "")))
            except ValueError:
                return Fault("cap.redirect", "link", "it leads to what is no address")
        return Fault("cap.redirect", "link", f"it leads on more than {_REDIRECTS_MAX} times")

    async def _once(self, url: URL, max_bytes: int, headers: Mapping[str, str]) -> _Got | Fault:
        try:
            async with self._session.get(url, headers=headers, allow_redirects=False, timeout=self._timeout) as reply:
                body = await _bounded(reply, max_bytes)
                status, answered = reply.status, reply.headers.copy()  # their names in any case
        except _RETRYABLE as exc:
            raise UnavailableError(f"{url.host} does not answer: {type(exc).__name__}") from exc
        if body is None:
            return Fault("cap.too_large", "link", f"what lies there has more than {max_bytes} bytes")
        return _Got(status, body, answered)

    def _astray(self, url: URL) -> Fault | None:
        if url.host not in self._hosts:
            return Fault("cap.redirect", "link", "it leads to a host that is not named for this feed")
        if url.scheme != "https" and not (url.scheme == "http" and _is_here(url.host)):
            return Fault("cap.link", "link", "only https is asked")
        return None


def _key(entry: FeedEntry) -> str:
    return hashlib.sha256(f"{entry.id or entry.link} {entry.updated}".encode()).hexdigest()


def _is_here(host: str | None) -> bool:
    try:
        return host == "localhost" or ip_address(host or "").is_loopback
    except ValueError:
        return False


async def _bounded(reply: aiohttp.ClientResponse, max_bytes: int) -> bytes | None:
    """Read at most ``max_bytes``; None if there is more."""
    body = bytearray()
    async for chunk in reply.content.iter_chunked(64 * 1024):
        body += chunk
        if len(body) > max_bytes:
            return None
    return bytes(body)
