"""Every form of every page of the console, in a real browser: opened, filled, sent, and filled in wrongly.

The forms are found by walking the pages of small worlds (``scenes.py``, ``case_scenes.py``); nothing names them one by
one, so a new one is tried as soon as a page leads to it, and a new POST page that none leads to fails a test.
"""

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page

from schemas.course_drafts import ReferralMove, ServiceMove
from schemas.governance.catalogue import CASE_TYPES
from services.console.pages.case_forms import name_of_type
from services.console.pages.roster_fields import FORMS
from tests.browser.case_scenes import CASE_SCENES, LATER
from tests.browser.filling import BOXES, BROKEN, OK, SEE_OTHER, Fetched, Filler, Found, Key, Typed, forms_on
from tests.browser.mistakes import MISTAKES, judged, mistaken
from tests.browser.scenes import SCENES
from tests.browser.trying import Trial, Tried, Way, ways_of
from tests.browsers import Seen
from tests.entering import PASSWORD
from tests.pages import ACTS
from tests.papers import HUANJIANG, LIBO
from tests.rosters import number

HERE: Final = Path(__file__).parent
NEW: Final = "十里洋场 9 枚铜钱 umbrella"
_TABLE: Final = (
    "年龄段,性别,人数\n0-14,female,143\n0-14,male,3\n15-59,female,820\n15-59,male,911\n60+,female,77\n60+,male,64"
)
_FIRST, _SECOND, _THIRD = "2026-03-06T08:30", "2026-03-07T08:30", "2026-03-08T08:30"

COMPOSED: Final = frozenset(
    [
        "agreement_drafted",
        "archived",
        "evidence_added",
        "panel_set",
        "performance_due",
        "registered",
        "session_held",
        "visit_made",
    ]
)
"""Acts of a case with too much content for a form on its page: ``test_forms.py``."""
ELSEWHERE: Final[Mapping[str, tuple[str, str]]] = {
    "upload_begin": ("test_upload.py", 'name="上传"'),
    "upload_go_on": ("test_upload.py", "**/files/*"),
    "ask_proof": ("test_entering.py", "await proves(page"),
    "agreement_draft": ("test_agreements.py", "/partners/drafting"),
    "agreement_file": ("test_agreements.py", '_downloaded(page, "下载"'),
    "agreement_collect": ("test_agreements.py", "/partners/signing"),
    "agreement_adopt": ("test_agreements.py", 'name="启用"'),
    "agreement_suspend": ("test_agreements.py", "/partners/suspending/"),
    "erase": ("test_erasing.py", 'pressed(page, "销毁")'),
    "ask_new_key": ("test_entering.py", "#add-key button"),
    "add_key": ("test_entering.py", "#add-key button"),
}
"""Acts that a script asks for, that need what others sign, or an account beside events: the file that presses them in a
browser, and what it presses there."""


async def _evidence(page: Page) -> bytes:
    """Take the evidence of some event, as an officer would."""
    origin = re.match(r"https?://[^/]+", page.url)
    assert origin is not None
    sent = await (await page.context.request.get(f"{origin[0]}/sent")).text()
    found = re.search(r"/events/[0-9a-f]{64}", sent)
    assert found is not None
    return await (await page.context.request.get(f"{origin[0]}{found[0]}/evidence")).body()


async def _calendar(page: Page) -> bytes:
    origin = re.match(r"https?://[^/]+", page.url)
    assert origin is not None
    return await (await page.context.request.get(f"{origin[0]}/roster.ics")).body()


TYPED: Final[Mapping[str, Typed]] = {
    "password": PASSWORD,
    "new_password": NEW,
    "again": NEW,
    "invite.officer": "duty-z",
    "issue_token.name": "board-hall",
    "office": "县应急值班室",
    "answer_offer.answer": "question",
    "quantity": None,
    "terms": None,
    "make_flow.period": "2026Q1",
    "audit_log.officer": "duty-a",
    "origin": LIBO,
    "destination": HUANJIANG,
    "sheet": None,
    "table": _TABLE.encode(),
    "verify.file": Fetched(_evidence),
    "roster_take.file": Fetched(_calendar),
    "upload_take.file": "防汛预案".encode() * 1000,
    "paper1": None,
    "paper2": None,
    "paper3": None,
    "anchor": None,
    "close_cap.event": None,
    "applicant_ref": None,
    "evidence": None,
    "paper1.sha256": "ab" * 32,
    "paper2.kind": None,
    "paper2.sha256": None,
    "paper3.kind": None,
    "paper3.sha256": None,
    "address": number(1),
    "owner": "duty-a",
    "roster_change/override.officer": "duty-c",
    "roster_change/override.replaces": "duty-a",
    "roster_change/override.tier": None,
    "roster_change/override.to": _SECOND,
    "roster_change/swap.first": "duty-a",
    "roster_change/swap.second": "duty-b",
    "first_from": _FIRST,
    "first_to": _SECOND,
    "second_from": _SECOND,
    "second_to": _THIRD,
    "roster_change/plan.to": _THIRD,
    "primary_members": "值班员丙\nduty-a",
    "secondary_members": None,
    "leader_members": None,
    "move_service/close.outcome": "withdrawn",
    "write_case/consent_given.until": None,
    "write_case/mediator_challenged.party": None,
    "write_case/extended.until": LATER,
    "write_case/closed.outcome": "withdrawn",
}
"""What a rule needs; everything else is filled by its kind."""


