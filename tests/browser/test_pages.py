"""Every page in a real browser: nothing that axe-core finds, no error, fits a telephone, weighs little, prints."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest
from playwright.async_api import Browser

from schemas.officers import Role
from services.console.visit import Page
from tests import papers
from tests.browser.walking import WORKERS, Walk, weight
from tests.browsers import NARROW, WIDE, Seen, artefacts, findings, served, visiting_page
from tests.rosters import in_memory, room
from tests.seeded import seeded
from tests.world import World, alert_draft

BYTES_MOST: Final = 100 * 1024
_WHO: Final = {"workers": WORKERS, "auditor": (Role.AUDITOR,), "administrator": (Role.ADMINISTRATOR,)}
_LEAST: Final = {"workers": 10, "auditor": 8, "administrator": 0}
_WIDER: Final = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
_HIDDEN: Final = """[...document.querySelectorAll("main .table, main figure, main pre")]
  .filter((one) => one.scrollWidth > one.clientWidth + 1)
  .map((one) => (one.querySelector("caption, figcaption") || one).textContent.trim().slice(0, 40))"""
"""What has to be scrolled sideways to be read: on an office's screen nothing."""
_OK: Final = 200
_NOT_HERE: Final = frozenset(
    {"roster_calendar", "roster_form", "roster_import", "roster_records", "ledger_paper", "ledger_workbook"}
)
"""Pages of a roster, which the counties of these tests do not have; papers of a period that nobody has named."""


async def _judged(seen: Seen, width: int, bytes_: int) -> list[str]:
    wrong = await findings(seen.page)
    if width == NARROW and await seen.page.evaluate(_WIDER):
        wrong.append("wider than the telephone")
    if width == WIDE:
        wrong += [f"goes on beyond the edge: {one}" for one in await seen.page.evaluate(_HIDDEN)]
    if bytes_ > BYTES_MOST:
        wrong.append(f"weighs {bytes_:,} bytes")
    return wrong


async def _errors(seen: Seen, walk: Walk, page: Page) -> list[str]:
    """Return what went wrong in the page that is open; that it is not there is told once, and by its status."""
    told = [] if walk.status == _OK or page.name in _NOT_HERE else [f"answers {walk.status}"]
    return told + [one for one in await seen.breaches() if walk.status == _OK or "Failed to load resource" not in one]


@pytest.mark.timeout(600)
@pytest.mark.parametrize("width", [WIDE, NARROW])
@pytest.mark.parametrize("who", _WHO)
async def test_a_page_cannot_be_used_by_everybody(
    browser: Browser,
    who: str,
    width: int,
    tmp_path: Path,
    reduced: Callable[[int, int], int],
    figure: Callable[[str], None],
) -> None:
    """A page that a screen reader, a telephone, a keyboard or a printer cannot read is closed to somebody."""
    folder, sizes, wrong, heaviest = artefacts(tmp_path), dict[str, int](), list[str](), (0, "")
    walk = Walk(_WHO[who], reduced(2 if who == "workers" and width == WIDE else 1, 100))
    world = await seeded()
    world[papers.HUANJIANG].roster = room(in_memory())
    async with (
        served(world[papers.HUANJIANG]) as console,
        visiting_page(browser, console, *walk.roles, width=width) as seen,
    ):
        async for page, address in walk.steps(seen):
            name = f"{who}-{page.name}-{walk.opened[page.name]}"
            bytes_ = await weight(seen.page, sizes)
            found = await _judged(seen, width, bytes_)
            heaviest = max(heaviest, (bytes_, page.name))
            await seen.page.screenshot(path=folder / f"{name}-{width}.png", full_page=True)
            if width == WIDE and walk.opened[page.name] == 1:
                await seen.page.pdf(path=folder / f"{name}.pdf", format="A4")
            wrong += [f"{page.name} {address}: {one}" for one in [*found, *await _errors(seen, walk, page)]]
    assert sum(walk.opened.values()) >= _LEAST[who]
    figure(f"{who} at {width}: {sum(walk.opened.values())} pages, heaviest {heaviest[1]} with {heaviest[0]:,} bytes")
    if walk.left_out:
        figure(f"{who} at {width}: left out {dict(walk.left_out)}")
    if unreached := walk.unreached():
        figure(f"{who} at {width}: no link led to {', '.join(unreached)}")
    assert not wrong, "\n".join(["", *wrong])
    assert world[papers.HUANJIANG].crashes == []


@pytest.mark.parametrize("who", _WHO)
async def test_an_empty_node_shows_a_broken_page(browser: Browser, who: str) -> None:
    """On the first day there is nothing anywhere, and every page must say what to do."""
    wrong, walk = list[str](), Walk(_WHO[who], 1)
    async with (
        served(World()[papers.HUANJIANG]) as console,
        visiting_page(browser, console, *walk.roles, width=NARROW) as seen,
    ):
        async for page, address in walk.steps(seen):
            found = [*await findings(seen.page), *await _errors(seen, walk, page)]
            wrong += [f"{page.name} {address}: {one}" for one in found]
    assert not wrong, "\n".join(["", *wrong])


async def test_an_alert_cannot_be_answered_by_the_keyboard(browser: Browser) -> None:
    """A mouse that fails at night must not keep a county from answering."""
    world = World()
    await world[papers.LIBO].send(alert_draft())
    await world.carry()
    async with (
        served(world[papers.HUANJIANG]) as console,
        visiting_page(browser, console, Role.DUTY) as seen,
    ):
        await seen.open("/")
        await seen.page.keyboard.press("Tab")
        assert await seen.page.evaluate("document.activeElement.textContent") == "跳到正文"
        await seen.page.keyboard.press("Enter")
        for _ in range(10):
            await seen.page.keyboard.press("Tab")
            if await seen.page.evaluate("document.activeElement.value === 'received'"):
                break
        outline = await seen.page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert outline != "none", "nobody sees where the keyboard is"
        await seen.page.keyboard.press("Enter")
        await seen.page.wait_for_selector("text=已签收，回执已发往来源县。")
        assert await seen.breaches() == []
