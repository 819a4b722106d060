"""A thousand of everything: lists go on page by page, each light enough, and nothing is left out or shown twice."""

import re

import pytest

from schemas.officers import Role
from tests import papers
from tests.console import Browser, visiting
from tests.world import World, policy_draft

_MANY = 1_000
_ROWS = 50
_WEIGHT = 100 * 1024


@pytest.fixture
async def world() -> World:
    """环江 and 荔波 have sent each other a thousand bulletins."""
    world = World()
    for number in range(_MANY):
        content = papers.policy_content(title=f"第{number}号关于跨县就医直接结算的通知")
        for county in (papers.LIBO, papers.HUANJIANG):
            await world[county].send(policy_draft(content=content))
    await world.carry()
    return world


async def _walked(browser: Browser, start: str) -> list[str]:
    """Follow 更早 to the end; return the events in the order in which they are shown."""
    found: list[str] = []
    path: str | None = start
    while path is not None:
        shown = await browser.get(path)
        rows = re.findall(r'<a href="/events/([0-9a-f]{64})"', shown.text)
        assert shown.status == 200
        assert len(rows) <= _ROWS
        assert len(shown.text.encode()) <= _WEIGHT
        found += rows
        more = re.search(r'href="([^"]+)" rel="next"', shown.text)
        path = None if more is None else start + more[1].replace("&amp;", "&")
    return found


@pytest.mark.parametrize("start", ["/inbox", "/sent"])
async def test_a_long_list_is_shown_whole_page_by_page(world: World, start: str) -> None:
    """Whoever looks for what came in March must find it behind what came since."""
    async with visiting(world[papers.HUANJIANG], Role.LIAISON) as browser:
        found = await _walked(browser, start)

    assert len(found) == len(set(found)) == _MANY


async def test_a_word_is_found_among_a_thousand(world: World) -> None:
    """A search that shows the first page of everything is none."""
    async with visiting(world[papers.HUANJIANG], Role.LIAISON) as browser:
        shown = await browser.get("/inbox?q=第777号")

    assert len(re.findall(r'<a href="/events/', shown.text)) == 1
    assert shown.has("777")
