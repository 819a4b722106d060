"""The form of every type that an officer begins, in a real browser: opened, looked at, sent; with script and without.

What the browser sends must be what was filled in: the content that arrives is compared with the one that the form held.
"""

import json
import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlencode

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page

from schemas.catalogue import model_of
from schemas.governance.mediation import CaseRegistered
from schemas.governance.plans import DrillHeld
from schemas.governance.services import ServiceRequested
from schemas.information.alerts import AlertIssued
from schemas.information.attachments import AttachmentShared
from schemas.information.briefs import SituationBriefPublished
from schemas.information.referrals import ReferralOffered
from schemas.officers import Role
from schemas.outreach.materials import MaterialShared
from schemas.records import Direction, StoredEvent
from services.console.pages.compose import is_begun_here
from services.domain.form_fields import shapes_of
from services.domain.form_layout import FILLED
from services.domain.form_making import typed_of
from services.domain.reading import content_of
from tests import coursework, papers
from tests.browsers import served, visiting_page
from tests.seeded import seeded
from tests.world import County, World

Contents = Mapping[str, Mapping[str, Any]]
_SECOND: Final = "待审"
_ELSEWHERE: Final = frozenset({AttachmentShared.wire_type, DrillHeld.wire_type})
"""Made of a file and of signed receipts: they have pages of their own."""
_TABS_MOST: Final = 120
_MATERIAL: Final[dict[str, Any]] = {
    "kind": "poster",
    "title": "分龙节海报",
    "languages": ["zh-CN", "za"],
    "licence": "CC-BY-4.0",
    "credit": "环江县文化馆",
    "attachments": [{"name": "分龙节.png", "media_type": "image/png", "size": 9, "sha256": "a" * 64}],
}
_BRIEF: Final[dict[str, Any]] = {
    "title": "三月态势简报",
    "period": {"starts_on": "2026-03-01", "ends_on": "2026-03-04"},
    "text": "三月以来两县往来正常。",
    "figures": [{"name": "sent", "value": 0}],
}


async def _events(county: County, direction: Direction | None) -> list[StoredEvent]:
    page = await county.store.read(lambda one: one.events(direction=direction, wire_type=None, since=0, limit=200))
    found = [await county.store.read(lambda one, id_=row.envelope_id: one.event(id_)) for row in page.rows]  # type: ignore[misc]
    return [event for event in found if event is not None]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def contents() -> Contents:
    """Return one content of every type that was sent on a border on which everything has happened once."""
    world = await seeded()
    found: dict[str, dict[str, Any]] = {MaterialShared.wire_type: _MATERIAL, SituationBriefPublished.wire_type: _BRIEF}
    for event in await _events(world[papers.HUANJIANG], None):
        wire_type = event.envelope.header.type
        if is_begun_here(wire_type) and wire_type not in _ELSEWHERE and content_of(event):
            found.setdefault(wire_type, json.loads(content_of(event)))
    return found


def _address(wire_type: str, content: Mapping[str, Any]) -> str:
    """Return where the form of a type stands with everything filled in."""
    model = model_of(wire_type)
    assert model is not None
    shapes = shapes_of(model, FILLED.get(model.__name__, frozenset()))
    pairs = [(name, text) for name, texts in typed_of(shapes, content).items() for text in texts]
    to = [("to", papers.LIBO)] if model is CaseRegistered else []
    return f"/compose?{urlencode([('type', wire_type), *to, *pairs])}"


def _own(wire_type: str, content: Mapping[str, Any]) -> dict[str, Any]:
    """Return a content as 环江 would send it: numbers that name a county name ours."""
    if wire_type == AlertIssued.wire_type:
        return {**content, "alert_id": "45122641600000_20260304074500_1"}
    if wire_type in {ReferralOffered.wire_type, ServiceRequested.wire_type}:  # from the other county
        swapped = {f'"{papers.LIBO}"': f'"{papers.HUANJIANG}"', f'"{papers.HUANJIANG}"': f'"{papers.LIBO}"'}
        return dict(json.loads(re.sub(r'"(?:522722|451226)"', lambda one: swapped[one[0]], json.dumps(content))))
    return dict(content)


