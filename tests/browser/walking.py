"""Walk every page of the console from link to link, as one officer; what no link leads to is told."""

import html
import random
import re
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

from playwright.async_api import APIResponse
from playwright.async_api import Page as Tab

from schemas.officers import Role
from services.console.visit import Page
from tests.browsers import Seen
from tests.pages import SHOWN, pattern_of

WORKERS: Final = (Role.DUTY, Role.LIAISON, Role.REVIEWER, Role.MEDIATOR)
"""One officer who may do everything that officers at work may do."""
_HREF: Final = re.compile(r'<a\b[^>]*\bhref="([^"]*)"')
_LINKS: Final = "[...document.querySelectorAll('a[href]')].map((one) => one.getAttribute('href'))"


def page_at(address: str) -> Page | None:
    """Return the page that an address of the console opens."""
    path = urlsplit(address).path
    return next((page for page in SHOWN if pattern_of(page).fullmatch(path)), None)


def starts() -> list[str]:
    """Return the addresses that need no parameter."""
    return [page.path for page in SHOWN if "{" not in page.path]


@dataclass
class Walk:
    """One officer's way through everything.

    Attributes:
        most: Addresses of one page that are opened; more are counted.
    """

    roles: tuple[Role, ...]
    most: int
    opened: Counter[str] = field(default_factory=Counter)
    left_out: Counter[str] = field(default_factory=Counter)
    status: int = 0
    """Of the page that is open."""

    async def steps(self, seen: Seen) -> AsyncIterator[tuple[Page, str]]:
        """Open one page after another; a file or a fragment is fetched and passed over."""
        waiting, known, rng = starts(), set(starts()), random.Random(7)
        while waiting:
            address = waiting.pop(rng.randrange(len(waiting)))  # so that few of many are of many kinds
            page = page_at(address)
            if page is None or not set(self.roles) & page.roles:
                continue
            if self.opened[page.name] >= self.most:
                self.left_out[page.name] += 1
                continue
            self.opened[page.name] += 1
            if not await _is_whole_page(seen, address):
                continue
            seen.wrong.clear()
            self.status = await seen.open(address)
            yield page, address
            for link in _own(await seen.page.evaluate(_LINKS), address):
                if link not in known:
                    known.add(link)
                    waiting.append(link)

    async def texts(
        self, seen: Seen, begins: Sequence[str] = (), also: Sequence[str] = ()
    ) -> AsyncIterator[tuple[str, str]]:
        """Fetch one page after another without opening it; return addresses with what stands there.

        Args:
            seen: A tab of the officer.
            begins: Where it begins; at every page that needs no parameter if there is none. No link leads out of
                what begins with one of these.
            also: Addresses that are read besides.
        """
        waiting, rng = [*(begins or starts()), *also], random.Random(7)
        known = set(waiting)
        while waiting:
            address = waiting.pop(rng.randrange(len(waiting)))
            page = page_at(address)
            if page is None or not set(self.roles) & page.roles or self.opened[page.name] >= self.most:
                continue
            self.opened[page.name] += 1
            reply = await seen.page.context.request.get(f"{seen.console.url}{address}")
            if not _is_html(reply):
                continue
            text = await reply.text()
            if not _is_whole(text):
                continue  # a part of a page, which nobody opens by itself
            yield address, text
            links = [html.unescape(one) for one in _HREF.findall(text)]
            within = tuple(begins) or ("/",)
            fresh = [one for one in dict.fromkeys(_own(links, address)) if one not in known and one.startswith(within)]
            known.update(fresh)
            waiting += fresh

    def unreached(self) -> list[str]:
        """Return the pages that these roles may open and that nothing led to."""
        return [page.name for page in SHOWN if set(self.roles) & page.roles and not self.opened[page.name]]


def _is_html(reply: APIResponse) -> bool:
    return reply.headers.get("content-type", "").startswith("text/html")


async def _is_whole_page(seen: Seen, address: str) -> bool:
    reply = await seen.page.context.request.get(f"{seen.console.url}{address}")
    if not _is_html(reply):
        return False
    return _is_whole(await reply.text())


def _is_whole(text: str) -> bool:
    return text.lstrip().lower().startswith("<!doctype")


def _own(links: Iterable[str], at: str) -> list[str]:
    """Return links to pages here, spelt from the root; links to parts of a page leave their mark out."""
    spelt = []
    for link in links:
        path = link.partition("#")[0]
        if path.startswith("?"):
            path = f"{urlsplit(at).path}{path}"
        if path.startswith("/") and not path.startswith("//"):
            spelt.append(path)
    return spelt


async def weight(tab: Tab, sizes: dict[str, int]) -> int:
    """Return the bytes that a page takes with styles and scripts, nothing of it cached; without sounds and pictures."""
    found = "[...document.querySelectorAll('script[src], link[rel=stylesheet]')].map((one) => one.src || one.href)"
    parts = await tab.evaluate(found)
    for part in parts:
        if part not in sizes:
            sizes[part] = int((await tab.context.request.get(part)).headers["content-length"])
    html = len(await (await tab.context.request.get(tab.url)).body())
    return html + sum(sizes[part] for part in parts)
