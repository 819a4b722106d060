"""Go to every form of a world and try it there; a world in which a form is gone is made anew."""

from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from playwright.async_api import Browser, Page
from playwright.async_api import Error as BrowserError

from tests.browser.filling import WAIT_MS, Filler, Found, Key, Typed, forms_on
from tests.browser.scenes import Scene, Stage
from tests.browser.walking import Walk
from tests.browsers import Seen, visiting_page


@dataclass(frozen=True, slots=True)
class Way:
    """Where something can be pressed.

    Attributes:
        before: What has to be pressed first, on the way there.
    """

    scene: Scene
    address: str
    key: Key
    before: tuple[Key, ...] = ()


@dataclass(slots=True)
class Tried:
    """What came of trying one form.

    Attributes:
        wrong: What must not be.
        further: What can be pressed on the page that it led to and that no link leads to.
        count: How often the form was sent.
    """

    wrong: list[str] = field(default_factory=list)
    further: list[Key] = field(default_factory=list)
    count: int = 0


Deed = Callable[[Seen, Filler, Found], Awaitable[Tried]]
"""What is done with a form that has been found on an open page."""


async def ways_of(browser: Browser, scene: Scene, passed: frozenset[str]) -> list[Way]:
    """Walk a world; return one way to everything that can be pressed in it.

    Args:
        passed: Acts that are not looked for.
    """
    found: dict[Key, Way] = {}
    async with (
        scene.open() as stage,
        visiting_page(browser, stage.console, *stage.roles, officer=stage.officer) as seen,
    ):
        walk = Walk(stage.roles, scene.most)
        async for address, text in walk.texts(seen, scene.begins, scene.also):
            if stage.takes(urlsplit(address).path):
                for one in await forms_on(seen.page, address, text):
                    if one.key.act not in passed:
                        found.setdefault(one.key, Way(scene, address, one.key))
    return list(found.values())


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
        waiting, stack, used = deque(ways), AsyncExitStack(), False
        try:
            stage = await stack.enter_async_context(ways[0].scene.open())
            while waiting:
                way = waiting.popleft()
                if way.key in self.done:
                    continue
                tried = await self._tried(stage, way)
                if used and (tried is None or tried.wrong):  # what came before it may have taken its ground away
                    await stack.aclose()
                    stage = await stack.enter_async_context(way.scene.open())
                    tried = await self._tried(stage, way)
                used = True
                self.done[way.key] = tried or Tried(["is not there when the page is opened"])
                before = (*way.before, way.key)
                waiting += [Way(way.scene, way.address, key, before) for key in self.done[way.key].further]
        finally:
            await stack.aclose()

    async def _tried(self, stage: Stage, way: Way) -> Tried | None:
        console = stage.console
        async with visiting_page(
            self.browser, console, *stage.roles, officer=stage.officer, script=self.script
        ) as seen:
            seen.page.set_default_timeout(WAIT_MS)
            filler = Filler(seen.page, {**self.typed, **stage.typed})
            try:
                await seen.page.goto(f"{console.url}{way.address}")
                for key in way.before:
                    step = await _found(seen.page, key)
                    if step is None:
                        return None
                    await filler.fill(step)
                    await filler.press(step)
                found = await _found(seen.page, way.key)
                tried = None if found is None else await self.deed(seen, filler, found)
            except (BrowserError, TimeoutError) as error:
                tried = Tried([str(error).partition("Call log")[0].strip() or "takes too long"])
        crashes = console.county.crashes
        if tried is not None and crashes:
            tried.wrong.append(f"crashes: {crashes}")
        return tried


async def _found(page: Page, key: Key) -> Found | None:
    parts = urlsplit(page.url)
    address = f"{parts.path}?{parts.query}" if parts.query else parts.path
    return next((one for one in await forms_on(page, address) if one.key == key), None)