async def _fresh() -> World:
    world = await coursework.three_counties()
    for county in world.counties.values():
        county.directory.shelf = coursework.PAPERS
    return world


@pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])
@pytest.mark.timeout(400)
async def test_a_form_changes_or_loses_what_was_filled_in(browser: Browser, contents: Contents, script: bool) -> None:  # noqa: FBT001
    """An officer types it all, presses 签发, and the neighbour reads something else, or nothing."""
    assert len(contents) >= 12, sorted(contents)
    for wire_type, given in contents.items():
        content, world, sheet = _own(wire_type, given), await _fresh(), model_of(wire_type)
        county = world[papers.HUANJIANG]
        async with (
            served(county) as console,
            visiting_page(browser, console, Role.DUTY, Role.LIAISON, Role.MEDIATOR, script=script) as seen,
        ):
            page = seen.page
            await page.goto(f"{console.url}{_address(wire_type, content)}")
            await _pressed(page, "预览", wire_type)
            if wire_type not in {ServiceRequested.wire_type, ReferralOffered.wire_type}:
                assert await page.get_by_role("heading", name="预览：收件县将看到").count() == 1, wire_type
            await _pressed(page, "签发", wire_type)
            assert "/compose" not in page.url, f"{wire_type}: {await page.locator('main').inner_text()}"
            if await page.locator("h1 .tag", has_text=_SECOND).count():
                continue  # an alert of level 1 or a bulletin waits for another officer: ``test_compose.py`` sends it
            sent = await _events(county, Direction.OUTGOING)
            assert [one.envelope.header.type for one in sent] == [wire_type]
            arrived, filled = json.loads(content_of(sent[0])), FILLED.get(getattr(sheet, "__name__", ""), frozenset())
            for name in filled:
                arrived.pop(name, None)
            assert _timed(arrived) == _timed({name: content[name] for name in arrived}), wire_type


def _timed(content: Mapping[str, Any]) -> str:
    """Spell a content with times as short as a form has them."""
    return re.sub(r"(:[0-9]{2})\.000\+08:00", r"\1+08:00", json.dumps(content, sort_keys=True, ensure_ascii=False))


async def _pressed(page: Page, name: str, wire_type: str) -> None:
    await page.locator(".acts.sticky button", has_text=name).first.click()
    await page.wait_for_load_state()
    assert await page.locator(".problems").count() == 0, f"{wire_type}: {await page.locator('.problems').inner_text()}"


async def test_a_bulletin_cannot_be_published_by_the_keyboard(browser: Browser) -> None:
    """A mouse that fails, or an officer who cannot use one, must not keep a bulletin from going out."""
    world = World()
    fields = {
        "content.doc_no": "环政办2026年第9号",
        "content.title": "关于两县边界集市开市时间的通知",
        "content.applies_to": "两县赶集群众和经营户",
        "content.summary": "自十二月起，下南边界集市每逢农历三、六、九开市。",
    }
    async with (
        served(world[papers.HUANJIANG]) as console,
        visiting_page(browser, console, Role.LIAISON) as seen,
    ):
        page = seen.page
        await seen.open("/")
        await _tab_to(page, "a", "发布")
        await page.keyboard.press("Enter")
        await page.get_by_role("heading", name="发布").wait_for()
        await _tab_to(page, "a", "政策通报")
        await page.keyboard.press("Enter")
        await page.get_by_role("heading", name="政策通报").wait_for()
        for name, text in fields.items():
            await _tab_to(page, f'[name="{name}"]', "")
            await page.keyboard.type(text)
        await _tab_to(page, "button", "签发")
        await page.keyboard.press("Enter")
        await page.locator("h1", has_text=_SECOND).wait_for()
        assert await seen.breaches() == []


async def _tab_to(page: Page, selector: str, text: str) -> None:
    """Press Tab until the keyboard stands on what is looked for."""
    there = (
        "([one, text]) => document.activeElement.matches(one) && document.activeElement.textContent.startsWith(text)"
    )
    for _ in range(_TABS_MOST):
        await page.keyboard.press("Tab")
        if await page.evaluate(there, [selector, text]):
            return
    raise AssertionError(f"the keyboard does not get to {selector} {text}")
