"""A file from an officer's computer: in parts over a line that breaks, and without script in one piece."""

import hashlib
import json
from pathlib import Path
from typing import Final

from playwright.async_api import Browser, Route

from schemas.course_drafts import ServiceMove
from schemas.officers import Role
from schemas.records import Direction
from services.domain.reading import content_of
from tests import papers
from tests.browsers import served, visiting_page
from tests.coursework import REQUEST, requested, stepped, three_counties
from tests.seeded import seeded

_BYTES: Final = 3 * 1024 * 1024 + 17
_NAME: Final = "防汛预案.txt"


def _file(folder: Path, size: int) -> Path:
    path = folder / _NAME
    path.write_bytes(b"x" * size)
    return path


async def test_a_line_that_breaks_costs_the_whole_file(browser: Browser, tmp_path: Path) -> None:
    """The second part never arrives; the upload goes on where it was, and the event carries the whole file."""
    world, broken = await seeded(), list[str]()
    county = world[papers.HUANJIANG]
    async with served(county) as console, visiting_page(browser, console, Role.LIAISON) as seen:
        page = seen.page

        async def cut(route: Route) -> None:
            if "offset=1048576" in route.request.url and len(broken) < 2:
                broken.append(route.request.url)
                await route.abort()
            else:
                await route.continue_()

        await page.route("**/files/*", cut)
        await page.goto(f"{console.url}/files/new")
        await page.set_input_files("#file", _file(tmp_path, _BYTES))
        await page.get_by_role("button", name="上传").click()
        await page.get_by_role("heading", name="附件", exact=True).wait_for()
        assert await page.get_by_text(_NAME).count() >= 1
        await page.locator(".acts.sticky button", has_text="签发").click()
        await page.get_by_text("已签发，正在送往各收件县。").wait_for()
        shown = await page.locator("main").inner_text()

    assert len(broken) == 2
    assert f"{_BYTES}" in shown.replace(",", "")
    rows = (
        await county.store.read(
            lambda one: one.events(direction=Direction.OUTGOING, wire_type=None, since=0, limit=1, newest_first=True)
        )
    ).rows
    kept = await county.store.read(lambda one: one.files.file_of(rows[0].envelope_id))
    assert kept is not None
    assert kept.chunks.size >= _BYTES


async def test_papers_of_a_request_go_in_parts_and_are_named_by_their_digests(browser: Browser, tmp_path: Path) -> None:
    """The applicant's papers are scans of megabytes: a line that breaks must not cost them, nor a digest be typed."""
    world, broken = await three_counties(), list[str]()
    await requested(world)
    await world.carry()
    county = world[papers.LIBO]
    await stepped(world[papers.HUANJIANG], ServiceMove.RECEIVE)
    await stepped(
        world[papers.HUANJIANG], ServiceMove.ASK, wanted=["household"], answer_by="2026-03-20T17:00:00.000+08:00"
    )
    await world.carry()
    async with served(county) as console, visiting_page(browser, console, Role.LIAISON) as seen:
        page = seen.page

        async def cut(route: Route) -> None:
            if "offset=1048576" in route.request.url and len(broken) < 2:
                broken.append(route.request.url)
                await route.abort()
            else:
                await route.continue_()

        await page.route("**/files/*", cut)
        await page.goto(f"{console.url}/services/{REQUEST}")
        await page.set_input_files("#supplement-paper1-file", _file(tmp_path, _BYTES))
        await page.locator("#act-supplement summary").click()
        await page.locator("#act-supplement button").click()
        await page.get_by_text("已记入，并随签名发往各参与县。").wait_for()
        shown = await page.locator("main").inner_text()

    assert len(broken) == 2
    assert _NAME in shown or "附件 1 件" in shown
    rows = (
        await county.store.read(
            lambda one: one.events(direction=Direction.OUTGOING, wire_type=None, since=0, limit=2, newest_first=True)
        )
    ).rows
    step = await county.store.read(lambda one: one.event(rows[0].envelope_id))
    assert step is not None
    assert json.loads(content_of(step))["materials"] == [
        {"kind": "household", "sha256": hashlib.sha256(b"x" * _BYTES).hexdigest()}
    ]
    assert [ref.id for ref in step.envelope.header.refs] == [rows[1].envelope_id]
    kept = await county.store.read(lambda one: one.files.file_of(rows[1].envelope_id))
    assert kept is not None
    assert kept.chunks.size >= _BYTES


async def test_without_script_no_file_can_be_sent(browser: Browser, tmp_path: Path) -> None:
    """A browser whose script is off sends it in one piece; what is too large is said so."""
    world = await seeded()
    async with (
        served(world[papers.HUANJIANG]) as console,
        visiting_page(browser, console, Role.LIAISON, script=False) as seen,
    ):
        page = seen.page
        await page.goto(f"{console.url}/files/new")
        await page.set_input_files("#file", _file(tmp_path, 9 * 1024 * 1024))
        await page.get_by_role("button", name="上传").click()
        await page.locator(".errors").wait_for()
        await page.set_input_files("#file", _file(tmp_path, 100_000))
        await page.get_by_role("button", name="上传").click()
        await page.get_by_role("heading", name="附件", exact=True).wait_for()
        await page.locator(".acts.sticky button", has_text="签发").click()
        await page.get_by_text("已签发，正在送往各收件县。").wait_for()