async def _sent(seen: Seen, filler: Filler, found: Found) -> Tried:
    """Fill it, press it, and look at what it leads to."""
    page = seen.page
    await filler.fill(found)
    outcome = await filler.press(found)
    tried = Tried(count=1, broken=max(outcome.status, outcome.led_to) >= BROKEN)
    if outcome.status not in {OK, SEE_OTHER} or outcome.led_to != OK:
        said = " ".join((await page.locator("main").inner_text()).split()) if outcome.is_page else ""
        tried.wrong.append(f"answers {outcome.status} and leads to {outcome.led_to}: {said[:300]}")
    if outcome.is_page and not tried.wrong:
        tried.wrong += [f"leads to an error: {one}" for one in await page.locator(BOXES).all_inner_texts()]
        if outcome.status == OK:
            tried.further = [one.key for one in await forms_on(page, page.url) if not _is_composing(one.key)]
    tried.wrong += await seen.breaches()
    return tried


async def _mistaken(seen: Seen, filler: Filler, found: Found) -> Tried:
    """Make each mistake that the form has a place for; the console says what is wrong, and keeps what was typed."""
    page, tried, address = seen.page, Tried(), seen.page.url
    for mistake in MISTAKES:
        if tried.count or mistake != MISTAKES[0]:
            await page.goto(address)
            again = next((one for one in await forms_on(page, address) if one.key == found.key), None)
            if again is None:
                break  # the mistake before was none: it was taken
            found = again
        await filler.fill(found)
        made = await mistaken(page, found, mistake)
        if made is None:
            continue
        outcome = await filler.press(found)
        tried.count += 1
        tried.broken |= outcome.status >= BROKEN
        tried.wrong += [f"{mistake}: {one}" for one in await judged(page, found.key, outcome, made)]
    return tried


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def ways(browser: Browser) -> Sequence[Way]:
    """Return a way to every form of every world, the first that was found."""
    found: dict[object, Way] = {}
    for scene in (*CASE_SCENES, *SCENES):
        for way in await ways_of(browser, scene, frozenset(ELSEWHERE)):
            found.setdefault(way.key, way)
    return [one for one in found.values() if not _is_composing(one.key)]


def _is_composing(key: Key) -> bool:
    """Tell what sends a new event: ``test_forms.py`` fills and sends the form of every type."""
    return (key.act, key.form) == ("compose_send", "new")


def _few_buttons(ways: Sequence[Way], most: int) -> list[Way]:
    """Return every form, with so many of its buttons at the most."""
    kept, chosen = Counter[tuple[str, str]](), []
    for way in ways:
        form = way.key.act, way.key.form
        kept[form] += 1
        chosen += [way] if kept[form] <= most else []
    return chosen


def _spread(ways: Sequence[Way], count: int) -> list[Way]:
    """Return so many of them, evenly spread; all if there are not more."""
    step = max(1.0, len(ways) / count)
    return [ways[int(one * step)] for one in range(min(count, len(ways)))]


@pytest.mark.timeout(600)
async def test_a_form_cannot_be_sent(
    browser: Browser, ways: Sequence[Way], reduced: Callable[[int, int], int], figure: Callable[[str], None]
) -> None:
    """An officer fills it, presses the button, and is shown an error, a broken page, or nothing."""
    trial = Trial(browser, TYPED, _sent)
    await trial.all(_few_buttons(ways, reduced(1, 100)))
    figure(f"forms sent with script: {trial.count}")
    assert not trial.wrong, "\n".join(["", *trial.wrong])
    assert {act.name for act in ACTS} - {key.act for key in trial.done} == set(ELSEWHERE)
    tried = {(key.act, key.form) for key in trial.done}
    assert {("roster_change", kind) for kind in FORMS} <= tried
    assert {("write_case", name_of_type(one.wire_type)) for one in CASE_TYPES} - tried == {
        ("write_case", name) for name in COMPOSED
    }
    assert {("move_service", move.value) for move in ServiceMove} <= tried
    assert {("move_referral", move.value) for move in ReferralMove} <= tried


@pytest.mark.timeout(600)
async def test_a_form_needs_a_script(
    browser: Browser, ways: Sequence[Way], reduced: Callable[[int, int], int], figure: Callable[[str], None]
) -> None:
    """On an office computer whose browser runs none the same form does the same."""
    trial = Trial(browser, TYPED, _sent, script=False)
    await trial.all(_spread(ways, reduced(10, 1000)))
    figure(f"forms sent without script: {trial.count}")
    assert not trial.wrong, "\n".join(["", *trial.wrong])
    assert trial.count >= 8


@pytest.mark.timeout(600)
async def test_a_form_filled_in_wrongly_says_nothing_of_it(
    browser: Browser, ways: Sequence[Way], reduced: Callable[[int, int], int], figure: Callable[[str], None]
) -> None:
    """It breaks, answers in the words of the program, leads nowhere, or loses what somebody typed for half an hour."""
    trial = Trial(browser, TYPED, _mistaken, script=False)
    await trial.all(_spread(ways, reduced(10, 1000)))
    figure(f"mistakes made in forms: {trial.count}")
    assert not trial.wrong, "\n".join(["", *trial.wrong])
    assert trial.count >= 8


@pytest.mark.parametrize("act", ELSEWHERE)
async def test_an_act_is_pressed_nowhere(act: str) -> None:
    """What no form leads to is pressed by another test, as it says here; that test is there and presses it still."""
    file, pressed = ELSEWHERE[act]
    assert act in {one.name for one in ACTS}
    assert pressed in (HERE / file).read_text(encoding="utf-8")
