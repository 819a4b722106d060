"""Go to every form of a world and try it there; a world in which a form is gone is made anew."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

from playwright.async_api import Browser, Page
from playwright.async_api import Error as BrowserError

from tests.browser.filling import BROKEN, WAIT_MS, Filler, Found, Key, Typed, forms_on
from tests.browser.scenes import Scene, Stage
from tests.browser.walking import Walk
from tests.browsers import Seen, visiting_page

_SECONDS: Final = 90.0
"""For one form with all that is tried at it, and for the walk through one world: the driver has no limit for what it
asks of a page, and a browser that hangs is to fail the test, not to hold it up."""


@dataclass(frozen=True, slots=True)
class Way:
    """Where something can be pressed.

    Attributes:
        addresses: Of pages with this button: who presses one of them may take another away.
        before: What has to be pressed first, on the way there.
    """

    scene: Scene
    addresses: tuple[str, ...]
    key: Key
    before: tuple[Key, ...] = ()

    @property
    def first(self) -> Key:
        """What is pressed on the page itself."""
        return self.before[0] if self.before else self.key


@dataclass(slots=True)
class Tried:
    """What came of trying one form.

    Attributes:
        wrong: What must not be.
        further: What can be pressed on the page that it led to and that no link leads to.
        count: How often the form was sent.
        broken: Something of it may happen in no world: the node broke.
    """

    wrong: list[str] = field(default_factory=list)
    further: list[Key] = field(default_factory=list)
    count: int = 0
    broken: bool = False


Deed = Callable[[Seen, Filler, Found], Awaitable[Tried]]
"""What is done with a form that has been found on an open page."""


async def ways_of(browser: Browser, scene: Scene, passed: frozenset[str]) -> list[Way]:
    """Walk a world; return the ways to everything that can be pressed in it but for acts that are passed over."""
    async with scene.open() as stage, asyncio.timeout(_SECONDS):
        found = await _places(browser, scene, stage)
    return [Way(scene, tuple(places), key) for key, places in found.items() if key.act not in passed]


async def _places(browser: Browser, scene: Scene, stage: Stage) -> dict[Key, list[str]]:
    """Return the addresses at which each thing can be pressed."""
    found: dict[Key, list[str]] = {}
    async with visiting_page(browser, stage.console, *stage.roles, officer=stage.officer) as seen:
        walk = Walk(stage.roles, scene.most)
        async for address, text in walk.texts(seen, scene.begins, scene.also):
            if stage.takes(urlsplit(address).path):
                for key in dict.fromkeys(one.key for one in await forms_on(seen.page, address, text)):
                    found.setdefault(key, []).append(address)
    return found


@dataclass
class _Ground:
    """One world that is open.

    Attributes:
        places: Where everything stands in it, once it was looked for: what is encrypted has another id in each world.
        used: Something was pressed in it.
        seen: The officer's tab, used for one form after the other: a new one costs more than the form.
    """

    stage: Stage
    places: dict[Key, list[str]] | None = None
    used: bool = False
    seen: Seen | None = None
    _tab: AsyncExitStack = field(default_factory=AsyncExitStack)

    async def tab(self, browser: Browser, *, script: bool) -> Seen:
        """Return a tab in which nothing has happened yet."""
        if self.seen is None:
            stage = self.stage
            opening = visiting_page(browser, stage.console, *stage.roles, officer=stage.officer, script=script)
            self.seen = await self._tab.enter_async_context(opening)
            self.seen.page.set_default_timeout(WAIT_MS)
        else:
            await self.seen.page.goto("about:blank")
        self.seen.wrong.clear()
        return self.seen

    async def close(self) -> None:
        """Close the tab; the next one is new."""
        self.seen, tab, self._tab = None, self._tab, AsyncExitStack()
        await tab.aclose()


@dataclass
class Trial:
    """Tries forms one after the other.

    Attributes:
        typed: What a field needs, as ``Filler`` takes it.
        done: What was tried, and how it ended.
    """

    browser: Browser
    typed: Mapping[str, Typed]
    deed: Deed
    script: bool = True
    done: dict[Key, Tried] = field(default_factory=dict)

    @property
    def wrong(self) -> list[str]:
        """Everything that must not be, with the form it was found at."""
        return [f"{key}: {one}" for key, tried in self.done.items() for one in tried.wrong]

    @property
    def count(self) -> int:
        """How many forms were sent."""
        return sum(one.count for one in self.done.values())

    async def all(self, ways: Iterable[Way]) -> None:
        """Try everything, world by world."""
        by_scene: dict[str, list[Way]] = {}
        for way in ways:
            by_scene.setdefault(way.scene.name, []).append(way)
        for found in by_scene.values():
            await self._in_one(found)

    async def _in_one(self, ways: Sequence[Way]) -> None:
        waiting, stack, scene = deque(ways), AsyncExitStack(), ways[0].scene
        try:
            ground = await self._opened(scene, stack)
            while waiting:
                way = waiting.popleft()
                if way.key in self.done:
                    continue
                tried = await self._tried(ground, way)
                # What was pressed before may have taken its ground away; that the node broke is none of that.
                if ground.used and (tried is None or (tried.wrong and not tried.broken)):
                    await stack.aclose()
                    ground = await self._opened(scene, stack)
                    tried = await self._tried(ground, way)
                ground.used = True
                self.done[way.key] = tried or Tried(["is not there when the page is opened"])
                before = (*way.before, way.key)
                waiting += [Way(scene, way.addresses, key, before) for key in self.done[way.key].further]
        finally:
            await stack.aclose()

    @staticmethod
    async def _opened(scene: Scene, stack: AsyncExitStack) -> _Ground:
        ground = _Ground(await stack.enter_async_context(scene.open()))
        stack.push_async_callback(ground.close)
        return ground

    async def _tried(self, ground: _Ground, way: Way) -> Tried | None:
        try:
            async with asyncio.timeout(_SECONDS):
                seen = await ground.tab(self.browser, script=self.script)
                address = await self._place(ground, way, seen)
                if address is None:
                    return None
                filler = Filler(seen.page, {**self.typed, **ground.stage.typed})
                tried = await self._pressed(seen, filler, way, address)
        except (BrowserError, TimeoutError) as error:
            tried = Tried([str(error).partition("Call log")[0].strip() or "takes too long"])
            await ground.close()
        crashes = ground.stage.console.county.crashes
        if tried is not None and crashes:
            tried.wrong.append(f"crashes: {crashes}")
            tried.broken = True
        return tried

    async def _place(self, ground: _Ground, way: Way, seen: Seen) -> str | None:
        """Return where a form stands in this world now."""
        places = way.addresses if ground.places is None else ground.places.get(way.first, ())
        found = await _standing(seen, way.first, places)
        if found is None and ground.places is None and not ground.used:
            ground.places = await _places(self.browser, way.scene, ground.stage)
            found = await _standing(seen, way.first, ground.places.get(way.first, ()))
        return found

    async def _pressed(self, seen: Seen, filler: Filler, way: Way, address: str) -> Tried | None:
        reply = await seen.page.goto(f"{seen.console.url}{address}")
        if reply is not None and reply.status >= BROKEN:
            return Tried([f"its page answers {reply.status}"], broken=True)
        for key in way.before:
            step = await _found(seen.page, key)
            if step is None:
                return None
            await filler.fill(step)
            await filler.press(step)
        found = await _found(seen.page, way.key)
        return None if found is None else await self.deed(seen, filler, found)


async def _standing(seen: Seen, key: Key, places: Iterable[str]) -> str | None:
    """Return the first of these pages that has what is to be pressed; nothing is opened for it."""
    for address in places:
        reply = await seen.page.context.request.get(f"{seen.console.url}{address}")
        if any(one.key == key for one in await forms_on(seen.page, address, await reply.text())):
            return address
    return None


async def _found(page: Page, key: Key) -> Found | None:
    parts = urlsplit(page.url)
    address = f"{parts.path}?{parts.query}" if parts.query else parts.path
    return next((one for one in await forms_on(page, address) if one.key == key), None)
