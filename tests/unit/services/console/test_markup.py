"""Every page that its address alone opens is sound: ids once, inputs labelled, headings in order, no inline script."""

import itertools
from html.parser import HTMLParser

import pytest

from schemas.officers import Role
from services.console.pages import PAGES
from tests import papers
from tests.console import visiting
from tests.night import Night
from tests.rosters import in_memory, room

ADDRESSES = sorted({one.path for one in PAGES if one.method == "GET" and "{" not in one.path})
_PIECES = "/desk/"
_FIELDS = frozenset({"input", "select", "textarea"})


class Markup(HTMLParser):
    """What a page is made of, as far as a reader that sees nothing depends on it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.labelled: set[str] = set()
        self.fields: list[str] = []
        self.headings: list[int] = []
        self.named: list[str] = []
        self.inline: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        self.ids += [found["id"]] if "id" in found else []
        if tag == "label":
            self.labelled.add(found.get("for", ""))
        if tag in _FIELDS and found.get("type") not in {"hidden", "submit"} and "aria-label" not in found:
            self.fields.append(found.get("id", ""))
        if tag in {"h1", "h2", "h3", "h4"}:
            self.headings.append(int(tag[1]))
        for name in ("aria-describedby", "aria-labelledby"):
            self.named += found.get(name, "").split()
        self.inline += [name for name in found if name.startswith("on") or name == "style"]
        self.inline += [tag] if tag == "style" or (tag == "script" and "src" not in found) else []


def judge(text: str, path: str) -> None:
    """Say what is wrong with a page."""
    markup = Markup(text)
    assert len(markup.ids) == len(set(markup.ids)), (
        path,
        sorted(one for one in markup.ids if markup.ids.count(one) > 1),
    )
    assert set(markup.fields) <= markup.labelled, (path, set(markup.fields) - markup.labelled)
    assert set(markup.named) <= set(markup.ids), (path, set(markup.named) - set(markup.ids))
    assert markup.headings.count(1) == 1, path
    main = markup.headings[markup.headings.index(1) :]
    assert all(later <= earlier + 1 for earlier, later in itertools.pairwise(main)), (path, main)
    assert markup.inline == [], path
    assert len(text.encode()) <= 100 * 1024, path


@pytest.mark.parametrize("role", [Role.LIAISON, Role.AUDITOR, Role.ADMINISTRATOR])
async def test_every_page_is_sound(role: Role) -> None:
    """A screen reader, a keyboard, and a policy without inline script: each depends on one of these."""
    night = Night()
    night.county.roster = room(in_memory())
    await night.alert(2)
    async with visiting(night.county, role) as browser:
        for path in ADDRESSES:
            shown = await browser.get(path)
            is_page = shown.headers.get("Content-Type", "").startswith("text/html") and not path.startswith(_PIECES)
            if shown.status != 200 or not is_page:
                assert shown.status in {200, 303, 400, 403, 404, 422}, path
                continue
            judge(shown.text, path)


@pytest.mark.parametrize(
    "path",
    [
        *(f"/roster/new/{kind}" for kind in ("override", "swap", "plan", "note", "mark")),
        f"/partners/{papers.LIBO}",
        f"/partners/agreements/{papers.AGREEMENT}",
    ],
)
async def test_forms_and_single_things_are_sound(path: str) -> None:
    """They hold the most fields."""
    night = Night()
    night.county.roster = room(in_memory())
    alert = await night.alert(2)
    async with visiting(night.county, Role.LIAISON) as browser:
        for one in (path, f"/events/{alert}/paper", f"/system/escalations/{alert}"):
            shown = await browser.get(one)
            assert shown.status == 200
            judge(shown.text, one)
