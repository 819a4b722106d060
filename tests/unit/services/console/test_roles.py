"""Each role at each page and act: from the table, and by hand where a mistake in the table would be a hole."""

from typing import Final

import pytest
from structlog.testing import capture_logs

from schemas.officers import Role
from schemas.records import EventSummary
from services.console.navigation import NAVIGATION
from services.console.pages import PAGES
from services.console.visit import Page
from tests import papers
from tests.console import Browser, everybody, visiting
from tests.pages import ACTS, SHOWN, address, named
from tests.world import County, World, alert_draft

AT_WORK: Final = frozenset({Role.DUTY, Role.LIAISON, Role.REVIEWER, Role.MEDIATOR})
# Written without a look at the table: who must never do what.
_PERSONAL: Final = frozenset(
    {"event", "opening", "open_event", "content", "evidence", "inbox", "sent", "desk", "drafts", "draft", "compose"}
)
_BY_HAND: Final = {
    "acknowledge": frozenset({Role.DUTY, Role.LIAISON, Role.REVIEWER}),
    "draft_review": frozenset({Role.DUTY, Role.LIAISON, Role.REVIEWER}),
    "countersign": frozenset({Role.DUTY, Role.LIAISON, Role.REVIEWER}),
    "open_event": AT_WORK,
    "open_content": AT_WORK,
    "record_call": AT_WORK,
    "erasing": frozenset({Role.LIAISON}),
    "erase": frozenset({Role.LIAISON}),
    "compose_send": AT_WORK,
    "close_notice": frozenset({Role.DUTY, Role.LIAISON}),
    "agreement_new": frozenset({Role.LIAISON}),
    "agreement_draft": frozenset({Role.LIAISON}),
    "agreement_file": frozenset({Role.LIAISON}),
    "agreement_signing": frozenset({Role.LIAISON}),
    "agreement_collect": frozenset({Role.LIAISON}),
    "agreement_adopt": frozenset({Role.LIAISON}),
    "agreement_suspend": frozenset({Role.LIAISON}),
    "agreement_suspending": frozenset(Role),
    "inbox": AT_WORK | {Role.AUDITOR},
    "event": AT_WORK | {Role.AUDITOR},
}
_REFUSED: Final = 403
_BROKEN: Final = 500
_BY_ROLE: Final = frozenset({"access.role", "access.scope"})
_CHANGE_NOTHING: Final = frozenset({"verify"})
"""Posted because a file goes along; nothing of it is kept."""


async def _status(browser: Browser, page: Page) -> int:
    if page.method == "GET":
        return (await browser.get(address(page))).status
    if page.method == "POST":
        return (await browser.post(address(page))).status
    return (await browser.ask(page.method, address(page), headers={"X-Sihu-Csrf": browser.csrf})).status


async def test_a_page_opens_to_others_than_the_table_names() -> None:
    """Every page and act, every role: a wrong one gets 403, a right one anything else; nobody crashes the node."""
    county = World()[papers.HUANJIANG]
    wrong = []
    async with everybody(county) as browsers:
        for page in PAGES:
            for role, browser in browsers.items():
                with capture_logs() as log:
                    status = await _status(browser, page)
                codes = {str(entry.get("code")) for entry in log}
                refused = status == _REFUSED and not codes.isdisjoint(_BY_ROLE)
                if refused == (role in page.roles) or status >= _BROKEN:
                    wrong.append((named(page), role.value, status, *codes))
    assert wrong == [("GET desk", "administrator", 303)]  # sent on to where the system is kept
    assert county.crashes == []


@pytest.mark.parametrize("page", [page for page in PAGES if page.name in _BY_HAND], ids=named)
def test_a_page_is_open_to_somebody_who_must_not(page: Page) -> None:
    """What these pages do was decided before the table was written."""
    assert page.roles == _BY_HAND[page.name]


def test_two_pages_have_one_name() -> None:
    """The second would keep the whole console from being served; a page that was renamed would be tested no more."""
    names = [page.name for page in PAGES]
    assert sorted(set(names)) == sorted(names)
    assert set(_BY_HAND) | _CHANGE_NOTHING <= set(names)


@pytest.mark.parametrize("page", ACTS, ids=named)
def test_the_auditor_changes_something(page: Page) -> None:
    """Who watches the others must not be able to act as one of them; everybody keeps an account of their own."""
    assert Role.AUDITOR not in page.roles or page.name in _CHANGE_NOTHING or page.path.startswith("/me/")


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_the_administrator_reads_about_people(page: Page) -> None:
    """Who keeps the machine must not read what goes through it."""
    if page.name in _PERSONAL or page.path.startswith(("/events", "/cases", "/population", "/services", "/drafts")):
        assert Role.ADMINISTRATOR not in page.roles


async def test_the_navigation_leads_to_a_refusal() -> None:
    """A link that leads to a refusal teaches people to ignore refusals."""
    county = World()[papers.HUANJIANG]
    known = {page.path for page in SHOWN}
    wrong: list[tuple[str, ...]] = []
    async with everybody(county) as browsers:
        for role, browser in browsers.items():
            start = next((one.path for one in NAVIGATION if role in one.roles and one.path in known), None)
            if start is None:
                continue
            shown = await browser.get(start)
            for one in NAVIGATION:
                if shown.has(f'href="{one.path}"') and role not in one.roles and one.path != "/":
                    wrong.append((role.value, one.path))
                if one.path in known and role in one.roles and (await browser.get(one.path)).status == _REFUSED:
                    wrong.append((role.value, one.path, "refused"))
    assert wrong == []


async def test_the_auditor_is_shown_a_button() -> None:
    """A button that is refused when pressed is a trap; one that is not would be worse."""
    world = World()
    await world[papers.LIBO].send(alert_draft())
    await world[papers.HUANJIANG].send(alert_draft())
    await world.carry()
    events = [row.envelope_id for row in await _rows(world[papers.HUANJIANG])]
    async with visiting(world[papers.HUANJIANG], Role.AUDITOR) as browser:
        for path in ["/", "/inbox", "/sent", *(f"/events/{one}" for one in events)]:
            shown = await browser.get(path)
            assert shown.status == 200
            assert [one for one in shown.forms if not one.startswith("/logout")] == [], path


async def _rows(county: County) -> list[EventSummary]:
    page = await county.store.read(lambda one: one.events(direction=None, wire_type=None, since=0, limit=50))
    return list(page.rows)


async def test_a_page_is_shown_without_a_session() -> None:
    """Every address asks for the session first; nothing but the way to log in is told."""
    county = World()[papers.HUANJIANG]
    async with visiting(county, Role.DUTY) as browser:
        browser.session.cookie_jar.clear()
        for page in PAGES:
            shown = await browser.ask(page.method, address(page))
            assert (shown.status, shown.location.partition("?")[0]) == (303, "/login"), named(page)
            assert shown.text == ""
